"""What the runner's tests share."""

from pathlib import Path

import pytest

from tests.unit.runners.harness import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty plug-in."""
    return Workspace(tmp_path)
