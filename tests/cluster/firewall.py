"""Chains that netavark (Podman's network program) leaves in the packet filter.

Called by `leftovers`. `kind delete` removes the rules but not these chains. They are shared by all Podman
networks of a machine, so they are ours to remove only while no rule in them is about somebody else's.
"""

import ipaddress
import itertools
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from tests.cluster.network import NODE_NETWORK
from tests.cluster.process import run

_PREFIX = "NETAVARK"
_COMMON = (ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv4Network("224.0.0.0/4"))


@dataclass(frozen=True)
class Table:
    """netavark's part of one table: its chains, and the rules that other chains jump to them by."""

    program: str
    name: str
    chains: tuple[str, ...]
    jumps: tuple[tuple[str, ...], ...]


def stale_chains() -> list[Table]:
    """netavark's chains, unless another Podman network uses them."""
    programs = [program for program in ("iptables", "ip6tables") if shutil.which(program)]
    saved = {program: run([f"{program}-save"]) for program in programs}
    if any(in_foreign_use(text) for text in saved.values()):
        return []
    return [table for program in programs for table in parse(program, saved[program]) if table.chains]


def remove(table: Table) -> None:
    """Take out the jumps, then empty the chains, then delete them."""
    command = [table.program, "-t", table.name]
    for jump in table.jumps:
        run([*command, "-D", *jump])
    for verb in ("-F", "-X"):
        for chain in table.chains:
            run([*command, verb, chain])


def parse(program: str, saved: str) -> Iterator[Table]:
    """Read the output of `iptables-save`, table by table."""
    for text in saved.split("*")[1:]:
        name, _, body = text.partition("\n")
        lines = body.splitlines()
        chains = tuple(line[1:].split()[0] for line in lines if line.startswith(f":{_PREFIX}"))
        rules = (tuple(shlex.split(line)[1:]) for line in lines if line.startswith("-A "))
        jumps = (rule for rule in rules if not rule[0].startswith(_PREFIX) and rule[-1] in chains)
        yield Table(program, name.strip(), chains, tuple(jumps))


def in_foreign_use(saved: str) -> bool:
    """Whether a rule in netavark's chains names an address that is not of our network."""
    for line in saved.splitlines():
        words = shlex.split(line) if line.startswith(f"-A {_PREFIX}") else []
        for option, value in itertools.pairwise(words):
            if option in ("-s", "-d") and _is_foreign(value):
                return True
    return False


def _is_foreign(address: str) -> bool:
    network = ipaddress.ip_network(address, strict=False)
    if isinstance(network, ipaddress.IPv6Network):
        return not (network.is_multicast or network.is_loopback)
    return not any(network.subnet_of(known) for known in (NODE_NETWORK, *_COMMON))
