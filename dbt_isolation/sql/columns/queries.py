"""A query's columns: SELECT, set operations, WITH."""

from sqlglot import exp

from dbt_isolation.sql.columns.clauses import all_columns, distinct_rows, group_by, order_by, order_of
from dbt_isolation.sql.columns.ctes import Cte, Env
from dbt_isolation.sql.columns.expressions import shape
from dbt_isolation.sql.columns.inputs import both
from dbt_isolation.sql.columns.pivots import pivot_statement
from dbt_isolation.sql.columns.projections import project
from dbt_isolation.sql.columns.relations import Column, Relation, Unknown
from dbt_isolation.sql.columns.scope import Scope
from dbt_isolation.sql.columns.sources import add_sources, alias_names, values
from dbt_isolation.sql.columns.walk import Place, Walk


def query(walk: Walk, node: exp.Expr, parent: Scope | None, env: Env | None, strict: bool = True) -> Relation:
    """The columns of a query that stands in ``parent``; what it does to rows is added to the walk's trace."""
    env = _with(walk, node, parent, env)
    if isinstance(node, exp.Select):
        return _select(walk, node, Scope(walk.spelling, parent, strict), env)
    if isinstance(node, exp.SetOperation):
        made = _set_operation(walk, node, parent, env, strict)
        order_of(walk, node, made, env)
        return made
    if isinstance(node, exp.Subquery):
        made = query(walk, node.this, parent, env, strict)
        order_of(walk, node, made, env)
        return made
    if isinstance(node, exp.Values):
        return values(walk, node, Place(Scope(walk.spelling, parent, strict), env))
    scope = Scope(walk.spelling, parent, strict)
    if isinstance(node, exp.Pivot):
        return pivot_statement(walk, node, scope, env)
    if isinstance(node, exp.Table):
        add_sources(walk, scope, env, node)
        return _starred(scope.star)
    walk.trace.problem(node.key, "it is no query")
    return Relation(())


def _starred(star: list[Column | Unknown]) -> Relation:
    columns = [item for item in star if isinstance(item, Column)]
    return Relation(columns, open=tuple(item for item in star if isinstance(item, Unknown)))


def _with(walk: Walk, node: exp.Expr, parent: Scope | None, env: Env | None) -> Env | None:
    """The CTEs that a query may read. Each is resolved once, in order, and counts when it is read."""
    clause = node.args.get("with_")
    if clause is None:
        return env
    recursive = bool(clause.args.get("recursive"))
    key = walk.spelling.key
    if recursive:
        ctes = {key(node.args["alias"].this): Cte(node) for node in clause.expressions if node.alias}
        inner = Env(ctes, env)
        for cte in ctes.values():
            cte.env = inner
        for cte in ctes.values():
            if cte.relation is None:
                resolve(walk, cte, parent)
        return inner
    for node in clause.expressions:
        alias = node.args.get("alias")
        if alias is None or not isinstance(node, exp.CTE):
            continue
        cte = Cte(node)
        name = key(alias.this)
        itself = walk.spelling.recursive and isinstance(node.this, exp.SetOperation)
        cte.env = Env({name: cte}, env) if itself else env
        resolve(walk, cte, parent)
        env = Env({name: cte}, env)
    return env


def resolve(walk: Walk, cte: Cte, parent: Scope | None) -> None:
    """Find a CTE's columns: for one that reads itself, again until nothing is added."""
    before, walk.trace = walk.trace, cte.trace
    try:
        body, names = cte.node.this, alias_names(walk, cte.node.args.get("alias"))
        if isinstance(body, exp.SetOperation) and _reads_itself(walk, cte, body):
            first = body
            while isinstance(first, exp.SetOperation):
                first = first.this
            cte.relation = query(walk, first, parent, _with(walk, body, parent, cte.env), False).renamed(
                names
            )
            for _ in range(len(cte.relation.columns) + 1):
                known = cte.relation
                cte.relation = query(walk, body, parent, cte.env, False).renamed(names)
                if [c.value for c in known.columns] == [c.value for c in cte.relation.columns]:
                    break
        elif isinstance(body, exp.Query | exp.Values | exp.Table | exp.Pivot):
            # One that reads itself without a set operation has no rows of its own to begin with.
            cte.relation = Relation(()) if cte.env and cte in cte.env.names.values() else None
            cte.relation = query(walk, body, parent, cte.env, False).renamed(names)
        else:
            # ClickHouse's WITH expression AS name, or a statement that changes data.
            walk.trace.problem(cte.node.alias, "this WITH is no query")
            cte.relation = Relation(())
    finally:
        walk.trace = before


