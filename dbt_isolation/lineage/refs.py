"""Where the SQL of a node and dbt disagree about what it reads."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.artifacts.source import Source
from dbt_isolation.code.references import Reference, references
from dbt_isolation.sql.names import Use
from dbt_isolation.sql.unread import Unread, unread_ctes
from dbt_isolation.sql.unreadable import UnreadableError
from dbt_isolation.sql.uses import uses

_QUOTES = re.compile(r'["`\[\]]')
UNKNOWN, UNUSED = "unknown to dbt", "never used"
#: Sources that are files, in words of adapters; their SQL names no relation.
_ELSEWHERE = ("external_location", "plugin", "location")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """``kind``: ``unknown to dbt`` (the SQL reads it) or ``never used`` (dbt says that it is read)."""

    node: str
    kind: str
    other: str
    message: str
    remedy: str


def disagreements(
    manifest: Manifest, compiled: Mapping[str, str], dialect: str, nodes: Collection[str]
) -> Iterator[Disagreement]:
    """Those of ``nodes`` that are models or snapshots and compiled, in their order.

    ``compiled``: SQL by unique id. ``dialect``: a dbt adapter type. Relations that no node and no source is
    are not looked at, nor is SQL that cannot be read.
    """
    checked = _Checked(manifest, dialect)
    for name in nodes:
        node = manifest.nodes.get(name)
        if node is None or name not in compiled or node.resource_type not in ("model", "snapshot"):
            continue
        if not node.original_file_path.endswith(".py"):
            yield from checked.node(node, compiled[name])


class _Checked:
    def __init__(self, manifest: Manifest, dialect: str) -> None:
        self._manifest = manifest
        self._dialect = dialect

    @cached_property
    def _owners(self) -> Mapping[str, set[str]]:
        """By name in lower case, with the database and without: who has such a relation."""
        found: dict[str, set[str]] = {}
        nodes = [one for one in self._manifest.buildable() if _parent_of(one)]
        relations = {one.unique_id: one.relation for one in nodes if not one.ephemeral}
        relations |= {one.unique_id: one.relation for one in self._manifest.sources.values()}
        for unique_id, relation in relations.items():
            for name in (str(relation), f"{relation.schema}.{relation.identifier}"):
                found.setdefault(name.lower(), set()).add(unique_id)
        return found

    def node(self, node: Node, sql: str) -> Iterator[Disagreement]:
        """Both kinds of one node."""
        try:
            read = [one for one in uses(sql, self._dialect) if one.kind == "table" and one.action == "read"]
            unread = unread_ctes(sql, self._dialect)
        except UnreadableError:
            return
        owners = {use: self._owners.get(".".join(use.parts).lower(), set()) for use in read}
        yield from self._unknown(node, owners)
        yield from self._unused(node, sql, owners, unread)

    def _unknown(self, node: Node, owners: Mapping[Use, set[str]]) -> Iterator[Disagreement]:
        known = self._known(node)
        said = set()
        for use, several in owners.items():
            if len(several) != 1 or len(use.parts) < 2 or not known.isdisjoint(several):
                continue
            [other] = several
            if other not in said:
                said.add(other)
                yield Disagreement(
                    node.unique_id,
                    UNKNOWN,
                    other,
                    f"{node.name} reads {'.'.join(use.parts)}, and dbt does not know it depends on {other}",
                    f"write {{{{ {self._call(other)} }}}} in place of the name, so that dbt builds it before",
                )

    def _unused(
        self, node: Node, sql: str, owners: Mapping[Use, set[str]], unread: Collection[Unread]
    ) -> Iterator[Disagreement]:
        written: tuple[Reference, ...] | None = None
        plain = _QUOTES.sub("", sql).lower()
        for other in dict.fromkeys(node.depends_on.nodes):
            parent = self._parent(other)
            if parent is None:
                continue
            live, dead = _places(parent, owners, unread)
            if live or (not dead and _stands_in(parent, plain)):
                continue
            # Most nodes use all that they name: few templates are read.
            written = references(node.raw_code) if written is None else written
            calls = [one for one in written if _means(one, parent)]
            if not calls or not all(one.plain for one in calls):
                continue
            where = f" but in the CTE '{dead[0].name}', which nothing reads" if dead else ""
            call = self._call(other)
            yield Disagreement(
                node.unique_id,
                UNUSED,
                other,
                f"{node.name} depends on {other}, which its SQL does not use{where}",
                f"take the {call.partition('(')[0]} out, or, if the order matters, keep it as a comment: "
                f"-- depends_on: {{{{ {call} }}}}",
            )

    def _known(self, node: Node) -> set[str]:
        """What dbt knows the SQL of a node to read, itself and what its ephemeral parents read too."""
        found: set[str] = set()
        ahead = [node.unique_id]
        while ahead:
            name = ahead.pop()
            if name in found:
                continue
            found.add(name)
            parent = self._manifest.get(name)
            if parent is not None and (parent is node or parent.ephemeral):
                ahead += parent.depends_on.nodes
        return found

    def _parent(self, name: str) -> Node | Source | None:
        """What has a relation of its own that SQL can name."""
        source = self._manifest.sources.get(name)
        if source is not None:
            config = {**(source.meta or {}), **(source.config.meta or {}), **source.unrendered_config}
            return None if any(config.get(one) for one in _ELSEWHERE) else source
        node = self._manifest.nodes.get(name)
        return node if node is not None and _parent_of(node) else None

    def _call(self, name: str) -> str:
        source = self._manifest.sources.get(name)
        if source is not None:
            return f"source('{source.source_name}', '{source.name}')"
        node = self._manifest.get(name)
        version = f", version={node.version!r}" if node is not None and node.version is not None else ""
        return f"ref('{node.name if node is not None else name}'{version})"


def _parent_of(node: Node) -> bool:
    return node.resource_type in ("model", "seed", "snapshot")


def _places(
    parent: Node | Source, owners: Mapping[Use, set[str]], unread: Collection[Unread]
) -> tuple[bool, list[Unread]]:
    """Whether something reads the relation, and the CTEs in which it stands though nothing reads them."""
    if isinstance(parent, Node) and parent.ephemeral:
        return False, []
    dead: list[Unread] = []
    live = False
    identifier = parent.relation.identifier.lower()
    for use, several in owners.items():
        # A relation that nobody here has may be the parent's in another environment.
        if parent.unique_id in several or (not several and use.parts[-1].lower() == identifier):
            within = [one for one in unread if one.start <= use.start < one.end]
            dead += within[:1]
            live = live or not within
    return live, dead


def _stands_in(parent: Node | Source, plain: str) -> bool:
    """Whether the relation's name stands in SQL in lower case without quotes: in a string, in a comment."""
    if isinstance(parent, Node) and parent.ephemeral:
        return f"__dbt__cte__{parent.alias or parent.name}".lower() in plain
    return re.search(rf"\.{re.escape(parent.relation.identifier.lower())}(?!\w)", plain) is not None


def _means(reference: Reference, parent: Node | Source) -> bool:
    if isinstance(parent, Source):
        return reference.kind == "source" and reference.names == (parent.source_name, parent.name)
    return reference.kind == "ref" and reference.names[-1] == parent.name
