"""Every wrong manifest of the tables `wrong_*.py`."""

from tests.contract.wrong_identity import IDENTITY, SOURCES
from tests.contract.wrong_others import OTHERS
from tests.contract.wrong_process import AMOUNTS, ENVIRONMENT, MODES, PORTS_AND_PROBES
from tests.contract.wrong_reach import CRON, NETWORK, RULES, SURROUNDINGS, TRIGGERS
from tests.contract.wrong_twins import TWINS

WRONG = [
    *IDENTITY, *SOURCES, *MODES, *PORTS_AND_PROBES, *AMOUNTS, *ENVIRONMENT,
    *CRON, *TRIGGERS, *RULES, *NETWORK, *SURROUNDINGS, *OTHERS, *TWINS,
]  # fmt: skip
