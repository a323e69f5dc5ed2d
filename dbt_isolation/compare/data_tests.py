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


def test_changes(before: Manifest, now: Manifest, called: Mapping[str, str]) -> Iterator[TestChange]:
    """Tests of nodes that are still there, which were removed or weakened.

    ``called``: what nodes that were renamed are called now.
    """
    old, new = _tests(before), _tests(now)
    # Its name says its arguments: one whose arguments changed is gone, and another has come.
    come: dict[tuple[str, str, str], list[Node]] = {}
    for name, node in new.items():
        if name not in old:
            come.setdefault(_key(node), []).append(node)
    for name, node in old.items():
        parents = [called.get(one, one) for one in node.depends_on.nodes]
        about = called.get(node.attached_node or "", node.attached_node or "")
        about = about or (parents[0] if len(parents) == 1 else "")
        read = [about] if about else parents
        if read and not any(now.get(one) is not None or one in now.sources for one in read):
            continue
        if name in new:
            for what in _weaker(node, new[name]):
                yield TestChange(_name(node), about, _column(node), what)
        elif others := come.get((about if node.attached_node else "", _name(node), _column(node))):
            other = others.pop(0)
            if said := _arguments(node, other):
                yield TestChange(_name(node), about, _column(node), said)
            for what in _weaker(node, other):
                yield TestChange(_name(node), about, _column(node), what)
        else:
            yield TestChange(_name(node), about, _column(node), "removed")
    for name, one in before.unit_tests.items():
        about = next(iter(one.depends_on.nodes), "")
        about = called.get(about, about)
        last = name.rsplit(".", 1)[-1]
        there = name in now.unit_tests or any(
            other.rsplit(".", 1)[-1] == last and about in found.depends_on.nodes
            for other, found in now.unit_tests.items()
        )
        if not there and now.get(about) is not None:
            yield TestChange(last, about, "", "removed")


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
        # Without a condition it looks at all rows, and without a limit it counts all failures.
        if not (key in ("where", "limit") and new is None):
            yield f"{key}: {_shown(old)} → {_shown(new)}"


def _arguments(before: Node, now: Node) -> str:
    old, new = (_given(node) for node in (before, now))
    return "; ".join(
        f"{key}: {_shown(old.get(key))} → {_shown(new.get(key))}"
        for key in sorted({*old, *new})
        if key != "model" and old.get(key) != new.get(key) and not _fewer(key, old.get(key), new.get(key))
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
