"""Queries that DuckDB can run, over tables of small integers, as hypothesis draws them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import strategies as st

TABLES = {"t": ("a", "b", "c", "k"), "u": ("k", "d", "e"), "w": ("k", "a", "f")}
SCHEMA = {table: dict.fromkeys(columns, "INTEGER") for table, columns in TABLES.items()}
EXPRESSIONS = (
    "{0}", "{0}", "{0}", "{0} + {1}", "{0} * 2", "coalesce({0}, {1}, 0)", "nullif({0}, 1)",
    "greatest({0}, {1})", "case when {0} > 1 then {1} else 0 end",
    "case {0} when 1 then {1} when 2 then {2} end", "1", "-{0}",
    "({0} is null)::int", "if({0} > {1}, {2}, 3)", "[{0}, {1}][1]", "{{'p': {0}, 'q': {1}}}.q",
    "list_sum([x * {0} for x in [1, 2]])", "list_sum(list_transform([{0}, 1], lambda x: x + {1}))",
)  # fmt: skip
PREDICATES = (
    "{0} > 1", "{0} = {1}", "{0} is not null", "{0} in (1, 2)", "{0} > 0 or {1} < 2", "not ({0} = 2)",
    "{0} between 0 and {1}", "{0} in (select e from u)", "exists (select 1 from u as xu where xu.d = {0})",
    "{0} <= (select max(f) from w as xw where xw.k > 0)",
)  # fmt: skip
AGGREGATES = (
    "sum({0})", "count(*)", "max({0})", "min({0} + {1})", "count(distinct {0})",
    "sum({0}) filter (where {1} > 1)",
    "max({0}) - min({1})", "list_sum(list({0} order by {1}, {0}))", "arg_max({0}, {0} + 10 * {1})",
)  # fmt: skip
WINDOWS = (
    "row_number() over (partition by {0} order by {1}, {2})", "sum({0}) over (partition by {1})",
    "lag({0}) over (order by {1}, {2}, {0})", "count(*) over ()", "rank() over (order by {0})",
    "max({0}) over (order by {1} rows between 1 preceding and current row)", "sum({0}) over ()",
    "row_number() over ()",
)  # fmt: skip
SCALARS = (
    "(select max(xu.d) from u as xu where xu.k = {0})", "(select count(*) from w as xw where xw.f > {0})",
    "(select sum(xw.f) from w as xw)", "({0} in (select e from u as xu where xu.d > 0))::int",
    "exists (select 1 from w as xw where xw.k = {0})::int",
)  # fmt: skip


@dataclass
class Drawing:
    """What one example has used so far."""

    draw: st.DrawFn
    ctes: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    names: int = 0

    def pick(self, among: Iterable[str]) -> str:
        """One of several texts."""
        return self.draw(st.sampled_from(tuple(among)))

    def chance(self, percent: int) -> bool:
        """Whether something is to be."""
        return self.draw(st.integers(0, 99)) < percent

    def name(self, stem: str) -> str:
        """A name that nothing has yet."""
        self.names += 1
        return f"{stem}{self.names}"

    def filled(self, templates: tuple[str, ...], columns: list[str]) -> str:
        """A template with columns in it."""
        return self.pick(templates).format(*(self.pick(columns) for _ in range(3)))


def _relation(d: Drawing, depth: int) -> tuple[str, tuple[str, ...]]:
    """Something for FROM, without an alias, and its columns."""
    kind = d.draw(st.integers(0, 3)) if depth else 0
    if kind == 1 and d.ctes:
        name = d.pick(sorted(d.ctes))
        return name, d.ctes[name][1]
    if kind == 2:
        text, columns = _query(d, depth - 1)
        return f"({text})", columns
    if kind == 3:
        text, columns = _query(d, depth - 1)
        name = d.name("cte")
        d.ctes[name] = (text, columns)
        return name, columns
    if depth and d.chance(15):
        return _turned(d, depth)
    name = d.pick(TABLES)
    return name, TABLES[name]


def _turned(d: Drawing, depth: int) -> tuple[str, tuple[str, ...]]:
    """A pivot, an unpivot, a recursive query or plain values."""
    kind = d.draw(st.integers(0, 4))
    table = d.pick(TABLES)
    one, two, *rest = d.draw(st.permutations(TABLES[table]))
    kept = tuple(name for name in TABLES[table] if name in rest)
    if kind == 0:
        high, low = d.name("o"), d.name("o")
        text = f"select * from {table} pivot (sum({one}) for {two} in (1 as {high}, 2 as {low}))"
        return f"({text})", (*kept, high, low)
    if kind == 1:
        aggregate, group = d.pick(("sum", "max", "count")), rest[0]
        new = d.name("o")
        turned = f"pivot {table} on {two} in (1, 2) using {aggregate}({one}) group by {group}"
        text = f'select {group}, "1" as {new} from ({turned})'
        return f"({text})", (group, new)
    if kind == 2:
        label, value = d.name("o"), d.name("o")
        nulls = d.pick(("", "include nulls "))
        text = f"select * from {table} unpivot {nulls}({value} for {label} in ({one}, {two}))"
        return f"(select * exclude ({label}) from ({text}))", (*kept, value)
    if kind == 3:
        name, n, m, i = (d.name("r") for _ in range(4))
        step = d.filled(("{0}", "{0} + {1}", "{1}", "{2}"), [f"{name}.{n}", f"{name}.{m}", f"{table}.{two}"])
        other = d.filled(("{0}", "{1}", "{2}"), [f"{name}.{n}", f"{name}.{m}", f"{table}.{one}"])
        text = (
            f"with recursive {name}({n}, {m}, {i}) as (select {one}, {two}, 1 from {table} union all "
            f"select {step}, {other}, {i} + 1 from {name} join {table} "
            f"on {table}.{rest[0]} = {name}.{n} where {i} < 3) "
            f"select {n}, {m} from {name}"
        )
        return f"({text})", (n, m)
    x, y = d.name("v"), d.name("v")
    return f"(select * from {table} as xt, (values (1, 2), (3, null)) as xv({x}, {y}))", (
        *TABLES[table],
        x,
        y,
    )


def _from(d: Drawing, depth: int) -> tuple[str, list[str], list[str]]:
    """A FROM clause; names that can be written in the query, and names of the star's columns."""
    one, columns = _relation(d, depth)
    x = d.name("x")
    if not depth or d.chance(50):
        if d.chance(12):
            element = d.name("el")
            names = [f"{x}.{name}" for name in columns]
            inner = f"[{d.pick(names)}, {d.pick(names)}]"
            return (
                f"{one} as {x}, unnest({inner}) as {d.name('un')}({element})",
                [*names, element],
                [*columns, element],
            )
        return f"{one} as {x}", [d.pick([name, f"{x}.{name}"]) for name in columns], list(columns)
    if d.chance(10):
        return _lateral(d, one, x, columns)
    other, others = _relation(d, depth - 1)
    y = d.name("y")
    shared = [name for name in columns if name in others]
    kind = d.pick(["join", "left join", "right join", "full join"])
    if len(shared) == 1 and d.chance(60):
        [key] = shared
        natural = d.chance(30)
        text = f"natural {kind} {other} as {y}" if natural else f"{kind} {other} as {y} using ({key})"
        names = [key, *(f"{x}.{n}" for n in columns if n != key), *(n for n in others if n != key)]
        return f"{one} as {x} {text}", names, [*columns, *(n for n in others if n != key)]
    names = [*(f"{x}.{n}" for n in columns), *(f"{y}.{n}" for n in others)]
    on = f"{x}.{d.pick(columns)} = {y}.{d.pick(others)}"
    if d.chance(20):
        semi = d.pick(["semi join", "anti join"])
        return f"{one} as {x} {semi} {other} as {y} on {on}", names[: len(columns)], list(columns)
    return f"{one} as {x} {kind} {other} as {y} on {on}", names, [] if shared else [*columns, *others]


