"""netavark's chains are removed with their jumps, and only while nobody else's network uses them."""

import pytest

from tests.cluster import firewall

OURS = """\
*filter
:FORWARD ACCEPT [0:0]
:NETAVARK_FORWARD - [0:0]
-A FORWARD -m comment --comment "netavark firewall plugin rules" -j NETAVARK_FORWARD
-A NETAVARK_FORWARD -s 198.18.200.0/24 -j ACCEPT
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
:NETAVARK-62F930FC96F2B - [0:0]
:NETAVARK-HOSTPORT-MASQ - [0:0]
-A POSTROUTING -j NETAVARK-HOSTPORT-MASQ
-A POSTROUTING -s 198.18.200.0/24 -j NETAVARK-62F930FC96F2B
-A NETAVARK-62F930FC96F2B ! -d 224.0.0.0/4 -j MASQUERADE
-A NETAVARK-HOSTPORT-MASQ -d 127.0.0.1/32 -j MASQUERADE
COMMIT
"""


def test_each_table_lists_its_chains_and_the_jumps_to_them() -> None:
    filtering, translation = firewall.parse("iptables", OURS)
    assert (filtering.name, filtering.chains) == ("filter", ("NETAVARK_FORWARD",))
    comment = ("-m", "comment", "--comment", "netavark firewall plugin rules")
    assert filtering.jumps == (("FORWARD", *comment, "-j", "NETAVARK_FORWARD"),)
    assert translation.chains == ("NETAVARK-62F930FC96F2B", "NETAVARK-HOSTPORT-MASQ")
    assert [jump[0] for jump in translation.jumps] == ["POSTROUTING", "POSTROUTING"]


@pytest.mark.parametrize(
    ("saved", "foreign"),
    [
        pytest.param(OURS, False, id="only our network"),
        pytest.param("*nat\n:NETAVARK-HOSTPORT-MASQ - [0:0]\n", False, id="chains without rules"),
        pytest.param(OURS + "-A NETAVARK_FORWARD -d 172.16.1.0/24 -j ACCEPT\n", True, id="another network"),
        pytest.param(OURS + "-A DOCKER -d 172.16.1.0/24 -j ACCEPT\n", False, id="another program's chain"),
        pytest.param("-A NETAVARK-6 ! -d ff00::/8 -j MASQUERADE\n", False, id="multicast of version 6"),
        pytest.param("-A NETAVARK-6 -s fd12::/64 -j ACCEPT\n", True, id="another network of version 6"),
    ],
)
def test_chains_are_left_alone_when_a_rule_is_somebody_elses(saved: str, foreign: bool) -> None:
    assert firewall.in_foreign_use(saved) is foreign
