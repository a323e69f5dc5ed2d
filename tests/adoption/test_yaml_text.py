"""Lines put into a user's YAML and taken out again."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.adoption.yaml_text import (
    MARK,
    add_to_list,
    add_to_mapping,
    remove_from_list,
    remove_from_mapping,
)
from dbt_isolation.errors import IsolationError

BLOCK = ["ours:", "  environments:", "    prod: {targets: [prod]}"]
ENTRY = ["- git: https://example.com/ours.git", "  revision: v1"]


def ours(entry: object) -> bool:
    """Whether it is the entry of these tests."""
    return isinstance(entry, dict) and "ours" in str(entry.get("git"))


def there_and_back(text: str) -> str:
    """The text with the block, which means what it should, and which leads back."""
    added = add_to_mapping(text, "f.yml", "vars", "ours", BLOCK)
    before, after = yaml.safe_load(text) or {}, yaml.safe_load(added)
    assert after["vars"].pop("ours") == {"environments": {"prod": {"targets": ["prod"]}}}
    assert after == {**before, "vars": before.get("vars") or {}}
    assert list(after)[: len(before)] == list(before), "the order of keys"
    assert remove_from_mapping(added, "f.yml", "vars", "ours") == text
    assert add_to_mapping(added, "f.yml", "vars", "ours", BLOCK) == added
    return added


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "name: x\n",
        "name: x",
        "\ufeffname: x\nvars:\n  a: 1\n"[1:],
        "name: x\r\nvars:\r\n  a: 1\r\nmodels: {}\r\n",
        "name: x\r\nmodels: {}",
        "vars:\n  a: 1\n\nmodels:\n  x: {}\n",
        "vars: # all of them\n    # deep\n    a: 1 # one\n    b:\n    - 1\n",
        "vars:\nname: x\n",
        "vars:",
        "name: x\nvars:\n    a: &deep {b: 1}\n    c: *deep\n",
        "base: &base\n  a: 1\nvars:\n  <<: *base\n  b: 2\n",
        "vars:\n  text: |\n    lines\n\n    more\n\nname: x\n",
        "vars:\n  text: >-\n    folded\n    text\n",
        "vars:\n\n\n  a: 1\n# the end\n",
        '---\nname: "x" # it\nvars:\n  "a": \'1\'\n',
        "vars:\n  a: 1 # lines\u2028  b: 1\x85\n\nc: 1\n",
        "name: x\n\n\n",
    ],
)
def test_every_other_byte_stays(text: str) -> None:
    """Comments, order, quotes, line ends, anchors and blank lines."""
    added = there_and_back(text)
    missing = [line for line in text.splitlines() if line not in added.splitlines()]
    assert not missing


NAMES = st.sampled_from(["a", "b", "c_d", "+e", "ours_too"])
SCALARS = st.sampled_from(
    ["1", "text", "'quoted # no comment'", '"ü"', "[1, {a: 2}]", "{}", "|\n{pad}  lines\n"]
)
COMMENTS = st.sampled_from(["", " # why", "\n", "\n\n{pad}# below"])


@st.composite
def mappings(draw: st.DrawFn, depth: int = 0) -> str:
    """The lines of a block mapping, indented by its depth."""
    pad = "  " * depth
    lines = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        if depth < 2 and draw(st.booleans()):
            lines.append(f"{pad}{name}:\n{draw(mappings(depth + 1))}")
            continue
        value = draw(SCALARS).replace("{pad}", pad)
        comment = "" if "\n" in value else draw(COMMENTS).replace("{pad}", pad)
        lines.append(f"{pad}{name}: {value.rstrip()}{comment}\n")
    return "".join(lines)


@given(st.booleans(), mappings(1), mappings(), mappings(), st.booleans(), st.booleans())
def test_any_file(has_vars: bool, variables: str, before: str, after: str, crlf: bool, final: bool) -> None:
    """Whatever stands around and below."""
    keys_after = "".join(
        f"z{line}" if line[:1] in "abc+o" else line for line in after.splitlines(keepends=True)
    )
    text = before + (f"vars:\n{variables}" if has_vars else "") + keys_after
    if not final:
        # With a line end, text that is the last value would be other text.
        text += "zend: 1"
    there_and_back(text.replace("\n", "\r\n") if crlf else text)


@pytest.mark.parametrize(
    "text",
    [
        "vars: {a: 1}\n",
        "{name: x}\n",
        "a: &shared\n  b: 1\nvars: *shared\n",
        "name: x\n...\n",
        "vars: null\n",
        "vars: [1]\n",
    ],
)
def test_what_lines_cannot_be_put_into(text: str) -> None:
    """Is left to the user, with the lines to write."""
    with pytest.raises(IsolationError) as caught:
        add_to_mapping(text, "f.yml", "vars", "ours", BLOCK)
    assert "f.yml" in caught.value.message
    assert "ours:" in caught.value.hint or "mapping" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: x\n\tvars: 1\n", "f.yml:2:1: not valid YAML"),
        ("name: x\n<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> theirs\n", "f.yml:2: a merge conflict"),
        ("- a\n", "a mapping is needed"),
        ("a: 1\n---\nb: 1\n", "f.yml:2:1: not valid YAML"),
    ],
)
def test_what_is_no_yaml(text: str, says: str) -> None:
    """The place of what is wrong."""
    with pytest.raises(IsolationError, match=says):
        add_to_mapping(text, "f.yml", "vars", "ours", BLOCK)
    with pytest.raises(IsolationError, match=says):
        remove_from_mapping(text, "f.yml", "vars", "ours")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "packages:\n",
        "packages:\n  - local: x\n",
        "packages:\n- local: x # why\n\n# more\n- package: a/b\n  version: [1]\n",
        "projects:\n  - name: other\n",
        "packages:\r\n    - local: x",
    ],
)
def test_lists(text: str) -> None:
    """An entry in a list, with its indentation, and out again."""
    added = add_to_list(text, "p.yml", "packages", ENTRY)
    before = (yaml.safe_load(text) or {}).get("packages") or []
    assert yaml.safe_load(added)["packages"] == [
        {"git": "https://example.com/ours.git", "revision": "v1"},
        *before,
    ]
    assert remove_from_list(added, "p.yml", "packages", ours) == text
    assert remove_from_list(text, "p.yml", "packages", ours) == text


@pytest.mark.parametrize(
    "entry",
    [
        ["- git: https://example.com/ours", "  hooks:", "    - id: a", "    - id: b", "      args: [x]"],
        ["- git: https://example.com/ours", "  hooks:", "  - - 1", "    - a:", "        - 2"],
    ],
)
@pytest.mark.parametrize("pad", ["", "    "])
def test_lists_in_lists(entry: list[str], pad: str) -> None:
    """An entry that ends with a block within blocks ends where that does."""
    text = f"packages:\n{pad}-   local: x\n{pad}    more:\n{pad}    -   a: 1\nname: x\n"
    added = add_to_list(text, "p.yml", "packages", entry)
    assert remove_from_list(added, "p.yml", "packages", ours) == text


def test_what_the_user_wrote_since_goes_too() -> None:
    """The key goes with all that is under it; what follows stays."""
    added = there_and_back("name: x\nmodels: {}\n")
    edited = added.replace("{targets: [prod]}", "\n        targets:\n          - prod\n          - prd # new")
    assert remove_from_mapping(edited, "f.yml", "vars", "ours") == "name: x\nmodels: {}\n"
    more = f"{edited}  mine: 1\n"
    kept = remove_from_mapping(more, "f.yml", "vars", "ours")
    assert kept == f"name: x\nmodels: {{}}\n\n{MARK}\nvars:\n  mine: 1\n"