def _lateral(d: Drawing, one: str, x: str, columns: tuple[str, ...]) -> tuple[str, list[str], list[str]]:
    """A subquery that reads the row before it."""
    table, y, new = d.pick(TABLES), d.name("y"), d.name("o")
    own = [f"xl.{name}" for name in TABLES[table]]
    row = [f"{x}.{name}" for name in columns]
    value = d.filled(("sum({0})", "max({0} + {1})", "count(*)"), [*own, *row])
    on = f"{d.pick(own)} {d.pick(('=', '<', '>='))} {d.pick(row)}"
    inner = f"select {value} as {new} from {table} as xl where {on}"
    join = d.pick(
        (f", lateral ({inner}) as {y}", f" left join lateral ({inner}) as {y} on true", f", ({inner}) as {y}")
    )
    return f"{one} as {x}{join}", [*row, f"{y}.{new}", new], [*columns, new]


def _select(d: Drawing, depth: int) -> tuple[str, tuple[str, ...]]:
    source, names, star = _from(d, depth)
    where = f" where {d.filled(PREDICATES, names)}" if d.chance(35) else ""
    if d.chance(30):
        return _grouped(d, source, names, where)
    if star and d.chance(25):
        return _starred(d, source, names, star, where)
    items: list[str] = []
    out: list[str] = []
    for _ in range(d.draw(st.integers(1, 4))):
        templates: tuple[str, ...] = EXPRESSIONS
        if d.chance(20):
            templates = WINDOWS
        elif d.chance(12):
            templates = SCALARS
        # A later item may use the alias of one before it.
        known = [*names, *out] if out and templates is EXPRESSIONS and d.chance(30) else names
        name = d.name("o")
        items.append(f"{d.filled(templates, known)} as {name}")
        out.append(name)
    head = "select"
    tail = where
    roll = d.draw(st.integers(0, 9))
    if roll == 0:
        head = "select distinct"
    elif roll == 1:
        tail += f" qualify {d.filled(WINDOWS[:4], names)} <= 2"
    elif roll == 2:
        key = d.pick([*names, *out, "1", f"-{d.pick([*names, *out])}"])
        tail += f" order by {key} limit 2"
    elif roll == 3:
        key = d.pick(names)
        head, tail = f"select distinct on ({key})", f"{tail} order by {key}, {d.pick(names)}"
    return f"{head} {', '.join(items)} from {source}{tail}", tuple(out)


