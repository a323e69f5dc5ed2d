"""Whatever is pushed in whatever order: what holds of every release and of every store."""

import json
import os
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.state.push import Kind, push
from dbt_isolation.state.ran import Ran
from dbt_isolation.state.releases import Releases
from tests.state.artifacts import Shop, current, files, releases_in

#: Each model with the ones that it reads, so that an edit changes the fingerprints below it as well.
_PARENTS = {"a": (), "b": ("a",), "c": ("b",), "d": ("a",)}


@dataclass(frozen=True)
class _Step:
    """What happens between two pushes, and what the next one's run then builds."""

    edited: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    built: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    again: bool = False


_SOME = st.frozensets(st.sampled_from(sorted(_PARENTS)))
_FEW = st.frozensets(st.sampled_from(sorted(_PARENTS)), max_size=1)
_STEPS = st.lists(
    st.builds(_Step, edited=_FEW, removed=_FEW, built=_SOME, failed=_FEW, again=st.booleans()),
    min_size=1,
    max_size=6,
)


@given(_STEPS)
def test_any_sequence_of_pushes(tmp_path_factory: pytest.TempPathFactory, steps: list[_Step]) -> None:
    """Numbers grow; every node is what the last run built that built it; nothing is ever rewritten."""
    folder = tmp_path_factory.mktemp("pushes")
    shop, releases = Shop(folder / "shop"), releases_in(folder / "state")
    versions = dict.fromkeys(_PARENTS, 0)
    expected: dict[str, str] = {}
    known: dict[str, bytes] = {}
    numbers = [0]
    with pytest.MonkeyPatch.context() as patch:
        # What survives a power cut is not looked at here, and takes most of the time.
        patch.setattr(os, "fsync", lambda _: None)
        for step in steps:
            ran = _run(shop, versions, step)
            pushed = push(releases, ran)
            if pushed.kind is Kind.RELEASE:
                built = {one: str(ran.fingerprints[one]) for one in ran.built()}
                carried = {one: seen for one, seen in expected.items() if ran.manifest.get(one)}
                expected = {**carried, **built}
                assert pushed.number > numbers[-1]
                numbers.append(pushed.number)
            _check(releases, ran, expected, numbers)
            written = files(folder / "state")
            written.pop("shop/prod/current", None)
            assert known.items() <= written.items()
            known = written
            if step.again and ran.built():
                assert push(releases, ran).kind is Kind.KNOWN
                assert files(folder / "state").keys() - {"shop/prod/current"} == known.keys()


def _run(shop: Shop, versions: dict[str, int], step: _Step) -> Ran:
    for name, parents in _PARENTS.items():
        versions[name] += name in step.edited
        shop.model(
            name,
            f"select {versions[name]}",
            *(f"model.shop.{one}" for one in parents if one not in step.removed),
        )
    for name in step.removed:
        shop.remove(f"model.shop.{name}")
    present = step.built - step.removed
    failed = [f"model.shop.{one}" for one in sorted(step.failed - step.removed)]
    built = [f"model.shop.{one}" for one in sorted(present - step.failed)]
    return shop.ran(*built, failed=failed or (["nothing"] if not built else []))


def _check(releases: Releases, ran: Ran, expected: dict[str, str], numbers: list[int]) -> None:
    if not expected:
        assert releases.current() is None
        return
    release = current(releases)
    assert release.number == numbers[-1]
    # A run that changed nothing made no release, so a node that it no longer has is still there.
    assert {one: node.fingerprint for one, node in release.nodes.items()} == expected
    switches = releases.switches()
    assert [one.release for one in switches] == numbers[1:]
    assert [one.number for one in switches] == list(range(1, len(numbers)))
    for before, switch in zip(numbers, switches, strict=False):
        found = releases.read(switch.release, switch.digest)
        assert found.previous == before
        assert found.built
        assert set(found.built) <= set(found.nodes)
        assert json.loads(releases.manifest(found))["nodes"].keys() == found.nodes.keys()
        assert all(node.release <= found.number for node in found.nodes.values())
