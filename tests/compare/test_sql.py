"""Which SQL each side is compared by: as compiled, as the release has it, or as it is likely to be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbt_isolation.compare.change import ChangeKind
from dbt_isolation.compare.comparison import NodeChange
from tests.compare.sides import RAW, Sides
from tests.state.artifacts import Shop

TOP = "model.shop.top"
#: As a later run has it, between the two parts of its code.
LATER = "{% if is_incremental() %} where cents > 5{% endif %}"
CODE = "select id, cents from {{ source('raw', 'payments') }}"


def _fill(shop: Shop) -> None:
    shop.source("payments")
    shop.entries["macros"]["macro.dbt.is_incremental"] = {
        "name": "is_incremental",
        "package_name": "dbt",
        "macro_sql": "{% macro is_incremental() %}{{ return(true) }}{% endmacro %}",
    }
    _top(shop, LATER)


def _top(shop: Shop, later: str, code: str = CODE, *, full: bool = True, **more: Any) -> None:
    """Writes the incremental model; ``full``: dbt compiled it to build all of it."""
    branch = later.partition("%}")[2].partition("{%")[0]
    relation = '"warehouse"."raw"."payments"'
    compiled = code.replace("{{ source('raw', 'payments') }}", relation) + ("" if full else branch)
    shop.model("top", code + later, RAW, materialized="incremental", compiled_code=compiled, **more)


Changed = Callable[[Callable[[Shop], object]], NodeChange]


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """What a change of the project is; production compiled the model to build all of it."""

    def found(edit: Callable[[Shop], object]) -> NodeChange:
        def before(shop: Shop) -> None:
            _fill(shop)
            shop.compile = lambda *names: None  # type: ignore[method-assign]

        sides = Sides(tmp_path, before)
        edit(sides.shop)
        (node,) = sides.compared(compiled=False).nodes
        return node

    return found


def _kind(node: NodeChange) -> ChangeKind:
    assert node.change is not None
    return node.change.kind


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize(
    ("later", "code", "kind"),
    [
        (LATER.replace("5", "6"), CODE, ChangeKind.MODEL_WIDE),
        ("", CODE, ChangeKind.MODEL_WIDE),
        (LATER, CODE.replace("cents", "cents + 1 as cents"), ChangeKind.COLUMN),
        (LATER, CODE.replace("id,", "id + 1 as id,"), ChangeKind.COLUMN),
        (LATER, CODE.replace("cents", "cents, id as again"), ChangeKind.ADDITIVE),
        (LATER, f"-- once more\n{CODE}", ChangeKind.NONE),
        (LATER.replace("> 5", ">  5"), CODE, ChangeKind.NONE),
    ],
)
def test_an_incremental_model(later: str, code: str, kind: ChangeKind, full: bool, changed: Changed) -> None:
    """In both ways, whichever dbt compiled: its branch is a part of it, and no difference by itself."""
    found = changed(lambda shop: _top(shop, later, code, full=full))
    assert _kind(found) is kind


def test_its_first_run_alone(changed: Changed) -> None:
    """A branch that only the first run takes."""
    code = f"{CODE}{{% if not is_incremental() %}} where id > 1{{% endif %}}"

    def edit(shop: Shop) -> None:
        _top(shop, "", CODE)
        shop.entries["nodes"][TOP]["raw_code"] = code
        shop.entries["nodes"][TOP]["compiled_code"] += " where id > 1"

    assert _kind(changed(edit)) is ChangeKind.MODEL_WIDE


def test_what_was_compiled_otherwise_than_it_is_rendered(changed: Changed) -> None:
    """Nobody knows the other way then."""

    def edit(shop: Shop) -> None:
        _top(shop, LATER, f"{CODE} ")
        shop.entries["nodes"][TOP]["compiled_code"] += " where from_nowhere"
        shop.entries["nodes"][TOP]["raw_code"] += " -- x"

    found = changed(edit)
    assert _kind(found) is ChangeKind.UNKNOWN
    assert found.change is not None
    assert "depends on what is there" in found.change.reason


def test_its_key(changed: Changed) -> None:
    """A value that says which rows are replaced is more than a column."""
    config = {"unique_key": "id"}
    found = changed(lambda shop: _top(shop, LATER, CODE.replace("id,", "id + 1 as id,"), config=config))
    assert _kind(found) is ChangeKind.MODEL_WIDE


def test_what_it_is_compared_with(tmp_path: Path) -> None:
    """A later run that goes by the greatest value there is takes other rows where that is another."""

    def fill(shop: Shop) -> None:
        _fill(shop)
        _top(shop, "{% if is_incremental() %} where cents > (select max(cents) from {{ this }}){% endif %}")
        shop.compile = lambda *names: None  # type: ignore[method-assign]

    sides = Sides(tmp_path, fill)
    entry = sides.shop.entries["nodes"][TOP]
    for key in ("raw_code", "compiled_code"):
        entry[key] = entry[key].replace("id, cents", "id, cents + 1 as cents")
    (node,) = sides.compared(compiled=False).nodes
    assert _kind(node) is ChangeKind.MODEL_WIDE
    assert node.change is not None
    assert node.change.columns == ("cents",)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_model(compiled: bool, tmp_path: Path) -> None:
    """As compiled, or as it is rendered where it was not: the same answer."""

    def fill(shop: Shop) -> None:
        shop.source("payments")
        shop.model("top", CODE, RAW)

    sides = Sides(tmp_path, fill)
    sides.shop.model("top", CODE.replace("cents", "cents + 1 as cents"), RAW)
    (node,) = sides.compared(compiled=compiled).nodes
    assert _kind(node) is ChangeKind.COLUMN
    assert node.uncertain == ()


def test_what_cannot_be_rendered(tmp_path: Path) -> None:
    """Is unknown, with why; what is as released is taken from there."""

    def fill(shop: Shop) -> None:
        shop.source("payments")
        shop.model("top", CODE, RAW)
        shop.model("below", "select id from {{ ref('top') }}", TOP)

    sides = Sides(tmp_path, fill)
    sides.shop.model("top", f"{CODE} where {{{{ run_query('select 1') }}}}", RAW)
    found = sides.compared(compiled=False)
    (node,) = found.nodes
    assert _kind(node) is ChangeKind.UNKNOWN
    assert node.change is not None
    assert "not compiled" in node.change.reason
    assert [(one.unique_id, one.rows) for one in found.reached] == [("model.shop.below", True)]


def test_a_macro_that_changes_no_sql(tmp_path: Path) -> None:
    """What differs in the compiled text by the schema alone is shown as the same."""

    def fill(shop: Shop) -> None:
        shop.source("payments")
        shop.model("top", CODE, RAW)
        shop.macro("x", "{% macro x() %}1{% endmacro %}")
        shop.model("below", "select id, {{ x() }} as one from {{ ref('top') }}", TOP, macros=["macro.shop.x"])
        shop.entries["nodes"]["model.shop.below"]["compiled_code"] = (
            f'select id, 1 as one from "warehouse"."{shop.schema}"."top"'
        )
        shop.compile = lambda *names: None  # type: ignore[method-assign]

    sides = Sides(tmp_path, fill)
    sides.shop.macro("x", "{% macro x() %}1{# one #}{% endmacro %}")
    (node,) = sides.compared(compiled=False).nodes
    assert _kind(node) is ChangeKind.NONE
    assert node.before == node.now
