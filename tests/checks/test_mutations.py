"""The mutations of the corpus by themselves: what they make is still the same query."""

import pytest
import sqlglot
from jinja2 import Environment
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.checks.corpus import Case, cases
from tests.checks.mutations import MUTATIONS, is_query, pieces

MODELS = [case for case in cases() if case.is_model]
NAMES = {"sqlserver": "tsql"}


def tables(sql: str, dialect: str) -> set[str] | None:
    """The tables that sqlglot sees, without CTEs; None where it does not read the text."""
    try:
        trees = sqlglot.parse(sql, dialect=NAMES.get(dialect, dialect))
    except SqlglotError:
        return None
    ctes = {cte.alias.lower() for tree in trees if tree for cte in tree.find_all(exp.CTE)}
    found = (table for tree in trees if tree for table in tree.find_all(exp.Table))
    names = (".".join(part.name for part in table.parts).lower() for table in found)
    return {name for name in names if name not in ctes}


@pytest.mark.parametrize("case", MODELS, ids=lambda case: case.name)
def test_pieces_are_the_text(case: Case) -> None:
    """Nothing is lost, and Jinja is read as Jinja reads it."""
    found = pieces(case.text, case.dialect)
    assert "".join(piece.text for piece in found) == case.text
    Environment(extensions=["jinja2.ext.do"]).parse(case.text)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_mutations_keep_jinja(mutation: str) -> None:
    """The text is another one, it has the same Jinja, and Jinja can read it."""
    applied = 0
    for case in MODELS:
        text = MUTATIONS[mutation](case)
        if text is None:
            continue
        applied += 1
        Environment(extensions=["jinja2.ext.do"]).parse(text)
        before, after = (
            [piece.text for piece in pieces(one, case.dialect) if piece.kind in ("jinja", "string")]
            for one in (case.text, text)
        )
        assert set(before) <= set(after), case.name
    assert applied >= 50


@pytest.mark.parametrize("mutation", [name for name in MUTATIONS if name != "in_branch"])
def test_mutations_keep_tables(mutation: str) -> None:
    """sqlglot sees the same tables where it reads both."""
    compared = 0
    for case in MODELS:
        if "{{" in case.text or "{%" in case.text or "{#" in case.text:
            continue
        text = MUTATIONS[mutation](case)
        before = tables(case.text, case.dialect)
        after = None if text is None else tables(text, case.dialect)
        if before is not None and after is not None:
            compared += 1
            assert before == after, text
    assert compared >= 20


@pytest.mark.parametrize(
    ("text", "dialect", "expected"),
    [
        ("select 1", "postgres", True),
        ("{{ config(a=1) }}\n-- why\nwith a as (select 1) select * from a", "duckdb", True),
        ("with a as (select 1) select * from a", "sqlserver", False),
        ("from a select 1", "duckdb", False),
        ("select 1; select 2", "duckdb", False),
        ("select ';'", "duckdb", True),
        ("{% set q %} select 1 {% endset %} select 2", "duckdb", False),
        ("{% call statement('a') %} select 1 {% endcall %} select 2", "duckdb", False),
    ],
)
def test_what_is_a_query(text: str, dialect: str, expected: bool) -> None:
    """Only one query alone goes into brackets."""
    assert is_query(Case("", "", dialect, text, {})) is expected


@pytest.mark.parametrize(
    ("text", "dialect", "kinds"),
    [
        ("a 'b' c", "postgres", "code string code"),
        ('a "b" c', "postgres", "code name code"),
        ('a "b" c', "bigquery", "code string code"),
        ("a [b] c", "sqlserver", "code name code"),
        ("a[1]", "duckdb", "code"),
        ("'it''s' a", "postgres", "string code"),
        (r"'it\'s' a", "spark", "string code"),
        (r"'c:\' a", "postgres", "string code"),
        (r"e'it\'s' a", "postgres", "code string code"),
        ('"""a "b" c""" d', "bigquery", "string code"),
        ("$$ a ' b $$ c", "snowflake", "string code"),
        ("$x$ a $$ b $x$", "postgres", "string"),
        ("/* a /* b */ c */ d", "postgres", "comment code"),
        ("/* a /* b */ c", "bigquery", "comment code"),
        ("-- a {# b\n c #} d\n e", "postgres", "comment code"),
        ("# a", "bigquery", "comment"),
        ("#a", "sqlserver", "code"),
        ("'{{ ref('a') }}' b", "postgres", "string code"),
        ("{{ '}}' }} a", "postgres", "jinja code"),
        ("{% raw %}{{ a }}{% endraw %}", "postgres", "jinja code jinja"),
    ],
)
def test_pieces(text: str, dialect: str, kinds: str) -> None:
    """Quotes and comments as each dialect has them."""
    assert [piece.kind for piece in pieces(text, dialect)] == kinds.split()
