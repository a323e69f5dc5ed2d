"""What most tests of the store begin with; a file that needs more has its own."""

from pathlib import Path

import pytest

from dbt_isolation.state.releases import Releases
from tests.state.artifacts import Shop, releases_in


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """An empty store."""
    return releases_in(tmp_path / "state")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """An empty project."""
    return Shop(tmp_path / "shop")
