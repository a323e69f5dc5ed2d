"""The shape of the project: imports go down, tables agree with files, versions agree, the wheel is whole."""

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

import dbt_isolation
from dbt_isolation.adoption.hooks_entry import HOOK_IDS
from dbt_isolation.checks import CHECKS
from dbt_isolation.commands import COMMANDS
from dbt_isolation.config.block import load
from dbt_isolation.config.checks import CODES
from dbt_isolation.reports import FORMATS
from tests.guard import table
from tests.projects import ROOT

PACKAGE = ROOT / "dbt_isolation"
HOOKS = ROOT / "hooks/isolation_hooks"
STATIC = PACKAGE / "reports/static"
#: From top to bottom; a module may import what stands below its own line, and its own room.
TIERS = (
    ("isolation_hooks",),
    ("main",),
    ("commands", "guard"),
    ("reports",),
    ("diff_text", "graph_part", "graph_text"),
    ("excerpt",),
    ("adoption", "checked", "invocation"),
    ("dotenv_file",),
    ("installation", "operation"),
    ("checks",),
    ("places",),
    ("hook_writes",),
    ("writes",),
    ("reads", "sample"),
    ("compare",),
    ("records",),
    ("state",),
    ("lineage",),
    ("code", "rendering"),
    ("sql",),
    ("artifacts", "profile"),
    ("environments",),
    ("config",),
    ("naming",),
    ("outcome", "errors", "cache"),
)
RANK = {room: number for number, rooms in enumerate(TIERS) for room in rooms}


def _imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dbt_isolation."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("isolation_hooks"):
            found.add("isolation_hooks")
        elif isinstance(node, ast.ImportFrom) and node.module == "dbt_isolation":
            found.update(alias.name for alias in node.names if alias.name in RANK)
    return found


@pytest.mark.parametrize(
    "file",
    [*sorted(PACKAGE.rglob("*.py")), *sorted(HOOKS.rglob("*.py"))],
    ids=lambda file: str(file.relative_to(file.parents[1])),
)
def test_imports_go_down(file: Path) -> None:
    """A room imports rooms of lower tiers alone."""
    room = "isolation_hooks"
    if file.is_relative_to(PACKAGE):
        room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "__init__":
        return
    wrong = {other for other in _imports(file) if other != room and RANK[other] <= RANK[room]}
    assert not wrong, f"{room} may not import {', '.join(sorted(wrong))}"


def test_rooms_that_import_dbt() -> None:
    """Only the plugin runs inside dbt; everything else works without it."""
    for file in PACKAGE.rglob("*.py"):
        if "guard" not in file.parts:
            assert not re.search(r"^\s*(from|import) dbt(\.|_common| )", file.read_text(), re.MULTILINE), file


def test_importing_the_package_imports_nothing() -> None:
    """dbt imports it in every project."""
    code = "import sys; before = set(sys.modules); import dbt_isolation; print(set(sys.modules) - before)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.strip() == "{'dbt_isolation'}"


def test_one_version() -> None:
    """Python, macros, dbt package and changelog."""
    version = dbt_isolation.__version__
    assert f"version: {version}\n" in (ROOT / "dbt_project.yml").read_text()
    assert f"return('{version}')" in (ROOT / "macros/guard/version.sql").read_text()
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_one_public_macro_a_file() -> None:
    """The file's name is the macro's name."""
    for file in (ROOT / "macros").rglob("*.sql"):
        assert re.findall(r"\{%-?\s*macro\s+(\w+)", file.read_text()) == [file.stem]


def test_tables_agree_with_files() -> None:
    """Every command and report has a row and a module, and commands a page."""
    for folder, rows in (("commands", COMMANDS), ("reports", FORMATS)):
        modules = {file.stem for file in (PACKAGE / folder).glob("*.py")} - {"__init__"}
        assert modules == set(rows)
    for name in COMMANDS:
        assert f"## `{name}`" in (ROOT / "docs/commands.md").read_text()


