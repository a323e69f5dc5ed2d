"""Queries for properties: a pool of pieces, joined so that small changes of a query are the rule."""

import re
from dataclasses import dataclass, field, fields, replace
from random import Random

from hypothesis import strategies as st

SCHEMA = {
    "t": {"id": "INTEGER", "a": "INTEGER", "b": "INTEGER", "s": "VARCHAR"},
    "u": {"id": "INTEGER", "a": "INTEGER", "d": "INTEGER", "s": "VARCHAR"},
    "v": {"k": "INTEGER", "e": "INTEGER", "l": "INTEGER[]"},
}
TABLES = """
create table t as select * from (values
    (1, 1, 2, 'x'), (2, 1, 3, 'y'), (3, 2, 2, null), (4, null, 5, 'x'), (5, 7, null, 'z'), (5, 7, null, 'z')
) t(id, a, b, s);
create table u as select * from (values
    (1, 1, 1, 'x'), (2, 2, 2, 'x'), (2, 3, 9, 'q'), (7, null, 4, null), (3, 2, 2, 'y')
) u(id, a, d, s);
create table v as select * from (values
    (1, 2, [1, 2]), (2, 2, [3]), (2, null, []), (9, 1, null), (3, 5, [1, 1, 4])
) v(k, e, l);
"""
#: Expressions over x(id, a, b, s); some have the alias of a column, so that names hide each other.
VALUES = """
x.a; x.b; x.s; a; b; x.a + x.b; b + a; a - b; b - a; x.a * 2; 2 * a; coalesce(a, b); ifnull(a, b)
coalesce(a, 0); case when a > 1 then b end; case a when 1 then b else 0 end
case when a = 1 then b else 0 end; cast(a as varchar); a::varchar; a::text; a::bigint; upper(s)
s || 'x'; 1; 'k'; null; a in (1, 2); a = 1 or a = 2; not (a = 1); a <> 1; a != 1; not (a > 1)
a between 1 and 2; a >= 1 and a <= 2; (select max(d) from u where u.id = x.id); (select count(*) from u)
exists (select 1 from u where u.a = x.a); a is null; a is not null; not (a is null); not not (a = 1)
a = b; b = a; id; id + 0; row_number() over (order by id)
row_number() over (partition by a order by id, b, s); sum(b) over (partition by a); sum(a) over ()
count(*) over (partition by a, s); count(*) over (partition by s, a); lag(b) over (order by id, b, s)
(a); ((a + 1))
"""
FILTERS = """
a > 1; 1 < a; a is not null; not (a is null); b = 2; b <> 2; b != 2; s = 'x'; s in ('x', 'y')
s = 'y' or s = 'x'; a between 1 and 2; a >= 1 and a <= 2; a + b > 3; b + a > 3; not (a > 1 and b = 2)
exists (select 1 from u where u.a = x.a); id in (select id from u); x.id not in (select k from v)
a > (select min(a) from u); true; 1 = 1; z > 1; n = 2; a = 1 or b = 2
"""
AGGREGATES = (
    "count(*); count(1); count(a); sum(b); max(s); min(id); count(distinct a); sum(b) filter (where a > 1)"
)
NAMES = ("a", "b", "z", "n", "m", "s")


def _pool(text: str) -> list[str]:
    return [piece.strip() for line in text.strip().splitlines() for piece in line.split(";") if piece.strip()]


@dataclass(frozen=True)
class Query:
    """A query in pieces."""

    source: str = "t"
    joins: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = (("a", "a"),)
    where: tuple[str, ...] = ()
    group: tuple[tuple[str, str], ...] | None = None
    distinct: str = ""
    tail: str = ""
    wrap: str = "plain"
    union: str = ""
    inner: tuple[tuple[str, str], ...] = field(default=(("id", "id"), ("a", "a"), ("b", "b"), ("s", "s")))
    inner_where: tuple[str, ...] = ()

    def sql(self) -> str:
        """The text."""
        x = f"{self.source} x" if self.source != "c" else "c x"
        shown = [*self.columns] if self.group is None else [("x.a", "a"), *self.group]
        items = ", ".join(f"{value} as {name}" for value, name in shown)
        where = f" where {' and '.join(self.where)}" if self.where else ""
        group = " group by x.a" if self.group is not None else ""
        text = f"select {self.distinct}{items} from {x}{''.join(self.joins)}{where}{group}"
        if self.union:
            text = f"{text} {self.union}"
        text += self.tail
        if self.source == "c":
            columns = ", ".join(f"{value} as {name}" for value, name in self.inner)
            inner = f"select {columns} from t x"
            inner += f" where {' and '.join(self.inner_where)}" if self.inner_where else ""
            text = f"with c as ({inner}) {text}"
        if self.wrap == "subquery":
            text = f"select * from ({text}) w"
        elif self.wrap == "filtered":
            text = f"select * from ({text}) w where a > 1"
        elif self.wrap == "counted":
            text = f"select a, count(*) as n from ({text}) w group by all"
        elif self.wrap == "joined":
            text = f"select w.*, u.d from ({text}) w left join u on w.a = u.id"
        elif self.wrap == "right":
            text = f"select u.d, w.* from u left join ({text}) w on w.a = u.id"
        return text


