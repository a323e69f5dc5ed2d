"""The SQL that dbt would compile of a node, rendered from its template with what is known."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from jinja2 import TemplateError

from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.rendering.ctes import with_ctes
from dbt_isolation.rendering.doubts import Doubts
from dbt_isolation.rendering.facts import Facts
from dbt_isolation.rendering.macros import Calls, Library, ReturnedError
from dbt_isolation.rendering.names import Names
from dbt_isolation.rendering.relations import Relations
from dbt_isolation.rendering.sandbox import Sandbox
from dbt_isolation.sql.unreadable import UnreadableError

#: Nobody writes a longer one by hand, in characters.
_LONGEST = 2_000_000
#: What Python shows of an object that has no better text.
_ADDRESS = re.compile(r"<[^<>]+ at 0x[0-9a-fA-F]+>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Likely:
    """``sql``: empty where none could be made. ``uncertain``: why it may be another; then it has words in it
    for what is not known, and one branch where it is not known which is taken.
    """

    sql: str
    uncertain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rendered:
    sql: str
    ephemeral: tuple[str, ...]
    uncertain: tuple[str, ...]


class LikelySql:
    """That of each node of a manifest."""

    def __init__(self, manifest: Manifest, facts: Facts) -> None:
        self._manifest = manifest
        self._facts = facts
        self._sandbox = Sandbox()
        self._library = Library(manifest, self._sandbox, facts.dialect, facts.orders)
        self._rendered: dict[str, _Rendered] = {}

    def of(self, node: Node) -> Likely:
        """A model's, a snapshot's or another's whose template is a query; never raises."""
        if node.original_file_path.endswith(".py"):
            return Likely("", ("a Python model",))
        own = self._render(node)
        uncertain = dict.fromkeys(own.uncertain)
        ctes: dict[str, str] = {}
        self._collect(own, ctes, uncertain, (node.unique_id,))
        return Likely(with_ctes(own.sql, ctes, self._facts.dialect), tuple(uncertain))

    def _collect(
        self, of: _Rendered, ctes: dict[str, str], uncertain: dict[str, None], within: tuple[str, ...]
    ) -> None:
        """Adds the ephemeral models that a text reads, each behind those that it reads itself."""
        for unique_id in of.ephemeral:
            node = self._manifest.get(unique_id)
            if node is None or unique_id in within:
                continue
            one = self._render(node)
            uncertain.update(dict.fromkeys(f"{reason}, in {node.name}" for reason in one.uncertain))
            self._collect(one, ctes, uncertain, (*within, unique_id))
            ctes.setdefault(f"__dbt__cte__{node.alias or node.name}", one.sql)

    def _render(self, node: Node) -> _Rendered:
        if node.unique_id not in self._rendered:
            self._rendered[node.unique_id] = self._fresh(node)
        return self._rendered[node.unique_id]

    def _fresh(self, node: Node) -> _Rendered:
        if len(node.raw_code) > _LONGEST:
            return _Rendered("", (), (f"longer than {_LONGEST:,} characters",))
        doubts = Doubts()
        relations = Relations(self._manifest, node, doubts, self._facts.dialect)
        calls = Calls(self._library, doubts, node.package_name)
        names = Names(node, self._facts, self._sandbox, doubts, calls, relations)
        self._sandbox.doubts = doubts
        self._sandbox.budget.renew()
        sql, failed = _tried(lambda: self._sandbox.render(node.raw_code, names))
        if _ADDRESS.search(sql):
            doubts.add("it writes an object of Python's")
        return _Rendered(sql, tuple(relations.ephemeral), (*doubts.reasons, *failed))


def likely_sql(manifest: Manifest, node: Node, facts: Facts) -> Likely:
    """The likely SQL of one node; ``LikelySql`` is faster for more of them."""
    return LikelySql(manifest, facts).of(node)


def _tried(render: Callable[[], str]) -> tuple[str, tuple[str, ...]]:
    try:
        return render(), ()
    except UnreadableError as error:
        return "", (error.message,)
    except ReturnedError:
        return "", ("it returns a value outside of a macro",)
    except RecursionError:
        return "", ("nested too deeply",)
    except TemplateError as error:
        return "", (f"Jinja: {error.message}",)
    except Exception as error:
        # A template may do whatever Python does, and dbt would stop at it too.
        return "", (f"it ends in an error: {error!r}",)
