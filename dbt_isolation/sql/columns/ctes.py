"""WITH: names for queries."""

from typing import NamedTuple

from sqlglot import exp

from dbt_isolation.sql.columns.relations import Relation
from dbt_isolation.sql.columns.trace import Trace


class Cte:
    """A query with a name. ``relation`` is None until it is known; while a recursive one is being resolved it
    is what is known so far."""

    __slots__ = ("env", "node", "relation", "trace")

    def __init__(self, node: exp.CTE) -> None:
        self.node = node
        self.env: Env | None = None
        self.relation: Relation | None = None
        self.trace = Trace()


class Env(NamedTuple):
    """The CTEs that a query may read, the innermost first."""

    names: dict[str, Cte]
    outer: "Env | None"


def find(env: Env | None, key: str) -> Cte | None:
    """The CTE that a name means, if it means one."""
    while env is not None:
        found = env.names.get(key)
        if found is not None:
            return found
        env = env.outer
    return None