JOINS = (
    " join u on u.id = x.id", " inner join u on x.id = u.id", " left join u on u.id = x.id", " cross join v",
    " left join u on u.id = x.id and u.a > 1", " right join u on u.id = x.id", " full join u on u.id = x.id",
    " left join v on v.k = x.id", " join v on v.k = x.id", " semi join v on v.k = x.id", " join u using (id)",
    " anti join v on v.k = x.id", " left join u using (id)", " full join u using (id)",
    " join v on v.k = x.id and v.e > 1",
    " join t y on y.id = x.b",
    " left join (select k, coalesce(e, 0) as e0 from v where e > 1) w on w.k = x.id",
    " left join (select k, e as e0 from v) w on w.k = x.id",
    " cross join unnest([1, 2]) as q(r)",
)  # fmt: skip
#: With LIMIT the order is whole: DuckDB may keep any of the rows that it leaves open.
TAILS = ("", " order by 1", " order by all limit 3")
UNIONS = (
    "", "union all select id, a, b, s from t", "union all select id from t", "union select a from t",
    "union all select d, a from u", "except select a from u", "union all by name select d as a, s from u",
    "union by name select a, id as z from t", "intersect select d, a from u",
)  # fmt: skip
WRAPS = ("plain", "subquery", "filtered", "counted", "joined", "right")

VALUE_POOL, FILTER_POOL, AGGREGATE_POOL = _pool(VALUES), _pool(FILTERS), _pool(AGGREGATES)


class Maker:
    """Makes queries from a seed. Hypothesis draws the seed alone; what it draws itself repeats too much."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def some(self, pool: tuple[str, ...] | list[str], most: int) -> tuple[str, ...]:
        """Up to so many of a pool."""
        return tuple(self.random.sample(pool, self.random.randint(0, most)))

    def pool(self, pool: list[str]) -> str:
        """One of a pool; where two sources have a column of that name, of x."""
        one = self.random.choice(pool)
        return re.sub(r"(?<![.\w'(])(id|a|s)(?![\w.'(])", r"x.\1", one) if self.random.random() < 0.6 else one

    def columns(self, pool: list[str], names: tuple[str, ...], least: int) -> tuple[tuple[str, str], ...]:
        """Expressions under different names."""
        chosen = self.random.sample(names, self.random.randint(least, min(4, len(names))))
        return tuple((self.pool(pool), name) for name in chosen)

    def piece(self, name: str) -> object:
        """A piece of a query."""
        random = self.random
        match name:
            case "source":
                return random.choice(["t", "c"])
            case "joins":
                return self.some(JOINS, 2) if random.random() < 0.5 else ()
            case "columns":
                return self.columns(VALUE_POOL, NAMES, 1)
            case "where" | "inner_where":
                return tuple(self.pool(FILTER_POOL) for _ in range(random.choice([0, 0, 1, 1, 2])))
            case "group":
                return self.columns(AGGREGATE_POOL, NAMES[1:], 0) if random.random() < 0.2 else None
            case "distinct":
                return "distinct " if random.random() < 0.15 else ""
            case "tail":
                return random.choice(TAILS) if random.random() < 0.3 else ""
            case "wrap":
                return random.choice(WRAPS)
            case "union":
                return random.choice(UNIONS) if random.random() < 0.2 else ""
            case _:
                inner = self.columns(VALUE_POOL, ("a", "b", "e"), 3)
                return (("id", "id"), *inner, ("s", "s"))

    def query(self) -> Query:
        """A query."""
        return Query(**{one.name: self.piece(one.name) for one in fields(Query)})  # type: ignore[arg-type]

    def changed(self, query: Query) -> Query:
        """The same but for a piece, or with a column more or less, or in another order."""
        random = self.random
        kind = random.choice(
            ["piece", "insert", "insert", "drop", "swap", "where", "inner", "inner", "value"]
        )
        if kind == "insert":
            place = random.randint(0, len(query.columns))
            one = (self.pool(VALUE_POOL), random.choice(NAMES))
            return replace(query, columns=(*query.columns[:place], one, *query.columns[place:]))
        if kind == "drop" and len(query.columns) > 1:
            return replace(query, columns=query.columns[1:])
        if kind == "swap":
            return replace(
                query, where=query.where[::-1], joins=query.joins[::-1], inner_where=query.inner_where[::-1]
            )
        if kind == "where":
            return replace(query, where=(*query.where, self.pool(FILTER_POOL)))
        if kind == "value":
            return replace(query, columns=self._another(query.columns))
        if kind == "inner":
            return replace(query, inner=self._another(query.inner))
        name = random.choice([one.name for one in fields(Query)])
        return replace(query, **{name: self.piece(name)})  # type: ignore[arg-type]

    def _another(self, columns: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        place = self.random.randrange(len(columns))
        one = (self.pool(VALUE_POOL), columns[place][1])
        return (*columns[:place], one, *columns[place + 1 :])


def pair(seed: int) -> tuple[str, str]:
    """A query and one that differs from it a little."""
    maker = Maker(seed)
    old = maker.query()
    new = maker.changed(old)
    return old.sql(), (maker.changed(new) if maker.random.random() < 0.2 else new).sql()


seeds = st.integers(0, 2**40)
