"""The page in a real browser: what is drawn, found, followed and moved, without a network."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from dbt_isolation.outcome import Block, Graph, Mark, Outcome, TextDiff, Vertex
from dbt_isolation.reports import html
from tests.reports.browser import TIMEOUT, chromium
from tests.reports.outcomes import HOSTILE
from tests.reports.test_golden import EXAMPLES

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("browser")]

Open: TypeAlias = Callable[..., Page]
COMPARE = EXAMPLES["compare"]
#: The picture's own model of itself, as Cytoscape keeps it at its element.
CY = "document.querySelector('.picture')._cyreg.cy"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all pages."""
    with chromium() as found:
        yield found


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens an outcome's page; at the end, it must have complained of nothing and asked for nothing."""
    wrong: list[str] = []
    asked: list[str] = []
    contexts: list[BrowserContext] = []

    def open_page(outcome: Outcome, **options: Any) -> Page:
        file = tmp_path / f"{len(contexts)}.html"
        with file.open("w", encoding="utf-8", errors="replace") as stream:
            html.write("compare", outcome, stream)
        context = browser.new_context(
            **{"offline": True, "viewport": {"width": 1200, "height": 900}, **options}
        )
        context.set_default_timeout(TIMEOUT)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        return page

    yield open_page
    assert not wrong
    assert len(asked) == len(contexts)
    assert all(url.startswith("file://") for url in asked)
    for context in contexts:
        context.close()


def names(page: Page, selector: str) -> set[str]:
    """The labels of such vertices."""
    return set(page.evaluate(f"{CY}.nodes({selector!r}).map((one) => one.data('label'))"))


def until(page: Page, holds: str) -> None:
    """Looks at each of many frames; Playwright's own way evaluates text, which the page forbids."""
    page.evaluate(
        "new Promise((done, give_up) => { let left = 600; const look = () => { "
        f"if ({holds}) done(); else if (left--) requestAnimationFrame(look); else give_up('never'); "
        "}; look(); })"
    )


def click(page: Page, label: str) -> None:
    """On the vertex with that label."""
    at = page.evaluate(f"{CY}.nodes().filter((one) => one.data('label') === {label!r}).renderedPosition()")
    page.locator(".picture").click(position=at)


def test_drawn(opened: Open) -> None:
    """Each vertex and edge, with its mark, inside the picture, in columns from left to right."""
    page = opened(COMPARE)
    assert page.locator(".picture canvas").first.is_visible()
    assert page.evaluate(f"[{CY}.nodes().length, {CY}.edges().length]") == [6, 5]
    assert names(page, ".broken") == {'page "1" <b>'}
    assert page.evaluate(f"[{CY}.edges('.added').length, {CY}.edges('.removed').length]") == [1, 1]
    assert page.evaluate(
        f"{CY}.edges().every((one) => one.source().position('x') < one.target().position('x'))"
    )
    assert page.evaluate(
        f"(() => {{ const b = {CY}.elements().renderedBoundingBox(); "
        f"return b.x1 >= 0 && b.y1 >= 0 && b.x2 <= {CY}.width() && b.y2 <= {CY}.height(); }})()"
    )
    legend = page.locator(".legend").inner_text()
    for sign, mark in (
        ("+", "added"),
        ("−", "removed"),
        ("~", "changed"),
        ("≈", "affected"),
        ("!", "broken"),
    ):
        assert sign in legend
        assert f"{mark} (1)" in legend
    # Something was painted, not only thought of.
    assert page.evaluate(
        "[...document.querySelectorAll('.picture canvas')].some((one) => one.getContext('2d')"
        ".getImageData(0, 0, one.width, one.height).data.some((value) => value))"
    )
    assert not page.locator("details pre").is_visible()


def test_search(opened: Open) -> None:
    """What matches is lit and in the middle; Enter goes from one to the next, Escape takes it back."""
    page = opened(COMPARE)
    page.fill("input", "MA")
    assert page.locator(".count").inner_text() == "1 of 6"
    assert names(page, ".found") == {"mart"}
    at = page.evaluate(f"{CY}.nodes('.found').renderedPosition()")
    assert at["x"] == pytest.approx(page.evaluate(f"{CY}.width() / 2"), abs=2)
    assert at["y"] == pytest.approx(page.evaluate(f"{CY}.height() / 2"), abs=2)
    page.fill("input", "m.")
    assert names(page, ".found") == {"stg", "new", "old", "mart", "same"}
    page.press("input", "Enter")
    page.press("input", "Enter")
    assert names(page, ".chosen") == {"new"}
    assert page.locator(".count").inner_text() == "2 of 5"
    assert page.locator(".said").inner_text().startswith("+ new · model · added · ")
    page.press("input", "Escape")
    assert page.evaluate(f"{CY}.elements('.found, .faded, .chosen').length") == 0
    page.fill("input", "nothing such")
    assert page.locator(".count").inner_text() == "0 of 6"


def test_click(opened: Open) -> None:
    """What is up- and downstream stays lit, and what it is is said; the background takes it back."""
    page = opened(COMPARE)
    hint = page.locator(".said").inner_text()
    click(page, "stg")
    assert names(page, ".chosen") == {"stg"}
    assert names(page, ".up") == {"same"}
    assert names(page, ".down") == {"mart", 'page "1" <b>'}
    assert names(page, ".faded") == {"new", "old"}
    said = page.locator(".said").inner_text()
    assert said == "~ stg · model · changed · 2 lines · m.stg · 1 upstream, 2 downstream"
    click(page, "mart")
    assert names(page, ".up") == {"same", "stg", "new", "old"}
    page.locator(".picture").click(position={"x": 5, "y": 5})
    assert page.evaluate(f"{CY}.elements('.faded').length") == 0
    assert page.locator(".said").inner_text() == hint