def _reads_itself(walk: Walk, cte: Cte, body: exp.Expr) -> bool:
    if cte.env is None or cte not in cte.env.names.values():
        return False
    name = walk.spelling.key(cte.node.args["alias"].this)
    return any(walk.spelling.key(table.this) == name for table in body.find_all(exp.Table) if table.this)


def _select(walk: Walk, node: exp.Select, scope: Scope, env: Env | None) -> Relation:
    args, trace = node.args, walk.trace
    source = args.get("from_")
    if source is not None:
        add_sources(walk, scope, env, source.this)
    for join in args.get("joins") or ():
        add_sources(walk, scope, env, join)
    for lateral in args.get("laterals") or ():
        add_sources(walk, scope, env, lateral)
    for pivot in args.get("pivots") or ():
        trace.problem("pivot", f"a {pivot.key} that stands after all of FROM")
    for window in args.get("windows") or ():
        scope.windows[walk.spelling.key(window.this)] = window
    made = project(walk, node, scope, env)
    early = Place(scope, env, walk.spelling.early_aliases)
    late = Place(scope, env, True)
    for name in ("where", "prewhere"):
        clause = args.get(name)
        if clause is not None:
            shape(walk, clause.this, early)
    connect = args.get("connect")
    if connect is not None:
        for part in (connect.args.get("start"), connect.args.get("connect")):
            if part is not None:
                shape(walk, part, early)
    for name in ("having", "qualify"):
        clause = args.get(name)
        if clause is not None:
            shape(walk, clause.this, late)
    if args.get("group") is not None:
        group_by(walk, node, args["group"], made, late)
    if args.get("match") is not None:
        trace.problem("match_recognize", "row patterns are not read")
    distinct = args.get("distinct")
    if distinct is not None:
        distinct_rows(walk, distinct, made, late)
    on = distinct is not None and distinct.args.get("on") is not None
    order_by(walk, node, made, late, on)
    return made


def _set_operation(
    walk: Walk, node: exp.SetOperation, parent: Scope | None, env: Env | None, strict: bool
) -> Relation:
    """Chains may be long, so the left side is followed in a loop."""
    chain: list[exp.SetOperation] = []
    left: exp.Expr = node
    while isinstance(left, exp.SetOperation) and (left is node or not _modified(left)):
        chain.append(left)
        left = left.this
    made = query(walk, left, parent, env, strict)
    for one in reversed(chain):
        made = _combined(walk, one, made, query(walk, one.expression, parent, env, strict))
    return made


def _modified(node: exp.Expr) -> bool:
    return any(node.args.get(name) is not None for name in ("with_", "limit", "offset"))


def _combined(walk: Walk, node: exp.SetOperation, left: Relation, right: Relation) -> Relation:
    union = isinstance(node, exp.Union)
    if not union or node.args.get("distinct"):
        all_columns(walk, left)
        all_columns(walk, right)
    if node.args.get("by_name"):
        return _by_name(walk, node, left, right, union)
    if left.open or right.open or len(left.columns) != len(right.columns):
        tables = [*left.open, *right.open]
        why = f"the columns of {tables[0].table} are not known" if tables else "its sides differ in number"
        if union or left.open:
            walk.trace.problem(f"{node.key}", f"columns go together by position, and {why}")
            return Relation(()) if left.open else left
        return left
    if not union:
        return left
    return Relation(
        one._replace(value=both(one.value, other.value), type=one.type if one.type == other.type else "")
        for one, other in zip(left.columns, right.columns, strict=True)
    )


def _by_name(walk: Walk, node: exp.SetOperation, left: Relation, right: Relation, union: bool) -> Relation:
    if not union:
        return left
    if left.open or right.open:
        walk.trace.problem(node.key, f"the columns of {(*left.open, *right.open)[0].table} are not known")
    inner = node.args.get("kind") == "INNER" or node.args.get("side") == "INNER"
    columns = []
    for column in left.columns:
        other = right.index.get(column.key)
        if other is not None:
            columns.append(column._replace(value=both(column.value, other.value)))
        elif not inner:
            columns.append(column)
    if not inner and node.args.get("side") != "LEFT":
        columns += [column for column in right.columns if column.key not in left.index]
    return Relation(columns, open=left.open + right.open)
