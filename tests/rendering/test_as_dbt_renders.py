"""Generated templates of known values, held against dbt's own Jinja."""

from typing import Any

import pytest
from dbt.clients.jinja import get_rendered
from hypothesis import given
from hypothesis import strategies as st

from tests.rendering.test_likely_sql import likely, variable

_ATOMS = st.sampled_from(
    [
        *(
            "x",
            "y",
            "1",
            "2.5",
            "'a'",
            "'B c'",
            "[]",
            "[1, 'b', 3]",
            "{'k': 1, 'l': 'm'}",
            "none",
            "true",
            "()",
        ),
        *("var('days')", "var('tiers')", "var('nobody', 'd')", "execute", "namespace(n=1)", "range(3)"),
    ]
)
_FILTERS = (
    *("upper", "length", "join(',')", "list", "first", "default('z')", "int", "string", "sort", "reverse"),
    *("replace('a', 'b')", "unique | list", "trim", "tojson", "as_bool", "as_text", "map('upper') | list"),
)
_SIGNS = ("+", "-", "*", "~", "==", "<", "and", "or", "in", "not in", "%")
_TESTS = ("defined", "none", "string", "mapping", "iterable", "number", "not none", "odd")


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} | {})".format, inner, st.sampled_from(_FILTERS)),
        st.builds("({} {} {})".format, inner, st.sampled_from(_SIGNS), inner),
        st.builds("({} is {})".format, inner, st.sampled_from(_TESTS)),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{}.items()".format, inner),
        st.builds("{}.{}".format, inner, st.sampled_from(["k", "n", "nothing", "upper()", "keys() | list"])),
    )


_EXPRESSIONS = st.recursive(_ATOMS, _larger, max_leaves=5)


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    name = st.sampled_from("xyz")
    return st.one_of(
        st.builds("{{%- if {} -%}} {} {{% else %}}{}{{% endif %}}".format, _EXPRESSIONS, inner, inner),
        st.builds(
            "{{% for {} in {} %}}{}{{{{ loop.last }}}}{{% endfor %}}".format, name, _EXPRESSIONS, inner
        ),
        st.builds("{{% for x, y in {} %}}{}{{% else %}}-{{% endfor %}}".format, _EXPRESSIONS, inner),
        st.builds("{{% set {} = {} %}}{}".format, name, _EXPRESSIONS, inner),
        st.builds("{{% set {} %}}{}{{% endset %}}{}".format, name, inner, inner),
        st.builds("{{% filter upper %}}{}{{% endfilter %}}".format, inner),
        st.builds("{}\n{}".format, inner, inner),
    )


_TEMPLATES = st.recursive(
    st.builds("{{{{ {} }}}}".format, _EXPRESSIONS) | st.sampled_from(["select 1", " -- x\n", ""]),
    _blocks,
    max_leaves=6,
)


def _var(name: str, default: Any = None) -> Any:
    try:
        return variable("shop", name)
    except KeyError:
        return default


@given(_TEMPLATES)
def test_as_dbt_renders(raw_code: str) -> None:
    """What is certain is what dbt makes of it, if dbt makes anything of it."""
    found = likely(raw_code)
    try:
        expected = get_rendered(raw_code, {"var": _var, "execute": True})
    except Exception:
        return
    if not found.uncertain:
        assert found.sql == expected


@pytest.mark.parametrize("code", ["{{ [1, 2] | sum }}", "{{ var('tiers') | map('upper') | join('-') }}"])
def test_what_is_known_is_certain(code: str) -> None:
    """So that the test above has something to hold."""
    assert likely(code).uncertain == ()
