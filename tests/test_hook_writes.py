"""What a hook's or an operation's text writes in a protected place, in the run at hand; no dbt."""

import pytest

from dbt_isolation.code.files import read_given
from dbt_isolation.code.given import NOT_SET, Given
from dbt_isolation.config.block import parse
from dbt_isolation.environments import Relation, Run, Target, run_of
from dbt_isolation.hook_writes import refused_texts

BLOCK = {
    "environments": {
        "prod": {
            "targets": ["prod"],
            "protected": True,
            "owns": ["warehouse.analytics", "warehouse.analytics_*", "vault.*"],
            "deployer": {"env_var": "DEPLOY"},
        },
        "dev": {"targets": ["dev"]},
    }
}
MACROS = {
    "shop.wipe": "{% macro wipe(schema, table='orders') %}delete from {{ schema }}.{{ table }}{% endmacro %}",
    "shop.run_wipe": "{% macro run_wipe(schema) %}{% do run_query(wipe(schema)) %}{% endmacro %}",
    "shop.only_in": "{% macro only_in(name) %}{% if target.name != name %}{{ return('') }}{% endif %}"
    "delete from analytics.orders{% endmacro %}",
    "shop.stop": "{% macro stop() %}{% if target.name == 'dev' %}"
    "{{ exceptions.raise_compiler_error('not here') }}{% endif %}{% endmacro %}",
    "tools.drop_all": "{% macro drop_all(schemas) %}{% for one in schemas %}"
    "{% do adapter.drop_schema(api.Relation.create(database='warehouse', schema=one)) %}"
    "{% endfor %}{% endmacro %}",
    "tools.public": "{% macro public() %}{{ return(adapter.dispatch('hidden', 'tools')()) }}{% endmacro %}",
    "tools.default__hidden": "{% macro default__hidden() %}truncate table analytics.orders{% endmacro %}",
    "tools.round": "{% macro round(n) %}{{ round(n) }}{% endmacro %}",
}
GIVEN = Given(
    names={
        "execute": True,
        "target.name": "dev",
        "target.schema": "dev",
        "target.type": "duckdb",
        "flags.FULL_REFRESH": False,
        "this.schema": "dev",
    },
    variables={"place": "analytics", "names": ["audit", "analytics"], "unset": NOT_SET},
    environ={"PLACE": "analytics", "DEPLOYS": "false", "UNSET": NOT_SET},
    macros=MACROS,
    package="shop",
    root="shop",
)


def _run(adapter_type: str) -> Run:
    return run_of(parse(BLOCK, {}), Target("dev", "warehouse", "dev", "", adapter_type), {})


def _relation(kind: str, names: tuple[str, ...]) -> Relation | None:
    return {
        ("source", "loaded"): Relation("vault", "raw", names[-1]),
        ("source", "own"): Relation("warehouse", "raw", names[-1]),
        ("ref", "unbuilt"): Relation("warehouse", "analytics", names[-1]),
    }.get((kind, names[0]))


