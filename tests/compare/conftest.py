"""What tests of comparisons begin with."""

from pathlib import Path

import pytest

from dbt_isolation.state.releases import Releases
from tests.state.artifacts import releases_in


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """An empty store."""
    return releases_in(tmp_path / "state")
