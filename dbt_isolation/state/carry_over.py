"""A release's manifest after a run of a part: what was not built stands as the release before had it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from dbt_isolation.artifacts.consumers import DependsOn
from dbt_isolation.artifacts.manifest import BUILDABLE

_LEAVES = ("exposures", "metrics", "semantic_models", "saved_queries", "unit_tests")


class _Config(msgspec.Struct, frozen=True):
    materialized: str | None = None


class _Entry(msgspec.Struct, frozen=True):
    resource_type: str = ""
    original_file_path: str = ""
    config: _Config = _Config()
    depends_on: DependsOn = DependsOn()


_Raw = dict[str, msgspec.Raw]


class _Content:
    """A manifest whose entries are left as they are written."""

    def __init__(self, content: bytes) -> None:
        self.sections: _Raw = msgspec.json.decode(content, type=_Raw)
        self.entries: dict[str, _Raw] = {}

    def raw(self, section: str) -> _Raw:
        if section not in self.entries:
            found = self.sections.get(section)
            self.entries[section] = msgspec.json.decode(found, type=_Raw) if found else {}
        return self.entries[section]

    def typed(self, section: str) -> Mapping[str, _Entry]:
        found = self.sections.get(section)
        return msgspec.json.decode(found, type=dict[str, _Entry]) if found else {}


def carry_over(content: bytes, before: bytes, built: Collection[str], settled: Collection[str]) -> bytes:
    """The manifest of a release.

    ``content``: the run's manifest. ``before``: that of the release before. ``built``: unique ids that the
    run built. ``settled``: those and the ones whose fingerprint is as released. A test, an exposure or a
    source follows the nodes that it is about; a macro that a node carried over uses stays as it was then.
    """
    return _Merge(_Content(content), _Content(before), built, settled).result()


class _Merge:
    def __init__(
        self, new: _Content, old: _Content, built: Collection[str], settled: Collection[str]
    ) -> None:
        self._new, self._old = new, old
        self._built, self._settled = built, settled
        self._nodes = {**new.typed("nodes"), **new.typed("functions")}
        self._relations = {
            unique_id
            for unique_id, entry in self._nodes.items()
            if entry.resource_type in BUILDABLE
            and entry.config.materialized != "ephemeral"
            and entry.original_file_path
        }
        self._readers: dict[str, set[str]] = {}
        for one in self._relations:
            for read in self._inputs(one):
                self._readers.setdefault(read, set()).add(one)

    def result(self) -> bytes:
        nodes = self._merged("nodes", self._takes_node)
        functions = self._merged("functions", self._takes_node)
        sections: dict[str, Any] = {
            **self._new.sections,
            "nodes": nodes,
            "functions": functions,
            "sources": self._merged("sources", self._takes_source),
            "macros": self._macros([*nodes, *functions]),
        }
        for section in _LEAVES:
            entries = self._new.typed(section)
            sections[section] = self._merged(
                section, lambda unique_id, known=entries: self._about_settled(known[unique_id])
            )
        kept = {
            unique_id
            for section in (*_LEAVES, "nodes", "functions", "sources")
            for unique_id in sections[section]
        }
        sections["parent_map"] = self._parents(kept)
        sections["child_map"] = _children(sections["parent_map"])
        if "functions" not in self._new.sections:
            del sections["functions"]
        return msgspec.json.encode(sections)

    def _merged(self, section: str, takes: Any) -> _Raw:
        old = self._old.raw(section)
        merged = {}
        for unique_id, raw in self._new.raw(section).items():
            if takes(unique_id):
                merged[unique_id] = raw
            elif unique_id in old:
                merged[unique_id] = old[unique_id]
        return merged

    def _takes_node(self, unique_id: str) -> bool:
        if unique_id in self._relations:
            return unique_id in self._built
        entry = self._nodes[unique_id]
        if entry.config.materialized == "ephemeral":
            return not self._readers.get(unique_id, set()).isdisjoint(self._built)
        return self._about_settled(entry)

    def _takes_source(self, unique_id: str) -> bool:
        return all(one in self._settled for one in self._readers.get(unique_id, ()))

    def _about_settled(self, entry: _Entry) -> bool:
        return all(one in self._settled for one in entry.depends_on.nodes if one in self._relations)

    def _inputs(self, unique_id: str) -> set[str]:
        """What a relation reads: its own parents, and those of the ephemeral models among them."""
        found: set[str] = set()
        ahead = [unique_id]
        while ahead:
            for parent in self._nodes[ahead.pop()].depends_on.nodes:
                if parent not in found:
                    found.add(parent)
                    if parent in self._nodes and parent not in self._relations:
                        ahead.append(parent)
        return found

    def _macros(self, kept: Iterable[str]) -> _Raw:
        old = {**self._old.typed("nodes"), **self._old.typed("functions")}
        old_macros = self._old.typed("macros")
        seen: set[str] = set()
        ahead = [
            macro
            for one in kept
            if one in old and one in self._relations and one not in self._settled
            for macro in old[one].depends_on.macros
        ]
        while ahead:
            one = ahead.pop()
            if one not in seen and one in old_macros:
                seen.add(one)
                ahead += old_macros[one].depends_on.macros
        raw = self._old.raw("macros")
        return {**self._new.raw("macros"), **{one: raw[one] for one in sorted(seen)}}

    def _parents(self, kept: set[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for content in (self._old, self._new):
            section = content.sections.get("parent_map")
            parents = msgspec.json.decode(section, type=dict[str, list[str]]) if section else {}
            found.update({one: parents[one] for one in parents if one in kept})
        return found


def _children(parents: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {one: [] for one in parents}
    for child, ones in parents.items():
        for one in ones:
            children.setdefault(one, []).append(child)
    return children
