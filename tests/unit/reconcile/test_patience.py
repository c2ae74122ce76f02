"""How long a pod still has: its own deadline, from the moment at which the platform has done its part."""

from typing import Any

import pytest

from greffon.reconcile.patience import next_look, seconds_left
from tests.unit.reconcile.situations import NOW, ago, effective_of, plugin, pod
from tests.unit.resources.samples import SERVICE

E = effective_of(plugin(SERVICE | {"rollout": {"progressDeadlineSeconds": 30}}))
TIMES: dict[str, tuple[dict[str, Any], float]] = {
    "its process has just begun": ({"since": ago(0)}, 30),
    "its process began a while ago": ({"since": ago(12)}, 18),
    "its time is over": ({"since": ago(30)}, 0),
    "long over": ({"since": ago(9000)}, 0),
    "the node's clock is ahead": ({"since": ago(-5)}, 30),
    "no node has taken it": ({"since": "", "phase": "Pending", "unschedulable": "0/3"}, 30),
    "the node prepares it": ({"since": ago(10), "waiting": "ContainerCreating"}, 20),
    "the node has prepared it for too long": ({"since": ago(40), "waiting": "ContainerCreating"}, 0),
    "its image cannot be pulled": ({"since": ago(1), "waiting": "ImagePullBackOff"}, 0),
    "its process has ended once": ({"since": "", "ended": "Error"}, 0),
}


@pytest.mark.parametrize(("facts", "left"), TIMES.values(), ids=TIMES)
def test_seconds_left(facts: dict[str, Any], left: float) -> None:
    assert seconds_left(pod(ready=False, **facts), E, NOW) == left


def test_the_next_look_is_when_the_first_one_has_no_time_left() -> None:
    pods = [pod(since=ago(seconds)) for seconds in (5, 20, 60)]
    assert next_look(pods, E, NOW) == 10


def test_there_is_no_next_look_for_what_no_node_has_taken_or_had_its_time() -> None:
    assert next_look([pod(since=""), pod(since=ago(60))], E, NOW) is None
