"""The SQL of a node that dbt has not compiled: what becomes of its template, and what is not known."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.rendering.facts import Facts
from dbt_isolation.rendering.likely_sql import Likely, LikelySql

VARIABLES = {"days": 3, "tiers": ["gold", "tin"], "none": None, "jinja": "{{ target.name }}"}


def variable(package: str, name: str) -> object:
    """As a project sets them."""
    return VARIABLES[name]


FACTS = Facts("duckdb", variables=variable, environ={"REGION": "eu"}, target={"name": "dev"})


def macro(package: str, name: str, body: str, signature: str = "") -> dict[str, Any]:
    """An entry of ``macros``."""
    text = f"{{% macro {name}({signature}) %}}{body}{{% endmacro %}}"
    return {"package_name": package, "name": name, "macro_sql": text}


def node(name: str, raw_code: str = "", **fields: Any) -> dict[str, Any]:
    """An entry of ``nodes``."""
    package = fields.pop("package", "shop")
    return {
        "unique_id": f"model.{package}.{name}",
        "resource_type": "model",
        "name": name,
        "alias": name,
        "package_name": package,
        "database": "w",
        "schema": "s",
        "relation_name": f'"w"."s"."{name}"',
        "original_file_path": f"models/{name}.sql",
        "raw_code": raw_code,
        **fields,
    }


PARENTS = [
    node("orders"),
    node("plain", relation_name="w.s.plain"),
    node("stock", package="depot", relation_name='"w"."depot"."stock"'),
    node("rates", version=1, alias="rates_v1", unique_id="model.shop.rates.v1"),
    node("rates", version=2, alias="rates_v2", unique_id="model.shop.rates.v2", relation_name='"w"."s"."r2"'),
    node(
        "small",
        "with x as (select 1 as id) select * from x",
        relation_name=None,
        config={"materialized": "ephemeral"},
    ),
    node(
        "smaller",
        "select * from {{ ref('small') }}",
        relation_name=None,
        config={"materialized": "ephemeral"},
        depends_on={"nodes": ["model.shop.small"]},
    ),
    node("asking", "select {{ run_query('x') }}", config={"materialized": "ephemeral"}),
]
SOURCE = {
    "unique_id": "source.shop.raw.orders",
    "name": "orders",
    "source_name": "raw",
    "database": "w",
    "schema": "raw",
    "identifier": "orders",
    "relation_name": '"w"."raw"."orders"',
}
FILE = {
    **SOURCE,
    "unique_id": "source.shop.raw.files",
    "name": "files",
    "meta": {"external_location": "s3://b/{name}.parquet"},
}
PLUGIN = {**SOURCE, "unique_id": "source.shop.raw.sheet", "name": "sheet", "meta": {"plugin": "gsheet"}}
MACROS = [
    macro("shop", "cents", "({{ column }} / {{ by }})", "column, by=100"),
    macro("shop", "early", "{% if true %}{{ return([1, 2]) }}{% endif %}never"),
    macro("shop", "wrapped", "<{{ caller() }}>"),
    macro("shop", "twice", "{{ cents(column) }}{{ depot.helper() }}", "column"),
    macro("shop", "endless", "{{ endless() }}"),
    macro("shop", "duckdb__money", "'of the project'"),
    macro("shop", "asks", "{% set found = run_query('select 1') %}{{ found.columns[0] }}"),
    macro("depot", "helper", "{{ adapter.dispatch('money', 'depot')() }}"),
    macro("depot", "default__money", "'default'"),
    macro("depot", "columns", "{{ adapter.get_columns_in_relation(of) }}", "of"),
    macro("dbt", "is_incremental", "{{ adapter.get_relation() }}"),
    macro("dbt", "run_query", "never", "sql"),
    macro("dbt", "statement", "{{ adapter.execute(caller()) }}", "name=none"),
    macro("dbt", "upper_of", "{{ adapter.dispatch('upper_of', 'dbt')(x) }}", "x"),
    macro("dbt", "default__upper_of", "upper({{ x }})", "x"),
    macro("dbt_duckdb", "duckdb__upper_of", "ucase({{ x }})", "x"),
]


def likely(raw_code: str, facts: Facts = FACTS, **fields: Any) -> Likely:
    """What becomes of a model that may read everything here."""
    parents = [*(one["unique_id"] for one in (*PARENTS, SOURCE, FILE, PLUGIN))]
    own = node("mart", raw_code, **{"depends_on": {"nodes": parents}, **fields})
    content = {
        "metadata": {"project_name": "shop", "adapter_type": "duckdb"},
        "nodes": {one["unique_id"]: one for one in (*PARENTS, own)},
        "sources": {one["unique_id"]: one for one in (SOURCE, FILE, PLUGIN)},
        "macros": {f"macro.{one['package_name']}.{one['name']}": one for one in MACROS},
    }
    manifest = msgspec.convert(content, Manifest)
    return LikelySql(manifest, facts).of(manifest.nodes["model.shop.mart"])


INCREMENTAL: Any = {"config": {"materialized": "incremental"}}
CERTAIN = {
    "{{ ref('orders') }}": '"w"."s"."orders"',
    "{{ ref('depot', 'stock') }}": '"w"."depot"."stock"',
    "{{ ref('rates', version=2) }}|{{ ref('rates', v=1) }}": '"w"."s"."r2"|"w"."s"."rates"',
    "{{ source('raw', 'orders') }}": '"w"."raw"."orders"',
    "{{ source('raw', 'files') }}": "'s3://b/files.parquet'",
    "{{ this }} {{ this.schema }}.{{ this.name }}": '"w"."s"."mart" s.mart',
    "{{ ref('orders').include(database=false) }}": '"s"."orders"',
    "{{ ref('orders').quote(identifier=false) }}": '"w"."s".orders',
    "{{ ref('plain') }} {{ ref('plain').identifier }}": "w.s.plain plain",
    "{{ builtins.ref('orders') }}": '"w"."s"."orders"',
    "{{ api.Relation.create(database='a', schema='b', identifier='c') }}": '"a"."b"."c"',
    "{{ config(materialized='table', meta={'a': 1}) }}x": "x",
    "{{ var('days') }}{{ var('days', 9) }}{{ var('other', 9) }}{{ var('none', 1) }}": "339None",
    "{{ env_var('REGION') }}{{ env_var('OTHER', 'us') }}": "euus",
    "{{ target.name }}{% if target.name == 'dev' %} limit 1{% endif %}": "dev limit 1",
    "{% if execute %}a{% else %}b{% endif %}": "a",
    "{{ cents('price') }} {{ cents('price', by=10) }}": "(price / 100) (price / 10)",
    "{{ shop.cents('price') }}": "(price / 100)",
    "{{ twice('x') }}": "(x / 100)'of the project'",
    "{{ dbt.upper_of('a') }} {{ upper_of('b') }}": "ucase(a) ucase(b)",
    "{% for one in early() %}{{ one }}{{ ',' if not loop.last }}{% endfor %}": "1,2",
    "{% call wrapped() %}x{% endcall %}": "<x>",
    "{% for one in var('tiers') -%} {{ one | upper }} {%- endfor %}": "GOLDTIN",
    "{% set x = namespace(n=0) %}{% for i in range(70) %}{% set x.n = i %}{% endfor %}{{ x.n }}": "69",
    "{%- set a, b = 1, 2 %}{{ a ~ b }}{{ '%03d' % a }}{{ '{}'.format(b) }}": "120012",
    "{% do log('x', info=true) %}{{ print(1) }}x": "x",
    "{% raw %}{{ ref('x') }}{% endraw %}{# {{ ref('y') }} #}": "{{ ref('x') }}",
    "{{ modules.datetime.date(2026, 1, 31).isoformat() }}": "2026-01-31",
    "{{ context['cents']('a') if 'cents' in context }}": "(a / 100)",
    "{% call statement('x') %}select {{ this }}{% endcall %}x": "x",
    "{% for a, b in zip([1, 2], 'xy') %}{{ loop.length }}{{ a }}{{ b }}{% endfor %}": "21x22y",
    "{{ modules.re.sub('a', 'b', 'xa') }}": "xb",
    "{% for a, b in modules.itertools.product([1], [2]) %}{{ a }}{{ b }}{% endfor %}": "12",
    "{{ tojson({'a': fromjson('[1]')}) }}": '{"a": [1]}',
    "{{ dbt.type_of if false }}{{ adapter.quote('x') }}{{ adapter.type() }}": '"x"duckdb',
    "{{ config.get('materialized') }}": "view",
    "{% snapshot s %}select 1{% endsnapshot %}": "select 1",
    "{% if is_incremental() %}new{% else %}all{% endif %}": "all",
    "{{ api.Column.translate_type('string') }}": "TEXT",
}


@pytest.mark.parametrize("raw_code", CERTAIN)
def test_what_is_certain(raw_code: str) -> None:
    """Is as dbt renders it."""
    assert likely(raw_code, config={"materialized": "view"}) == Likely(CERTAIN[raw_code])


UNCERTAIN = {
    "select {{ run_query('select 1').columns[0].values()[0] }}": "run_query() asks the database",
    "select {{ asks() }}": "run_query() asks the database, in asks()",
    "select {{ depot.columns(this) }}": "asks the database, in depot.columns()",
    "{% for one in graph.nodes.values() %}{{ one.name }}{% endfor %}": "graph is known to a run alone",
    "{% for a, b in graph.nodes.items() %}{{ a }}{% endfor %}": "graph is known to a run alone",
    "{{ macro_of_nobody() }}": "macro_of_nobody is nothing that is known",
    "{{ depot.no_macro() }}": "there is no macro depot.no_macro",
    "{{ ref('nowhere') }}": "ref('nowhere') is nothing that dbt found it to depend on",
    "{{ ref(var('other')) }}": "ref(",
    "{{ ref('rates') }}": "ref('rates')",
    "{{ source('raw', 'nowhere') }}": "source('raw', 'nowhere')",
    "{{ source('raw', 'sheet') }}": "where raw.sheet is",
    "{{ var('other') }}": "var('other') is not set",
    "{{ var('jinja') }}": "var('jinja') is a template",
    "{{ env_var('OTHER') }}": "env_var('OTHER') is not set",
    "{{ env_var('DBT_ENV_SECRET_X') }}": "DBT_ENV_SECRET_X",
    "{{ target.schema }}": "target.schema is not known",
    "{{ run_started_at.strftime('%Y') }}": "run_started_at is known to a run alone",
    "{{ modules.datetime.datetime.now() }}": "now() differs from run to run",
    "{{ [1, 2] | random }}": "random differs from run to run",
    "{% for one in set(['a', 'b']) %}{{ one }}{% endfor %}": "a set has no order",
    "{% for one in {'a': 1, 'b': 2}.keys() - ['c'] %}{{ one }}{% endfor %}": "a set has no order",
    "{% if adapter.get_relation('a', 'b', 'c') is none %}x{% endif %}": "is taken not to hold",
    "{% if 'a' in run_query('x') %}x{% endif %}": "run_query() asks the database",
    "{% set x = {} %}{% do x.update({run_query('x'): 1}) %}{{ x | length }}": "run_query() asks the database",
    "{{ exceptions.raise_compiler_error('not so') }}": "it raises an error: not so",
    "{{ return(1) }}": "it returns a value outside of a macro",
    "{{ config.get('tags') }}": "config 'tags' is not known",
    "{{ this.type }}": "type of",
    "{{ [1] | reverse }}": "it writes an object of Python's",
    "{{ modules.datetime.datetime['now']() }}": "now() differs from run to run",
    "{{ (modules.datetime.date | attr('today'))() }}": "today() differs from run to run",
    "{% if [graph.x] == [graph.y] %}same{% endif %}": "graph is known to a run alone",
    "{% if graph.x in [graph.y] %}same{% endif %}": "graph is known to a run alone",
    "{% if 'macro_of_nobody' in context %}x{% endif %}": "macro_of_nobody is nothing that is known",
    "{{ '{:{w}}'.format(1, w=10 ** 9) }}": "pads",
    "{{ ('x' * 9999).replace('x', 'y' * 9999) }}": "too long",
    "{{ ('x' * 9999) | replace('x', 'y' * 9999) }}": "too long",
    "{{ (['x'] * 9999) | join('y' * 9999) }}": "too long",
    "{{ cents }}": "cents is written without a call",
    "{{ 'a' + 1 }}": "it ends in an error",
    "{{ nothing(": "Jinja:",
    "{{ endless() }}": "without end",
    "{{ 'x' * 10 ** 9 }}": "too long",
    "{{ 10 ** (10 ** 10) }}": "too long",
    "{{ 'x'.center(10 ** 8) }}": "pads",
    "{{ '%0999999999d' % 1 }}": "pads",
    "{{ '{:999999999}'.format(1) }}": "pads",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}": "too long",
    "{% set n = namespace(x='a') %}{% for a in range(26) %}{% set n.x = n.x ~ n.x %}{% endfor %}": "too long",
    "{{ ''.__class__.__mro__ }}": "",
    "{{ ref('asking') }}": "run_query() asks the database, in asking",
}


@pytest.mark.parametrize("raw_code", UNCERTAIN)
def test_what_is_not(raw_code: str) -> None:
    """Is said, and not guessed."""
    found = likely(raw_code)
    assert any(UNCERTAIN[raw_code] in one for one in found.uncertain), found


def test_holes_keep_it_sql() -> None:
    """A word stands for what is not known; each reason is named once."""
    found = likely("select {{ graph.x }} as a, '{{ graph.y }}' as b, {{ graph.z + ' + 1' }} as c from t")
    hole = "dbt_isolation_unknown"
    assert found.sql == f"select {hole} as a, '{hole}' as b, {hole} + 1 as c from t"
    assert found.uncertain == ("graph is known to a run alone",)


def test_incremental() -> None:
    """As told, where the model is one."""
    code = "{% if is_incremental() %}new{% else %}all{% endif %}"
    again = Facts("duckdb", incremental=True)
    assert likely(code, again, **INCREMENTAL).sql == "new"
    assert likely(code, **INCREMENTAL).sql == "all"
    assert likely(code, again, config={"materialized": "table"}).sql == "all"


def test_ephemeral_parents() -> None:
    """Stand in front as CTEs, each behind what it reads itself, and once."""
    found = likely("select * from {{ ref('smaller') }} join {{ ref('small') }} using (id)")
    assert found.uncertain == ()
    assert found.sql == (
        "with __dbt__cte__small as (\nwith x as (select 1 as id) select * from x\n),"
        "  __dbt__cte__smaller as (\nselect * from __dbt__cte__small\n)"
        " select * from __dbt__cte__smaller join __dbt__cte__small using (id)"
    )
    within = likely("-- it\nwith recursive a as (select * from {{ ref('small') }}) select * from a")
    assert within.sql.startswith("-- it\nwith recursive __dbt__cte__small as (")
    assert within.sql.endswith("),  a as (select * from __dbt__cte__small) select * from a")


def test_configuration() -> None:
    """What a node says of a value alone is known; a value that dbt rendered is not."""
    code = "{{ config.get('own', 'default') }}"
    assert likely(code, unrendered_config={"own": "set"}) == Likely("set")
    assert likely(code, unrendered_config={"materialized": "table"}) == Likely("default")
    assert likely(code, unrendered_config={"own": "{{ var('x') }}"}).uncertain
    assert likely(code).uncertain
    assert likely("{{ config.meta_get('a') }}", config={"meta": {"a": 1}}).sql == "1"
    assert likely("{{ config.require('own') }}", unrendered_config={"a": 1}).uncertain


def test_python_models_have_none() -> None:
    """And say so."""
    assert likely("def model(dbt, session): ...", original_file_path="models/a.py").uncertain == (
        "a Python model",
    )


_PARTS = st.sampled_from(
    [
        *CERTAIN,
        *UNCERTAIN,
        *("{{", "}}", "{%", "%}", "{#", "'", " if x ", "for a in ", "endif", "endfor", "set x = ", "x"),
        *("[", "]", "(", ")", "|", "~", "1", "run_query", "ref", "graph", ".", "''", " is none", "caller()"),
    ]
)


@given(st.lists(_PARTS, max_size=8).map("".join) | st.text(max_size=60))
def test_never_raises(raw_code: str) -> None:
    """For any text; what is no template is not certain."""
    found = likely(raw_code)
    assert isinstance(found.sql, str)
    if "{" not in raw_code:
        assert found == Likely(raw_code)
