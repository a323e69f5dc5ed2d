"""Small projects of real SQL, drawn at random, and edits of them; what DuckDB makes of both."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import duckdb
from hypothesis import strategies as st

SOURCE = "payments"
SOURCE_COLUMNS = ("id", "customer", "cents", "status")
Rows = Sequence[tuple[int | None, int | None, int | None, str]]


@dataclass(frozen=True)
class Model:
    """A query in parts; its text names what it reads as dbt does. ``shape``: what is around the list."""

    name: str
    parents: tuple[str, ...]
    items: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    shape: str = "select {items} from {p}"
    written: int = 0

    @property
    def code(self) -> str:
        """Its raw code; ``written`` says in which of several ways that mean the same."""
        items = ", ".join(
            expression if not name else f"{expression} as {name}" for expression, name in self.items
        )
        refs = [
            "{{ source('raw', 'payments') }}" if one == SOURCE else f"{{{{ ref('{one}') }}}}"
            for one in self.parents
        ]
        refs = refs * 2
        if self.written == 1:
            items = items.replace(", ", "\n  , ")
        text = self.shape.replace("{items}", items).replace("{p}", refs[0]).replace("{q}", refs[1])
        if self.written == 1:
            return f"-- once more\n{text.replace('select ', 'SELECT ')}\n"
        if self.written == 2:
            return f"with final as (\n{text}\n)\nselect * from final"
        return text


_EXPRESSIONS = ("{c} + 1", "-{c}", "coalesce({c}, 0)", "{c} * {d}", "case when {c} > 1 then {d} end", "{c}")
_TAILS = (
    "select {items} from {p}",
    "select {items} from {p} where X > 1",
    "select {items} from {p} where X is not null or Y = 2",
    "select distinct {items} from {p}",
    "select {items} from {p} order by all limit 2",
    "select {items} from {p} where X in (select Z from {q})",
    "select {items} from {p} l where exists (select 1 from {q} r where r.Z = l.X)",
)

_KINDS = (
    *("list", "star", "star", "more", "more", "less", "group", "count", "join", "union", "window", "row"),
    *("all", "using", "natural", "bare", "scalar", "alias", "each", "long", "stars", "sorted"),
)


@st.composite
def models(draw: st.DrawFn, name: str, known: Mapping[str, Sequence[str]]) -> Model:
    """A model that reads one or two of ``known``, which has their columns."""
    parent = draw(st.sampled_from(sorted(known)))
    other = draw(st.sampled_from(sorted(known)))
    columns = tuple(one for one in known[parent] if one != "status") or ("1",)
    others = tuple(one for one in known[other] if one != "status") or ("1",)
    x, y, z = (draw(st.sampled_from(columns)), draw(st.sampled_from(columns)), draw(st.sampled_from(others)))

    def expression() -> str:
        return draw(st.sampled_from(_EXPRESSIONS)).format(
            c=draw(st.sampled_from(columns)), d=draw(st.sampled_from(columns))
        )

    def put(shape: str) -> str:
        return shape.replace("X", x).replace("Y", y).replace("Z", z)

    kind = draw(st.sampled_from(_KINDS))
    both = (parent, other)
    own = f"{name}_x"
    if kind == "list":
        items = tuple((expression(), f"{name}_{place}") for place in range(draw(st.integers(1, 3))))
        items += ((x, ""),)
        return Model(
            name, both, items, (*(one for _, one in items[:-1]), x), put(draw(st.sampled_from(_TAILS)))
        )
    if kind == "star":
        return Model(name, both, (("*", ""),), tuple(known[parent]), put(draw(st.sampled_from(_TAILS))))
    if kind == "more" and own not in known[parent]:
        items = (("*", ""), (expression(), own))
        return Model(name, both, items, (*known[parent], own), put(draw(st.sampled_from(_TAILS))))
    if kind == "less" and len(known[parent]) > 1 and x in known[parent]:
        left = tuple(one for one in known[parent] if one != x)
        return Model(name, both, ((f"* exclude ({x})", ""),), left)
    if kind == "group":
        items = ((x, f"{name}_key"), ("count(*)", f"{name}_n"), (f"sum({y})", f"{name}_sum"))
        by = draw(st.sampled_from(("1", "all")))
        return Model(
            name, both, items, tuple(one for _, one in items), f"select {{items}} from {{p}} group by {by}"
        )
    if kind == "join":
        how = draw(st.sampled_from(("join", "left join", "full join")))
        items = ((f"l.{x}", f"{name}_l"), (f"r.{z}", f"{name}_r"))
        shape = f"select {{items}} from {{p}} l {how} {{q}} r on l.{y} = r.{z}"
        return Model(name, both, items, tuple(one for _, one in items), shape)
    if kind == "union":
        how = draw(st.sampled_from(("union all", "union", "except", "intersect", "union all by name")))
        items = ((x, f"{name}_u"), (y, f"{name}_v"))
        shape = f"select {{items}} from {{p}} {how} select {z}, {z} from {{q}}"
        if how.endswith("name"):
            shape = f"select {{items}} from {{p}} {how} select {z} as {name}_u, {z} as {name}_w from {{q}}"
            return Model(name, both, items, (f"{name}_u", f"{name}_v", f"{name}_w"), shape)
        return Model(name, both, items, tuple(one for _, one in items), shape)
    if kind == "window":
        items = ((x, f"{name}_o"), (f"sum({y}) over (partition by {x})", f"{name}_w"))
        return Model(name, both, items, tuple(one for _, one in items))
    if kind == "row":
        return Model(name, both, (("hash(p)", own), (x, "")), (own, x), "select {items} from {p} p")
    if kind == "all":
        items = (("*", ""), ("count(*)", own))
        return Model(name, both, items, (*known[parent], own), "select {items} from {p} group by all")
    if kind in ("using", "natural") and x in known[parent]:
        how = f"{{p}} l join {{q}} r using ({x})" if kind == "using" else "{p} l natural join {q} r"
        return Model(name, both, ((x, f"{name}_j"),), (f"{name}_j",), f"select {{items}} from {how}")
    if kind == "bare":
        items = ((x, f"{name}_b"),)
        shape = put("select {items} from {p} where exists (select 1 from {q} where Z = Y)")
        return Model(name, both, items, (f"{name}_b",), shape)
    if kind == "scalar":
        items = ((x, f"{name}_s"), (f"(select max({z}) from {{q}} r where r.{z} <= l.{x})", f"{name}_best"))
        return Model(name, both, items, tuple(one for _, one in items), "select {items} from {p} l")
    if kind == "alias":
        items = ((f"{x} + 1", "late"), ("late * 2", f"{name}_a"))
        return Model(name, both, items, ("late", f"{name}_a"), "select {items} from {p} where late > 1")
    if kind == "each":
        return Model(name, both, (("max(columns(*))", ""),), tuple(known[parent]))
    if kind == "long" and "status" not in known[parent]:
        shape = "select {items} from (unpivot {p} on columns(*) into name n value v) u"
        return Model(name, both, (("n", f"{name}_n"), ("v", f"{name}_v")), (f"{name}_n", f"{name}_v"), shape)
    if kind == "stars":
        how = draw(st.sampled_from(("union all", "union", "except", "union all by name")))
        return Model(
            name, both, (("*", ""),), tuple(known[parent]), f"select {{items}} from {{p}} {how} from {{q}}"
        )
    if kind == "sorted":
        items = ((x, f"{name}_t"),)
        return Model(
            name, both, items, (f"{name}_t",), f"select {{items}} from {{p}} order by {y}, {x} limit 1"
        )
    shape = draw(
        st.sampled_from(("select {items} from {p}", "select {items} from (select distinct * from {p}) d"))
    )
    return Model(name, both, (("count(*)", own),), (own,), shape)


@st.composite
def projects(draw: st.DrawFn) -> tuple[Model, ...]:
    """Two to five models, the first of them over the source."""
    known: dict[str, Sequence[str]] = {SOURCE: SOURCE_COLUMNS}
    found: list[Model] = []
    for place in range(draw(st.integers(2, 5))):
        among = known if len(found) < 2 else {one.name: known[one.name] for one in found}
        model = draw(models(f"m{place}", among))
        found.append(model)
        known[model.name] = model.columns
    return tuple(found)


@st.composite
def edits(draw: st.DrawFn, project: Sequence[Model]) -> tuple[Model, ...]:
    """The project with one or two of its models changed."""
    found = list(project)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.integers(0, len(found) - 1))
        found[place] = draw(_edited(found[place]))
    return tuple(found)


@st.composite
def _edited(draw: st.DrawFn, model: Model) -> Model:
    items = list(model.items)
    place = draw(st.integers(0, len(items) - 1))
    expression, name = items[place]
    kind = draw(st.sampled_from(("value", "new", "front", "remove", "rename", "order", "rows", "written")))
    if kind == "value" and name:
        items[place] = (f"{expression} + 1" if "hash" not in expression else expression, name)
    elif kind == "new":
        items.append(("7", draw(st.sampled_from(("late", "id", "cents", "status")))))
    elif kind == "front":
        items.insert(0, ("7", "early"))
    elif kind == "remove" and len(items) > 1:
        del items[place]
    elif kind == "rename" and name:
        items[place] = (expression, f"{name}_called")
    elif kind == "order":
        items.reverse()
    elif kind == "written":
        return replace(model, written=draw(st.integers(1, 2)))
    elif kind == "rows":
        shape = model.shape.replace("> 1", "> 2").replace("limit 2", "limit 3")
        if shape == model.shape and shape.startswith("select {items}"):
            shape = shape.replace("select {items}", "select distinct {items}", 1)
        return replace(model, shape=shape)
    return replace(model, items=tuple(items))


VALUES = st.one_of(st.none(), st.integers(0, 3))
DATA: st.SearchStrategy[Rows] = st.lists(
    st.tuples(VALUES, VALUES, VALUES, st.sampled_from(("paid", "lost"))), max_size=6
)


@dataclass(frozen=True)
class Result:
    """What a model gave: its columns in order, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def of(self, columns: Sequence[str]) -> Counter[tuple[object, ...]]:
        """The rows, cut to some columns."""
        places = [self.columns.index(one) for one in columns]
        return Counter(tuple(row[place] for place in places) for row in self.rows)


def built(project: Sequence[Model], data: Rows) -> dict[str, Result | None]:
    """What DuckDB builds; None for what cannot be built."""
    found: dict[str, Result | None] = {}
    cursor = _connection().cursor()
    cursor.execute("create or replace table payments (id int, customer int, cents int, status varchar)")
    if data:
        cursor.executemany("insert into payments values (?, ?, ?, ?)", data)
    for model in project:
        sql = model.code.replace("{{ source('raw', 'payments') }}", "payments")
        for one in model.parents:
            sql = sql.replace(f"{{{{ ref('{one}') }}}}", one)
        cursor.execute(f"drop table if exists {model.name}")
        try:
            cursor.execute(f"create table {model.name} as {sql}")
        except duckdb.Error:
            found[model.name] = None
            continue
        cursor.execute(f"select * from {model.name}")
        assert cursor.description is not None
        found[model.name] = Result(tuple(one[0] for one in cursor.description), tuple(cursor.fetchall()))
    return found


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    # To open one takes longer than all that is asked of it.
    return duckdb.connect(config={"threads": 1})