def test_pan_and_zoom(opened: Open) -> None:
    """By mouse, by wheel once it is chosen, by keys and by buttons; the wheel scrolls the page till then."""
    page = opened(COMPARE, viewport={"width": 1200, "height": 400})
    view = f"({{zoom: {CY}.zoom(), x: {CY}.pan().x, y: {CY}.pan().y}})"
    before = page.evaluate(view)
    box = page.locator(".picture").bounding_box()
    assert box
    left, top = box["x"] + 20, box["y"] + 20
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + 40, top + 30, steps=4)
    page.mouse.up()
    moved = page.evaluate(view)
    assert moved["x"] == pytest.approx(before["x"] + 40, abs=1)
    assert moved["y"] == pytest.approx(before["y"] + 30, abs=1)
    page.mouse.wheel(0, -200)
    until(page, f"{CY}.zoom() > {moved['zoom']}")
    page.keyboard.press("0")
    assert page.evaluate(view) == pytest.approx(before)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(view)["x"] == pytest.approx(before["x"] - 60)
    page.keyboard.press("+")
    assert page.evaluate(view)["zoom"] > before["zoom"]
    page.locator("button", has_text="all").click()
    page.locator("button", has_text="−").click()
    smaller = page.evaluate(view)
    assert smaller["zoom"] < before["zoom"]
    page.mouse.move(left, top)
    page.mouse.wheel(0, 200)
    until(page, "scrollY > 0")
    assert page.evaluate(view) == smaller


def test_keys_alone(opened: Open) -> None:
    """From the search box by Tab to the buttons and the picture, and out again."""
    page = opened(COMPARE)
    page.locator("input").focus()
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.classList.contains('picture')")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"


def test_side_by_side(opened: Open) -> None:
    """Both sides of a line stand beside each other; what is folded opens."""
    one = next(block for block in COMPARE.blocks if isinstance(block, TextDiff))
    page = opened(Outcome(blocks=(one,)))
    old, new = (page.locator(".diff tr", has_text="amount").locator(f"td.{side}") for side in ("old", "new"))
    boxes = old.bounding_box(), new.bounding_box()
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"] + 1
    assert page.locator("ins").first.inner_text().strip() == "* 2 as amount"
    folded = page.locator(".diff details td").first
    assert not folded.is_visible()
    page.locator(".diff summary").click()
    assert folded.is_visible()


def test_without_scripts(opened: Open) -> None:
    """The tree is there, and the changes of texts; what would need a script is not."""
    page = opened(COMPARE, java_script_enabled=False)
    assert "~ stg (model, 2 lines)" in page.locator("details pre").first.inner_text()
    assert page.locator("details pre").first.is_visible()
    assert not page.locator(".picture").is_visible()
    assert not page.locator("input").is_visible()
    page.locator("summary", has_text="models/stg.sql").click()
    assert page.locator("td.new").first.is_visible()


def test_hostile_words(opened: Open) -> None:
    """They are labels like others, drawn, found and said."""
    vertices = tuple(Vertex(text, text, text, text, Mark.ADDED) for text in HOSTILE)
    edges = tuple((HOSTILE[0], text) for text in HOSTILE)
    diffs: list[Block] = [TextDiff(text, text, text[::-1], text) for text in HOSTILE]
    page = opened(Outcome(blocks=(Graph(HOSTILE[0], "", vertices, edges), *diffs), summary=HOSTILE[0]))
    assert page.evaluate(f"{CY}.nodes().map((one) => one.data('label'))") == list(HOSTILE)
    page.fill("input", "</script>")
    page.press("input", "Enter")
    assert "</script><script>alert(1)</script>" in page.locator(".said").inner_text()
    page.fill("input", "gpj")
    page.press("input", "Enter")
    assert "\u202e" not in page.locator(".said").inner_text()


def test_two_graphs_in_the_dark(opened: Open) -> None:
    """Each has a picture of its own, in colours of the scheme, which may change while one looks."""
    page = opened(Outcome(blocks=(*COMPARE.blocks, *EXAMPLES["graph"].blocks)), color_scheme="dark")
    assert page.locator("section.drawn").count() == 2
    colour = f"{CY}.nodes('.added').style('background-color')"
    dark = page.evaluate(colour)
    page.emulate_media(color_scheme="light")
    until(page, f"{colour} !== {dark!r}")
    focus = "[...document.querySelectorAll('.picture')][1]._cyreg.cy.nodes('.focus').data('label')"
    assert page.evaluate(focus) == "orders"


def large(count: int) -> Graph:
    """As a project may be, with a circle in it."""
    dice = random.Random(1)
    vertices = tuple(
        Vertex(f"v{at}", f"weekly_orders_{at}", "model", "", dice.choice([None, None, *Mark]))
        for at in range(count)
    )
    edges = {(f"v{dice.randrange(max(0, at - 300), at)}", f"v{at}") for at in range(1, count) for _ in "ab"}
    return Graph("large", "", vertices, (*sorted(edges), (f"v{count - 1}", "v0")))


@pytest.mark.parametrize("count", [350, 1500])
def test_a_large_graph(opened: Open, count: int) -> None:
    """By either layout: all of it, no two vertices in one place, and still to be followed."""
    page = opened(Outcome(blocks=(large(count),)))
    assert page.evaluate(f"{CY}.nodes().length") == count
    places = page.evaluate(f"{CY}.nodes().map((one) => one.position('x') + ' ' + one.position('y'))")
    assert len(set(places)) == count
    page.fill("input", "orders_7")
    page.press("input", "Enter")
    assert names(page, ".chosen") == {"weekly_orders_7"}
    assert page.evaluate(f"{CY}.nodes('.down').length") > 10
    assert page.evaluate(f"{CY}.zoom()") > 0.7
