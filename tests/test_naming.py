"""Properties of templates, slugs and globs."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation import naming
from dbt_isolation.errors import IsolationError

_GLOBS = st.text(alphabet="ab_*", max_size=8)
_NAMES = st.text(alphabet="ab_", max_size=8)
_PIECES = st.sampled_from([*(f"{{{token}}}" for token in naming.TOKENS), "{env:BRANCH}", "_", "a", "dw"])
_TEMPLATES = st.lists(_PIECES, max_size=6).map("".join)


@given(st.text())
def test_a_slug_is_an_identifier_and_stays(text: str) -> None:
    """Only a-z, 0-9 and single inner underscores, and a slug of a slug is itself."""
    slug = naming.slug(text)
    assert re.fullmatch(r"([a-z0-9]+(_[a-z0-9]+)*)?", slug)
    assert naming.slug(slug) == slug


@given(_GLOBS, _NAMES)
def test_a_glob_matches_as_one_star_at_a_time(glob: str, name: str) -> None:
    """Against the definition: a star is nothing, or one character and a star."""

    def fits(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return fits(pattern[1:], text) or (bool(text) and fits(pattern, text[1:]))
        return bool(text) and pattern[0] == text[0] and fits(pattern[1:], text[1:])

    assert naming.matches(glob, name) == fits(glob, name)


@given(_GLOBS, _GLOBS, _NAMES)
def test_patterns_that_share_a_name_overlap(left: str, right: str, name: str) -> None:
    """No common name may be missed, and overlapping is symmetric."""
    if naming.matches(left, name) and naming.matches(right, name):
        assert naming.overlap(left, right)
    assert naming.overlap(left, right) == naming.overlap(right, left)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [("a*", "*b", True), ("a*", "b*", False), ("*", "", True), ("a", "a*a", False), ("a*b*", "*c", True)],
)
def test_overlap(left: str, right: str, expected: bool) -> None:
    """Both answers occur."""
    assert naming.overlap(left, right) is expected


@given(_TEMPLATES, st.dictionaries(st.sampled_from([*naming.TOKENS, "env:BRANCH"]), _NAMES))
def test_the_patterns_of_a_template_cover_its_names(template: str, values: dict[str, str]) -> None:
    """Whatever the values, the name fits one of the template's globs."""
    filled = dict.fromkeys([*naming.TOKENS, "env:BRANCH"], "") | values
    name = naming.expand(template, filled)
    assert any(naming.matches(glob, name) for glob in naming.patterns(template))


@given(
    st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=300),
    st.sampled_from(["postgres", "duckdb"]),
)
def test_a_cut_name_fits_and_differs(name: str, adapter_type: str) -> None:
    """Short names stay, long ones fit the engine and depend on all of the name."""
    limit = naming.IDENTIFIER_LIMITS.get(adapter_type, naming.DEFAULT_IDENTIFIER_LIMIT)
    cut = naming.cut(name, adapter_type)
    assert len(cut) <= limit
    assert (cut == name) == (len(name) <= limit)
    if cut != name:
        assert naming.cut(name + "x", adapter_type) != cut


@given(st.text(alphabet="{}ab_:env", max_size=20))
def test_any_template_is_read_or_refused(template: str) -> None:
    """Every text is either understood, and then expands, or an error with a message."""
    try:
        tokens = list(naming.tokens(template))
    except IsolationError as error:
        assert repr(template)[1:-1] in error.message
    else:
        assert "{" not in naming.expand(template, dict.fromkeys(tokens, "x"))