def _starred(
    d: Drawing, source: str, names: list[str], star: list[str], where: str
) -> tuple[str, tuple[str, ...]]:
    one = d.pick(star)
    new = d.name("o")
    kind = d.draw(st.integers(0, 5))
    if len(set(star)) != len(star):
        kind = 0
    if kind == 5:
        return f"select columns('^{one}$') + {d.pick(names)} from {source}{where}", (one,)
    if kind == 1 and len(star) > 1:
        return f"select * exclude ({one}) from {source}{where}", tuple(n for n in star if n != one)
    if kind == 2:
        return f"select * replace ({d.filled(EXPRESSIONS, names)} as {one}) from {source}{where}", tuple(star)
    if kind == 3:
        text = f"select * rename ({one} as {new}) from {source}{where}"
        return text, tuple(new if n == one else n for n in star)
    if kind == 4:
        return f"select *, {d.filled(EXPRESSIONS, names)} as {new} from {source}{where}", (*star, new)
    return f"from {source}{where}" if d.chance(50) else f"select * from {source}{where}", tuple(star)


def _grouped(d: Drawing, source: str, names: list[str], where: str) -> tuple[str, tuple[str, ...]]:
    key, new = d.filled(EXPRESSIONS[:6], names), d.name("o")
    items, out = [f"{key} as {new}"], [new]
    for _ in range(d.draw(st.integers(1, 2))):
        name = d.name("o")
        items.append(f"{d.filled(AGGREGATES, names)} as {name}")
        out.append(name)
    having = f" having {d.filled(AGGREGATES[:4], names)} > 1" if d.chance(30) else ""
    group = d.pick(["1", "all", new, f"rollup ({new})"])
    return f"select {', '.join(items)} from {source}{where} group by {group}{having}", tuple(out)


def _query(d: Drawing, depth: int) -> tuple[str, tuple[str, ...]]:
    text, columns = _select(d, depth)
    if not depth or not d.chance(20):
        return text, columns
    other, others = _select(d, depth - 1)
    operator = d.pick(
        ["union all", "union", "except", "intersect", "union all by name", "union by name", "except all"]
    )
    if "by name" in operator:
        more = tuple(name for name in others if name not in columns)
        return f"select * from ({text}) {operator} select * from ({other})", (*columns, *more)
    count = min(len(columns), len(others))
    if len(set(columns)) != len(columns) or len(set(others)) != len(others):
        return text, columns
    left, right = ", ".join(columns[:count]), ", ".join(others[:count])
    tail = f" order by {columns[0]} limit 3" if d.chance(15) else ""
    return f"select {left} from ({text}) {operator} select {right} from ({other}){tail}", columns[:count]


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A whole query."""
    d = Drawing(draw)
    text, _ = _query(d, draw(st.integers(0, 3)))
    if not d.ctes:
        return text
    ctes = ", ".join(f"{name} as ({body})" for name, (body, _) in d.ctes.items())
    return f"with {ctes} {text}"
