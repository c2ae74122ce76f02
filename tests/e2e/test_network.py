"""Nothing in, nothing out, except what is declared: proved by real connections (promise 3)."""

from __future__ import annotations

from typing import Any

from tests.cluster import HarnessError
from tests.e2e.test_rollback import is_ready
from tests.e2e.world import Json, World, plugin, script

BASH_IMAGE = "localhost/greffon/runner-bash:dev"
POLICY = 120
"""Seconds until what a policy says is in force: kube-router writes the rules of the whole node anew for each change,
one writing after the other, which takes long beside tests that make and delete hundreds of plug-ins."""
SERVER = "import json, sys\nprint(json.dumps({'echo': json.load(sys.stdin).get('data')}))\n"


def client(permissions: Json | None = None) -> Json:
    """A plug-in that sleeps, so that a test can connect out of its pod."""
    # `sleep` alone is process 1, which ignores a friendly signal and takes half a minute to be killed.
    run = {"mode": "Service", "entrypoint": ["bash", "-c", "trap 'exit 0' TERM; sleep 86400 & wait"]}
    more: dict[str, Any] = {"permissions": permissions} if permissions else {}
    return plugin("client", type="Container", source={"image": {"ref": BASH_IMAGE}}, run=run, **more)


def server(permissions: Json | None = None) -> Json:
    """A plug-in that answers on two ports, of which tests open one."""
    ports = [{"name": "http", "port": 8080}]
    more: dict[str, Any] = {"permissions": permissions} if permissions else {}
    return script("server", SERVER, mode="Service", type_="Python", run={"ports": ports}, **more)


def reaches(world: World, url: str) -> bool:
    """A connection out of the client's pod; False when it is refused or goes nowhere."""
    return succeeds(world, f"curl --silent --output /dev/null --max-time 2 {url}")


def resolves(world: World, name: str) -> bool:
    return succeeds(world, f"timeout 3 getent hosts {name} > /dev/null")


def succeeds(world: World, command: str) -> bool:
    """A command in the client's pod. When its permissions change the pod is replaced: one that leaves is not asked,
    and one that left while it was asked is asked again in another."""
    for _ in range(5):
        pods = world.items("pods", "greffon.dev/plugin=client")
        pod = next((pod for pod in pods if is_ready(pod)), None)
        if pod is None:
            world.wait_ready("client", 60)
            continue
        try:
            name = pod["metadata"]["name"]
            answer = world.kubectl("exec", name, "--", "bash", "-c", f"{command} && echo yes || echo no")
        except HarnessError:
            continue
        return answer.strip() == "yes"
    raise AssertionError(f"no pod of the client stayed long enough for {command}")


def address(world: World) -> str:
    """The server pod's own address: no DNS and no Service in the way."""
    pods = world.items("pods", "greffon.dev/plugin=server")
    return str(next(pod["status"]["podIP"] for pod in pods if pod["status"].get("podIP")))


EGRESS = {"egress": [{"plugin": "server", "ports": [{"port": 8080}]}]}
INGRESS = {"ingress": [{"plugin": "client", "ports": [{"port": 8080}]}]}


def test_a_connection_needs_both_sides_and_closes_again_when_one_takes_it_back(world: World) -> None:
    world.apply(client(), server())
    world.wait_ready("server", 60)
    world.wait_ready("client", 60)
    url = f"http://{address(world)}:8080/healthz"

    world.eventually("default deny holds", lambda: not reaches(world, url), POLICY)

    world.apply(client(EGRESS))
    world.wait_ready("client", 60)
    world.eventually("egress alone: DNS works", lambda: resolves(world, "plg-server"), POLICY)
    assert not reaches(world, url), "egress alone opens nothing: the server lets nobody in"

    world.apply(server(INGRESS))
    world.eventually("both sides declared: it connects", lambda: reaches(world, url), POLICY)
    assert reaches(world, "http://plg-server:8080/healthz"), "by the name of its Service as well"

    world.apply(client())
    world.eventually("egress taken back: closed", lambda: not reaches(world, url), POLICY)


def test_only_the_declared_port_is_open(world: World) -> None:
    egress = {"egress": [{"plugin": "server", "ports": [{"port": 9090}]}]}
    world.apply(client(egress), server(INGRESS))
    world.wait_ready("server", 60)
    world.wait_ready("client", 60)
    world.eventually("DNS works, so the policy is in force", lambda: resolves(world, "plg-server"), POLICY)

    assert not reaches(world, f"http://{address(world)}:8080/healthz")


def test_a_third_plugin_is_not_let_in_by_a_declaration_for_another(world: World) -> None:
    other = server({"ingress": [{"plugin": "somebody-else", "ports": [{"port": 8080}]}]})
    world.apply(client(EGRESS), other)
    world.wait_ready("server", 60)
    world.wait_ready("client", 60)
    world.eventually("DNS works, so the policy is in force", lambda: resolves(world, "plg-server"), POLICY)

    assert not reaches(world, f"http://{address(world)}:8080/healthz")


def test_a_range_of_addresses_opens_exactly_that_range(world: World) -> None:
    world.apply(client(EGRESS), server(INGRESS))
    world.wait_ready("server", 60)
    world.wait_ready("client", 60)
    ip = address(world)
    url = f"http://{ip}:8080/healthz"

    world.apply(client({"egress": [{"cidr": f"{ip}/32", "ports": [{"port": 8080}]}]}))
    world.eventually("the pod's own address is declared", lambda: reaches(world, url), POLICY)

    world.apply(client({"egress": [{"cidr": "198.51.100.0/24", "ports": [{"port": 8080}]}]}))
    world.eventually("another range is declared", lambda: not reaches(world, url), POLICY)


def test_without_any_egress_there_is_no_dns_and_no_api_server(world: World) -> None:
    world.apply(client())
    world.wait_ready("client", 60)

    world.eventually("no DNS", lambda: not resolves(world, "kubernetes.default.svc"), POLICY)
    assert not reaches(world, "--insecure https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/version")
