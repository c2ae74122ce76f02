"""How the benchmark groups requests and prints its result."""

from tests.bench.report import Calls, Half, Result, count_writes, operator_calls, text
from tests.bench.usage import Usage
from tests.cluster.audit import Call, Request

ME = "operator"


def request(verb: str, resource: str = "deployments", sub: str = "", user: str = ME, code: int = 200) -> Request:
    return Request(Call(user, verb, resource, sub, "plugins"), "bench-1", code, dry_run=False)


FINISHED = [
    request("patch"),
    request("patch"),
    request("patch", "plugins", "status"),
    request("patch", "plugins", "status", code=409),
    request("list"),
    request("get", resource=""),
    request("create", user="someone else"),
]


def test_requests_of_the_operator_are_grouped_by_verb_and_resource() -> None:
    calls = operator_calls(FINISHED, ME)

    assert calls == Calls(
        done={"patch deployments": 2, "patch plugins/status": 1, "list deployments": 1, "get (no resource)": 1},
        refused={"patch plugins/status": 1},
        writes=3,
    )


def test_writes_of_everybody_leave_out_reads_and_refusals() -> None:
    assert count_writes(FINISHED) == 4


def half(count: int, seconds: float) -> Half:
    return Half(
        count,
        seconds,
        writes=count * 13,
        processes={"etcd": Usage(2.0, 50.0, 60.0), "load generator": Usage(count, 9.0, 9.0)},
    )


def test_the_baseline_alone_is_printed_without_a_comparison() -> None:
    shown = text(Result("machine", "settings", half(100, 5.0)))

    assert "100 plain Deployments, all Available\n  time                        5.0 s   20.0/s" in shown
    assert "  etcd                       2.00    20.00       50     60" in shown
    assert "Plugin" not in shown


def test_the_comparison_is_by_object_so_that_halves_may_differ_in_size() -> None:
    calls = Calls({"patch deployments": 50}, {"patch plugins/status": 5}, writes=50)
    shown = text(Result("machine", "settings", half(100, 5.0), half(50, 5.0), calls, 30.0, 0))

    assert "time per Plugin / time per Deployment   2.00" in shown
    assert "CPU per Plugin / CPU per Deployment     2.00" in shown
    assert "operator writes per Plugin              1.000" in shown
    assert "operator writes in 30 idle seconds       0" in shown
    assert "patch deployments                             50    1.000" in shown
    assert "patch plugins/status (refused)                 5    0.100" in shown
