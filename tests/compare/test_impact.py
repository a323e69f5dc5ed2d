"""Whom a change reaches: one shape of a project after the other."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dbt_isolation.compare.change import ChangeKind
from dbt_isolation.compare.columns import ColumnChanges
from dbt_isolation.compare.comparison import Comparison
from dbt_isolation.compare.impact import Reached, Source, impact
from dbt_isolation.lineage.columns import ColumnOf, Columns, Unknown
from dbt_isolation.lineage.graph import Lineage, Vertex
from tests.compare.sides import RAW, Sides
from tests.state.artifacts import Shop

TOP = "select id, customer, cents from {{ source('raw', 'payments') }}"
VALUE = TOP.replace("cents", "cents + 1 as cents")
GONE = TOP.replace(", cents", "")
MORE = TOP.replace("cents", "cents, id + 1 as late")
_REF = re.compile(r"ref\('(\w+)'\)")


def _fill(shop: Shop, models: Mapping[str, str]) -> None:
    shop.source("payments")
    for name, code in models.items():
        parents = [f"model.shop.{one}" for one in _REF.findall(code)]
        shop.model(name, code, *([RAW] if "source(" in code else []), *dict.fromkeys(parents))


Reach = Callable[..., dict[str, Reached]]


@pytest.fixture
def sides(tmp_path: Path) -> Callable[..., Sides]:
    """A project whose model ``top`` has three columns."""

    def made(more: Callable[[Shop], object] = lambda shop: None, **below: str) -> Sides:
        def fill(shop: Shop) -> None:
            _fill(shop, {"top": TOP, **below})
            more(shop)

        return Sides(tmp_path, fill)

    return made


@pytest.fixture
def reach(sides: Callable[..., Sides]) -> Reach:
    """What is reached, by name, where ``top`` becomes another."""

    def found(top: str, **below: str) -> dict[str, Reached]:
        both = sides(**below)
        both.shop.model("top", top, RAW)
        return _by_name(both.compared())

    return found


def _by_name(found: Comparison) -> dict[str, Reached]:
    return {one.unique_id.rpartition(".")[2]: one for one in found.reached}


def _columns(found: Mapping[str, Reached]) -> dict[str, Any]:
    return {name: "all" if one.rows else {*one.columns} for name, one in found.items()}


def test_distances(reach: Reach) -> None:
    """Steps from the change along the shortest way; the nearest first."""
    found = reach(
        VALUE,
        a="select cents from {{ ref('top') }}",
        b="select cents from {{ ref('a') }}",
        c="select a.cents, t.id from {{ ref('b') }} a join {{ ref('top') }} t on t.id = a.cents",
    )
    assert {name: one.distance for name, one in found.items()} == {"a": 1, "c": 1, "b": 2}
    assert list(found) == ["a", "c", "b"]


def test_a_diamond(reach: Reach) -> None:
    """What two ways lead to gets what comes on both."""
    found = reach(
        VALUE,
        left="select id, cents as l from {{ ref('top') }}",
        right="select id, customer as r, cents * 2 as x from {{ ref('top') }}",
        end="select l.id, l, r, x from {{ ref('left') }} l join {{ ref('right') }} using (id)",
    )
    assert _columns(found) == {"left": {"l"}, "right": {"x"}, "end": {"l", "x"}}


@pytest.mark.parametrize(
    "code",
    [
        "select id from {{ ref('top') }} where cents > 1",
        "select id from {{ ref('top') }} order by cents limit 3",
        "select count(*) as n from {{ ref('top') }} group by cents",
        "select distinct id, cents from {{ ref('top') }}",
        "select t.id from {{ ref('top') }} t join {{ ref('other') }} o on o.id = t.cents",
        "select id from {{ ref('top') }} qualify row_number() over (partition by id order by cents) = 1",
        "select id from {{ ref('other') }} where id in (select cents from {{ ref('top') }})",
        "select cents from {{ ref('top') }} union select id from {{ ref('other') }}",
    ],
)
def test_influence(code: str, reach: Reach) -> None:
    """What shapes the rows makes all of it another, and all below that."""
    found = reach(
        VALUE,
        other="select id from {{ source('raw', 'payments') }}",
        a=code,
        b="select 1 as o from {{ ref('a') }}",
    )
    assert _columns(found) == {"a": "all", "b": "all"}


@pytest.mark.parametrize(
    "code",
    [
        "select id from {{ ref('top') }} order by cents",
        "select count(*) as n from {{ ref('top') }}",
        "with unused as (select cents from {{ ref('top') }}) select id from {{ ref('top') }}",
        "select id, customer from {{ ref('top') }} where customer > 1",
    ],
)
def test_who_reads_none_of_it(code: str, reach: Reach) -> None:
    """Is not reached, and what reads that is not either."""
    found = reach(VALUE, a=code, b="select * from {{ ref('a') }}")
    assert not any(one.affected for one in found.values())
    assert set(found) == {"a", "b"}


def test_a_star(reach: Reach) -> None:
    """Brings a new column as far as stars go, and takes a lost one away."""
    below = {
        "a": "select * from {{ ref('top') }}",
        "b": "select *, 1 as one from {{ ref('a') }}",
        "c": "select id from {{ ref('b') }}",
    }
    found = reach(MORE, **below)
    assert {name: {*one.new} for name, one in found.items()} == {"a": {"late"}, "b": {"late"}, "c": set()}
    assert not any(one.affected for one in found.values())


def test_a_star_that_loses(reach: Reach) -> None:
    """Is affected, though nothing in it fails."""
    found = reach(
        GONE,
        a="select * from {{ ref('top') }}",
        b="select cents from {{ ref('a') }}",
        c="select distinct * from {{ ref('top') }}",
    )
    assert found["a"].lost == {"cents"}
    assert found["a"].affected
    assert not found["a"].broken
    assert found["b"].broken == ("reads cents of a, which is gone",)
    assert found["c"].rows


def test_new_columns_that_do_more(reach: Reach) -> None:
    """Under distinct; in a union by position; one that a bare name may mean; a key of a natural join."""
    found = reach(
        MORE,
        a="select distinct * from {{ ref('top') }}",
        b="select * from {{ ref('top') }} union all select * from {{ ref('other') }}",
        other="select id, customer, cents from {{ source('raw', 'payments') }}",
        named="select id, 2 as late from {{ source('raw', 'payments') }}",
        c="select late from {{ ref('top') }} t join {{ ref('named') }} n on n.id = t.id",
        d="select t.id from {{ ref('top') }} t natural join {{ ref('named') }}",
    )
    assert _columns({name: found[name] for name in ("a", "d")}) == {"a": "all", "d": "all"}
    assert found["b"].broken == ("union: columns go together by position, and its sides differ in number",)
    assert found["c"].broken == ("late: it is a column of t and n",)


def test_columns_by_position(reach: Reach) -> None:
    """One goes at the front and one comes at the end: as many, and each beside another."""
    found = reach(
        "select customer, cents, 1 as late from {{ source('raw', 'payments') }}",
        other="select id, customer, cents from {{ source('raw', 'payments') }}",
        a="select * from {{ ref('top') }} union all select * from {{ ref('other') }}",
    )
    assert found["a"].columns >= {"customer", "cents"} or found["a"].rows


def test_a_union(reach: Reach) -> None:
    """By position, whatever the second branch calls it."""
    found = reach(
        VALUE,
        a="select id as x, 1 as y from {{ ref('top') }} union all select id, cents from {{ ref('top') }}",
    )
    assert _columns(found) == {"a": {"y"}}


def test_a_column_that_is_gone(reach: Reach) -> None:
    """Who names it fails: also to leave it out; what reads that may fail too."""
    found = reach(
        GONE,
        a="select cents from {{ ref('top') }}",
        b="select 1 as one from {{ ref('a') }}",
        c="select * exclude (cents) from {{ ref('top') }}",
        d="select id from {{ ref('top') }} where cents > 1",
        e="select id from {{ ref('top') }}",
    )
    assert {name for name, one in found.items() if one.broken} == {"a", "b", "c", "d"}
    assert found["b"].broken == ("reads a, which may break",)
    assert not found["e"].affected


def test_consumers(sides: Callable[..., Sides]) -> None:
    """They may take any column; one of what does not change feels nothing."""

    def more(shop: Shop) -> None:
        shop.exposure("board", "Board", "model.shop.top", owner="finance")
        shop.exposure("desk", "Desk", "model.shop.few")

    both = sides(more, few="select id from {{ ref('top') }}")
    both.shop.model("top", VALUE, RAW)
    found = _by_name(both.compared())
    assert found["board"].rows
    assert not found["desk"].affected
    both.shop.model("top", MORE, RAW)
    assert not _by_name(both.compared())["board"].affected
    both.shop.model("top", GONE, RAW)
    assert _by_name(both.compared())["board"].broken == ("top no longer has cents, if it takes that",)


def test_what_cannot_be_read(reach: Reach) -> None:
    """May be another in all of it, with the reason; so may what reads it."""
    found = reach(VALUE, a="select $$$ ( from {{ ref('top') }}", b="select 1 as one from {{ ref('a') }}")
    assert _columns(found) == {"a": "all", "b": "all"}
    assert found["a"].uncertain


def test_a_change_below_a_change(sides: Callable[..., Sides]) -> None:
    """What it feels from above is told from what it changes itself; what is below feels both."""
    both = sides(a="select id, customer, cents from {{ ref('top') }}", b="select * from {{ ref('a') }}")
    both.shop.model("top", VALUE, RAW)
    both.shop.model("a", "select id, customer + 1 as customer, cents from {{ ref('top') }}", "model.shop.top")
    found = both.compared()
    assert [(one.pair.unique_id, one.change and one.change.columns) for one in found.nodes] == [
        ("model.shop.a", ("customer",)),
        ("model.shop.top", ("cents",)),
    ]
    assert _columns(_by_name(found)) == {"a": {"cents"}, "b": {"customer", "cents"}}


def test_through_an_ephemeral_model(sides: Callable[..., Sides]) -> None:
    """Which is a part of the SQL of what reads it."""

    def more(shop: Shop) -> None:
        code = "select id, cents as c from {{ ref('top') }}"
        shop.model("e", code, "model.shop.top", materialized="ephemeral")
        shop.model("r", f"with e as ({code}) select id, c from e", "model.shop.e")

    both = sides(more)
    both.shop.model("top", VALUE, RAW)
    assert _columns(_by_name(both.compared())) == {"e": {"c"}, "r": {"c"}}


@pytest.mark.parametrize(
    ("config", "all_of_it"),
    [
        ({"unique_key": "cents"}, True),
        ({"unique_key": ["id", "CENTS"]}, True),
        ({"unique_key": "id"}, False),
        ({}, False),
    ],
)
def test_the_key_of_an_incremental_model(
    config: Mapping[str, object], all_of_it: bool, sides: Callable[..., Sides]
) -> None:
    """Says which rows are replaced."""

    def more(shop: Shop) -> None:
        shop.model(
            "kept",
            "select id, cents from {{ ref('top') }}",
            "model.shop.top",
            materialized="incremental",
            config=config,
        )

    both = sides(more)
    both.shop.model("top", VALUE, RAW)
    assert _by_name(both.compared())["kept"].rows is all_of_it


def test_what_later_runs_filter_by(sides: Callable[..., Sides]) -> None:
    """Shapes the rows of an incremental model, though it was compiled to build all of them."""
    code = "select id, cents from {{ ref('top') }}"

    def more(shop: Shop) -> None:
        shop.entries["macros"]["macro.dbt.is_incremental"] = {
            "name": "is_incremental",
            "package_name": "dbt",
            "macro_sql": "{% macro is_incremental() %}{{ return(true) }}{% endmacro %}",
        }
        shop.model(
            "kept",
            code + "{% if is_incremental() %} where cents > 1{% endif %}",
            "model.shop.top",
            materialized="incremental",
        )
        shop.compile()
        shop.entries["nodes"]["model.shop.kept"]["compiled_code"] = (
            f'select id, cents from "warehouse"."{shop.schema}"."top"'
        )

    both = sides(more)
    both.shop.model("top", VALUE, RAW)
    both.shop.compile("top")
    assert _by_name(both.compared(compiled=False))["kept"].rows


@pytest.mark.parametrize(
    ("config", "all_of_it"),
    [
        ({"strategy": "check", "check_cols": "all"}, True),
        ({"strategy": "check", "check_cols": ["cents"]}, True),
        ({"strategy": "check", "check_cols": ["customer"]}, False),
        ({"strategy": "timestamp", "updated_at": "customer"}, False),
        ({"strategy": "timestamp", "updated_at": "cents"}, True),
    ],
)
def test_what_a_snapshot_goes_by(
    config: Mapping[str, object], all_of_it: bool, sides: Callable[..., Sides]
) -> None:
    """A value that it looks at makes a row."""

    def more(shop: Shop) -> None:
        shop.model(
            "kept", "select * from {{ ref('top') }}", "model.shop.top", config={"unique_key": "id", **config}
        )
        node = shop.entries["nodes"].pop("model.shop.kept")
        shop.compile()
        node |= {"resource_type": "snapshot", "unique_id": "snapshot.shop.kept"}
        node["compiled_code"] = f'select * from "warehouse"."{shop.schema}"."top"'
        shop.entries["nodes"]["snapshot.shop.kept"] = node

    both = sides(more)
    both.shop.model("top", VALUE, RAW)
    both.shop.compile("top")
    (kept,) = both.compared(compiled=False).reached
    assert kept.unique_id == "snapshot.shop.kept"
    assert kept.columns == {"cents"}
    assert kept.rows is all_of_it


def test_a_source_that_is_another_table(sides: Callable[..., Sides]) -> None:
    """Reaches all that reads it, though no node was changed."""
    both = sides(a="select id from {{ ref('top') }}")
    both.shop.entries["sources"][RAW]["identifier"] = "payments_v2"
    found = both.compared()
    assert found.nodes == ()
    assert [(one.name, said) for one, said in found.graph.elsewhere] == [
        ("raw.payments", "identifier: payments → payments_v2")
    ]
    assert _columns(_by_name(found)) == {"top": "all", "a": "all"}


def _lineage(**parents: str) -> Lineage:
    names = {*parents, *(one for some in parents.values() for one in some.split())}
    return Lineage(
        {name: Vertex(name, "model", name, f"db.{name}") for name in names},
        {name: tuple(parents.get(name, "").split()) for name in names},
    )


def test_a_broken_chain() -> None:
    """Beyond what is not known, tables are followed."""
    now = Columns(
        types={"a": {"x": ""}, "c": {"x": ""}},
        value={ColumnOf("c", "x"): {}},
        unknown=[Unknown("b", "its columns", "a Python model")],
    )
    sources = [Source("a", ChangeKind.COLUMN, frozenset({"x"}))]
    found = impact(sources, _lineage(b="a", c="b"), Columns(), now, {})
    assert [(one.unique_id, one.rows, one.uncertain) for one in found] == [
        ("b", True, "a Python model"),
        ("c", True, ""),
    ]


def test_a_name_that_may_mean_it() -> None:
    """Beside a table whose columns nobody knows."""
    now = Columns(
        types={"a": {"x": ""}, "b": {"x": ""}},
        value={ColumnOf("b", "x"): {}},
        unknown=[Unknown("b", "x", "it may be a column of a or of elsewhere")],
    )
    sources = [Source("a", ChangeKind.COLUMN, frozenset({"x"}))]
    (found,) = impact(sources, _lineage(b="a"), now, now, {})
    assert found.rows
    assert found.uncertain == "x: it may be a column of a or of elsewhere"
    (found,) = impact([Source("a", ChangeKind.COLUMN, frozenset({"y"}))], _lineage(b="a"), now, now, {})
    assert not found.affected


def test_a_circle_ends() -> None:
    """No manifest of dbt's has one."""
    now = Columns(
        types={name: {"x": ""} for name in "ab"},
        value={
            ColumnOf("a", "x"): {ColumnOf("b", "x"): "copy"},
            ColumnOf("b", "x"): {ColumnOf("a", "x"): "copy"},
        },
    )
    sources = [Source("a", ChangeKind.COLUMN, frozenset({"x"}))]
    found = impact(sources, _lineage(a="b", b="a"), now, now, {"b": ColumnChanges()})
    assert [one.unique_id for one in found if one.affected] == ["b"]


