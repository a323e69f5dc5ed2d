"""Tests that a change takes away, or lets less be found."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dbt_isolation.artifacts.manifest import Manifest, Node

#: What counts unless a test says otherwise.
_USUAL = {"error_if": "!= 0", "fail_calc": "count(*)"}


@dataclass(frozen=True, slots=True)
class TestChange:
    """A test of ``about`` (a unique id; empty for one of several nodes), and what it no longer finds."""

    __test__ = False

    test: str
    about: str
    column: str
    what: str

    @property
    def sentence(self) -> str:
        """For people."""
        return f"{self.test}{f' of {self.column}' if self.column else ''}: {self.what}"


def test_changes(before: Manifest, now: Manifest) -> Iterator[TestChange]:
    """Tests of nodes that are still there, which were removed or weakened."""
    old, new = _tests(before), _tests(now)
    # Its name says its arguments: one whose arguments changed is gone, and another has come.
    come: dict[tuple[str, str, str], list[Node]] = {}
    for name, node in new.items():
        if name not in old:
            come.setdefault(_key(node), []).append(node)
    for name, node in old.items():
        about = node.attached_node or ""
        if about and now.get(about) is None and about not in now.sources:
            continue
        if name in new:
            for what in _weaker(node, new[name]):
                yield TestChange(_name(node), about, _column(node), what)
        elif others := come.get(_key(node)):
            other = others.pop(0)
            if said := _arguments(node, other):
                yield TestChange(_name(node), about, _column(node), said)
            for what in _weaker(node, other):
                yield TestChange(_name(node), about, _column(node), what)
        else:
            yield TestChange(_name(node), about, _column(node), "removed")
    for name, one in before.unit_tests.items():
        about = next(iter(one.depends_on.nodes), "")
        if name not in now.unit_tests and now.get(about) is not None:
            yield TestChange(name.rsplit(".", 1)[-1], about, "", "removed")


# pytest would take it for one of its own.
test_changes.__test__ = False  # type: ignore[attr-defined]


def _tests(manifest: Manifest) -> dict[str, Node]:
    return {name: node for name, node in manifest.nodes.items() if node.resource_type == "test"}


def _key(node: Node) -> tuple[str, str, str]:
    return node.attached_node or "", _name(node), _column(node)


def _name(node: Node) -> str:
    return node.test_metadata.name if node.test_metadata is not None else node.name


def _column(node: Node) -> str:
    return node.column_name or (node.test_metadata.column if node.test_metadata is not None else "")


def _weaker(before: Node, now: Node) -> Iterator[str]:
    severities = [str(one.config.severity or "error").lower() for one in (before, now)]
    if severities == ["error", "warn"]:
        yield "only warns now"
    for key in ("where", "limit", "error_if", "fail_calc"):
        old, new = getattr(before.config, key), getattr(now.config, key)
        if (old or _USUAL.get(key)) == (new or _USUAL.get(key)):
            continue
        yield f"{key}: {_shown(old)} → {_shown(new)}"


def _arguments(before: Node, now: Node) -> str:
    old, new = (_given(node) for node in (before, now))
    return "; ".join(
        f"{key}: {_shown(old.get(key))} → {_shown(new.get(key))}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key) and not _fewer(key, old.get(key), new.get(key))
    )


def _fewer(key: str, before: object, now: object) -> bool:
    """Whether fewer values are accepted than before."""
    if key != "values" or not isinstance(before, list) or not isinstance(now, list):
        return False
    return all(one in before for one in now)


def _given(node: Node) -> Mapping[str, object]:
    return node.test_metadata.kwargs if node.test_metadata is not None else {}


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