def _refused(text: str, dialect: str = "postgres") -> list[str]:
    reading = read_given(text, dialect, GIVEN)
    assert reading.problem is None
    return [
        one.relation for one in refused_texts(_run(dialect), "it", reading, _relation, rule="hook writes")
    ]


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("delete from warehouse.analytics.orders", "warehouse.analytics.orders"),
        ("delete from analytics.orders", "analytics.orders"),
        ('insert into "ANALYTICS_eu"."orders" select 1', "ANALYTICS_eu.orders"),
        ("select 1; update vault.raw.orders set a = 1", "vault.raw.orders"),
        ("merge into analytics.orders o using {{ this }} t on o.id = t.id when matched then delete", None),
        ("create or replace view analytics.orders as select * from {{ this }}", "analytics.orders"),
        ("alter table analytics.orders rename to gone", "analytics.orders"),
        ("drop function analytics.tidy(int)", "analytics.tidy"),
        ("truncate analytics.orders", "analytics.orders"),
        ("drop schema analytics cascade", "analytics"),
        ("create schema if not exists warehouse.analytics", "warehouse.analytics"),
        ("grant select on schema analytics to reporter", "analytics"),
        ("grant select on analytics.orders to reporter", "analytics.orders"),
        ("set search_path to analytics, public", "analytics"),
        ("drop database vault", "vault"),
        ("do $$ begin delete from analytics.orders; end $$", "analytics.orders"),
        ("with gone as (delete from analytics.orders returning *) select * from gone", "analytics.orders"),
        # Branches that this run takes, or may take.
        ("{% if target.name == 'dev' %}delete from analytics.orders{% endif %}", None),
        ("{% if target.name != 'prod' %}delete from analytics.orders{% endif %}", None),
        ("{% if target.name not in ['prod', 'prd'] %}delete from analytics.orders{% endif %}", None),
        ("{% if is_incremental() %}delete from analytics.orders{% endif %}", None),
        ("{% if is_incremental() %}select 1{% else %}delete from analytics.orders{% endif %}", None),
        ("{% if execute %}delete from analytics.orders{% endif %}", None),
        ("{% if env_var('DEPLOYS') != 'true' %}delete from analytics.orders{% endif %}", None),
        ("{% if not flags.FULL_REFRESH %}delete from analytics.orders{% endif %}", None),
        ("{% for one in results %}delete from analytics.orders{% endfor %}", None),
        # Names that are made.
        ("{% set place = 'analytics' %}delete from {{ place }}.orders", None),
        ("delete from {{ var('place') }}.orders", None),
        ("delete from {{ var('unset', 'analytics') }}.orders", None),
        ("delete from {{ env_var('PLACE') }}.orders", None),
        ("delete from {{ env_var('UNSET', 'analytics') }}.orders", None),
        ("{% for one in var('names') %}delete from {{ one }}.orders; {% endfor %}", None),
        ("delete from {{ 'ana' ~ 'lytics' }}.orders", None),
        ("{% do run_query('delete from analytics.orders') %}", None),
        ("{% call statement('x') %}delete from analytics.orders{% endcall %}", None),
        ("{% do adapter.drop_schema(api.Relation.create(schema='analytics')) %}", "analytics"),
        (
            "delete from {{ source('loaded', 'orders') }}",
            "source('loaded', 'orders'), which is vault.raw.orders",
        ),
        ("delete from {{ ref('unbuilt') }}", "ref('unbuilt'), which is warehouse.analytics.unbuilt"),
        ("{{ after_commit('delete from analytics.orders') }}", None),
        # Macros.
        ("{{ wipe('analytics') }}", None),
        ("{{ wipe(table='orders', schema='analytics') }}", None),
        ("{% do run_wipe('analytics') %}", None),
        ("{{ shop.wipe('analytics') }}", None),
        ("{{ wipe('dev') }}; {{ wipe('analytics') }}", None),
        ("{{ only_in('dev') }}", None),
        ("{{ tools.public() }}", None),
        ("{{ tools.drop_all(['dev', 'analytics', 'other']) }}", "warehouse.analytics"),
    ],
)
def test_refused(text: str, relation: str | None) -> None:
    """Each names one protected relation that this run would write."""
    assert _refused(text) == [relation or "analytics.orders"]