def test_nothing_that_is_gone_reaches_on() -> None:
    """A source of change that is not in the tree."""
    assert (
        impact([Source("gone", ChangeKind.UNKNOWN, frozenset())], _lineage(b="a"), Columns(), Columns(), {})
        == []
    )


@pytest.mark.parametrize(
    ("top", "affected", "broken"),
    [(VALUE, {"sums", "total"}, set()), (GONE, {"sums", "total"}, {"sums", "total"})],
)
def test_semantic_models_take_what_they_name(
    sides: Callable[..., Sides], top: str, affected: set[str], broken: set[str]
) -> None:
    """Other columns are nothing to them, nor to the metrics on them."""

    def more(shop: Shop) -> None:
        for name, measure in (("sums", {"name": "paid", "expr": "CENTS / 100"}), ("counts", {"name": "id"})):
            unique_id = f"semantic_model.shop.{name}"
            shop.entries["semantic_models"][unique_id] = {
                "unique_id": unique_id,
                "name": name,
                "resource_type": "semantic_model",
                "depends_on": {"nodes": ["model.shop.top"]},
                "entities": [{"name": "customer"}],
                "measures": [measure],
            }
        for name, model in (("total", "sums"), ("number", "counts")):
            unique_id = f"metric.shop.{name}"
            shop.entries["metrics"][unique_id] = {
                "unique_id": unique_id,
                "name": name,
                "resource_type": "metric",
                "depends_on": {"nodes": [f"semantic_model.shop.{model}"]},
            }

    both = sides(more)
    both.shop.model("top", top, RAW)
    found = _by_name(both.compared())
    assert {name for name, one in found.items() if one.affected} == affected
    assert {name for name, one in found.items() if one.broken} == broken