def test_checks_agree() -> None:
    """Every check has a row, a module, a code in the configuration, a case file and a section."""
    modules = {file.stem.upper() for file in (PACKAGE / "checks").glob("di*.py")}
    cases = {file.stem for file in (ROOT / "tests/cases/checks").glob("*.yml")}
    page = (ROOT / "docs/checks.md").read_text()
    assert (
        modules == cases == set(CHECKS) == set(CODES) == set(re.findall(r"^## (DI\d\d)$", page, re.MULTILINE))
    )
    for code, row in CHECKS.items():
        assert f"| [{code}](#{code.lower()}) | {row.finds} | {row.severity} |" in page


def test_every_setting_is_documented() -> None:
    """A key that the block takes is in docs/configuration.md."""
    from dbt_isolation.config.block import ENVIRONMENT_KEYS, KEYS

    page = (ROOT / "docs/configuration.md").read_text()
    for key in (*KEYS, *ENVIRONMENT_KEYS):
        assert f"`{key}`" in page, key


def test_guards_page_shows_the_table() -> None:
    """docs/guards.md is made from the cells that are tested: `python -m tests.guard.table`."""
    text = table.PAGE.read_text(encoding="utf-8")
    assert table.page(text) == text


def test_the_shop_has_a_valid_block() -> None:
    """The example that everyone copies is right."""
    config = load(ROOT / "integration_tests", {})
    assert config is not None
    assert config.environments["prod"].protected


def test_links_of_pages_lead_somewhere() -> None:
    """Relative links in the README and docs/."""
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_wheel_is_whole(tmp_path: Path) -> None:
    """The package and the hooks alone, with its types marked and the licence."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "1800000000"},
        capture_output=True,
        timeout=120,
        check=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    modules = {str(file.relative_to(ROOT)) for file in PACKAGE.rglob("*.py")} | {"dbt_isolation/py.typed"}
    modules |= {str(file.relative_to(HOOKS.parent)) for file in HOOKS.rglob("*.py")}
    static = {str(file.relative_to(ROOT)) for file in STATIC.iterdir()}
    assert modules | static <= set(names)
    assert {name.split("/")[0] for name in names} == {
        "dbt_isolation",
        "isolation_hooks",
        f"dbt_isolation-{dbt_isolation.__version__}.dist-info",
    }


def test_vendored_files_are_as_they_came() -> None:
    """Each is named with its hash, and has its licence beside it."""
    page = (STATIC / "VENDORED.md").read_text(encoding="utf-8")
    vendored = {file.name: sha256(file.read_bytes()).hexdigest() for file in STATIC.glob("*.min.js")}
    assert dict(re.findall(r"^\| `([\w.]+)` \|.*\| `([0-9a-f]{64})` \|$", page, re.MULTILINE)) == vendored
    for name in vendored:
        assert "Permission is hereby granted" in (STATIC / name.replace("min.js", "LICENSE")).read_text(
            "utf-8"
        )


def test_the_lock_holds_what_the_project_asks_for() -> None:
    """Every dependency, of the project and of its tests, is pinned in both locks."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[<>=~!;[]", name)[0].strip().lower() for name in asked}
    for lock in ("requirements.lock", "requirements-dbt112.lock", "requirements-dbt110.lock"):
        pinned = re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text(), re.MULTILINE)
        # The dbt templater has no release for sqlfluff 4.5, which the lock of dbt 1.12 tests, and pages are
        # opened in a browser beside one dbt only.
        without = {"sqlfluff-templater-dbt"} if "dbt112" in lock else set()
        without |= {"playwright"} if "dbt11" in lock else set()
        assert names - without <= {name.lower() for name in pinned}, lock


def test_hooks_agree() -> None:
    """Every hook has an entry point of its own name, a module and a place in the page."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    page = (ROOT / "docs/hooks.md").read_text()
    for hook in hooks:
        module, _, function = scripts[hook["entry"]].partition(":")
        assert hook["id"] == hook["entry"]
        assert function == "main"
        assert (HOOKS.parent / f"{module.replace('.', '/')}.py").is_file()
        assert f"`{hook['id']}`" in page
    assert set(HOOK_IDS) == {hook["id"] for hook in hooks} == set(scripts) - {"dbt-isolation"}
