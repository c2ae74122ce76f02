"""The benchmark runs from end to end on a handful of objects; how fast is not asked."""

from pathlib import Path

import pytest

from tests.bench import report
from tests.bench.halves import Plan, run
from tests.cluster.controlplane import control_plane

pytestmark = [pytest.mark.controlplane, pytest.mark.bench]


async def test_a_small_run_measures_both_halves(tmp_path: Path) -> None:
    plan = Plan(count=5, with_plugins=True, idle_seconds=2, timeout=120, settings="a test")
    with control_plane(tmp_path, kwok_nodes=2) as plane:
        result = await run(plane, plan)

    print(report.text(result))
    assert result.plugins is not None
    assert (result.deployments.count, result.plugins.count) == (5, 5)
    assert result.calls.done["patch deployments"] == 5
    assert result.calls.refused == {}
    assert "operator" in result.plugins.processes