@pytest.mark.parametrize(
    "text",
    [
        "delete from {{ this }}",
        "insert into audit.log values (1)",
        "insert into log values (1)",
        "insert into {{ target.schema }}.log values (1)",
        "insert into {{ this.schema }}.log select * from analytics.orders",
        "insert into audit.log select * from analytics.orders",
        "select * from vault.raw.orders",
        "select 'delete from analytics.orders'",
        "-- delete from analytics.orders",
        "{# delete from analytics.orders #}",
        "create temp table analytics as select 1; drop table analytics",
        "grant usage on database warehouse to reporter",
        "drop table {{ ref('orders') }}",
        "delete from {{ source('own', 'orders') }}",
        "delete from {{ source('none', 'orders') }}",
        # Branches of other runs.
        "{% if target.name == 'prod' %}delete from analytics.orders{% endif %}",
        "{% if target.name in ['prod', 'prd'] %}delete from analytics.orders{% endif %}",
        "{% if target.name.startswith('prod') %}delete from analytics.orders{% endif %}",
        "{% if target.name | upper == 'PROD' %}delete from analytics.orders{% endif %}",
        "{% if target['name'] == 'prod' %}delete from analytics.orders{% endif %}",
        "{% if target.get('name') == 'prod' %}delete from analytics.orders{% endif %}",
        "{% if target.name[:2] == 'pr' %}delete from analytics.orders{% endif %}",
        "{% if target.schema == 'analytics' %}delete from analytics.orders{% endif %}",
        "{% if this.schema == 'analytics' %}delete from analytics.orders{% endif %}",
        "{% if target.name == 'prod' and is_incremental() %}delete from analytics.orders{% endif %}",
        "{% if is_incremental() and target.name == 'prod' %}delete from analytics.orders{% endif %}",
        "{% if target.name == 'dev' %}select 1{% else %}delete from analytics.orders{% endif %}",
        "{% if target.name == 'dev' or is_incremental() %}{% else %}delete from analytics.orders{% endif %}",
        "{% if is_incremental() or target.name == 'dev' %}{% else %}delete from analytics.orders{% endif %}",
        "{% if not execute %}delete from analytics.orders{% endif %}",
        "{% if env_var('DEPLOYS') == 'true' %}delete from analytics.orders{% endif %}",
        "{% if env_var('DEPLOYS') | as_bool %}delete from analytics.orders{% endif %}",
        "{% if env_var('UNSET', '') == '1' %}delete from analytics.orders{% endif %}",
        "{% if var('unset', false) %}delete from analytics.orders{% endif %}",
        "{% if flags.FULL_REFRESH %}delete from analytics.orders{% endif %}",
        "{{ 'delete from analytics.orders' if target.name == 'prod' else 'select 1' }}",
        "delete from {{ 'analytics' if target.name == 'prod' else target.schema }}.orders",
        "delete from {{ {'prod': 'analytics', 'dev': 'dev'}[target.name] }}.orders",
        "{% for one in ['dev', 'analytics'] if one == target.schema %}delete from {{ one }}.x;{% endfor %}",
        # What only running it would tell.
        "delete from {{ unknown() }}.orders",
        "delete from {{ var('another') }}.orders",
        "delete from {{ run_query('select 1').columns[0] }}",
        # Macros.
        "{{ wipe('dev') }}",
        "{{ wipe(target.schema) }}",
        "{% if target.name == 'prod' %}{{ wipe('analytics') }}{% endif %}",
        "{{ only_in('prod') }}",
        "{{ stop() }}delete from analytics.orders",
        "{{ tools.round(1) }}",
    ],
)
def test_let_through(text: str) -> None:
    """Nothing that this run would write is protected, as far as the text says."""
    assert _refused(text) == []


@pytest.mark.parametrize(
    ("dialect", "text", "relations"),
    [
        ("duckdb", "delete from vault.orders", ["vault.orders"]),
        ("postgres", "delete from vault.orders", []),
        ("duckdb", "use vault", ["vault"]),
        ("snowflake", "use database vault", ["vault"]),
        ("snowflake", "use schema analytics", ["analytics"]),
        ("snowflake", "use warehouse vault", []),
        ("snowflake", "create table dev.copy clone analytics.orders", []),
        ("snowflake", "alter table dev.orders swap with analytics.orders", ["analytics.orders"]),
        ("bigquery", "delete from `vault.raw.orders` where true", ["vault.raw.orders"]),
        ("databricks", "optimize analytics.orders", ["analytics.orders"]),
        ("tsql", "truncate table vault.raw.orders", ["vault.raw.orders"]),
    ],
)
def test_engines(dialect: str, text: str, relations: list[str]) -> None:
    """What a name means differs."""
    assert _refused(text, dialect) == relations


def test_the_refusal_names_owner_and_remedy() -> None:
    """Who owns the place, and where such SQL belongs."""
    reading = read_given("delete from analytics.orders", "duckdb", GIVEN)
    [refused] = refused_texts(_run("duckdb"), "it", reading, _relation, rule="hook writes")
    assert refused.what == "it"
    assert refused.refusal.rule == "hook writes"
    assert refused.refusal.reason.startswith("environment 'prod' owns warehouse.analytics, and this run is")
    assert "{% if target.name == 'prod' %}" in refused.refusal.remedy


def test_unreadable_text_is_a_problem() -> None:
    """It is not refused, and says so."""
    assert read_given("{% if %}", "duckdb", GIVEN).problem is not None
    broken = Given(macros={"shop.x": "{% macro x() %}{% if %}{% endmacro %}"}, package="shop", root="shop")
    assert read_given("{{ x() }}", "duckdb", broken).problem is not None
