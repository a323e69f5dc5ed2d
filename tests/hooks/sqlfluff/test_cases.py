"""Every case of every rule, rendered and not; and the rules agree with the checks."""

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlfluff.core.plugin.host import get_plugin_manager
from sqlfluff.core.rules import get_ruleset

from dbt_isolation.checks import CHECKS
from isolation_hooks.sqlfluff import get_rules
from isolation_hooks.sqlfluff.findings import CODES
from tests.hooks.sqlfluff.project import found, lint, make, mended, write
from tests.projects import ROOT

FOLDER = ROOT / "tests/cases/sqlfluff"
CASES: dict[str, dict[str, Any]] = {
    code: yaml.safe_load((FOLDER / f"{code}.yml").read_text(encoding="utf-8")) for code in CODES
}
NAMES = [(code, name) for code, cases in CASES.items() for name in cases if name != "rule"]


@pytest.mark.parametrize("templater", ["jinja", "raw"])
@pytest.mark.parametrize(("code", "name"), NAMES)
def test_case(code: str, name: str, templater: str, tmp_path: Path) -> None:
    """It finds what the case says where it says so, whatever is rendered, and mends what can be mended."""
    case = CASES[code][name]
    rule = CASES[code]["rule"]
    text = case.get("fail_str", case.get("pass_str"))
    file = write(make(tmp_path), case.get("path", "models/one.sql"), text)
    configs = case.get("configs", {})
    core = {**configs.get("core", {}), "templater": templater}
    configs = {**configs, "core": core}
    linted = lint(file, rules=rule, **configs)
    assert found(linted) == [(rule, line, position) for line, position in case.get("violations", ())]
    assert ("fail_str" in case) == bool(found(linted))
    fixed = mended(file, rules=rule, **configs)
    assert fixed == case.get("fix_str", text)
    if fixed != text:
        file.write_text(fixed, encoding="utf-8")
        assert len(found(lint(file, rules=rule, **configs))) < len(found(linted))
        assert mended(file, rules=rule, **configs) == fixed


@pytest.mark.parametrize("code", CODES)
def test_each_rule_both_fails_and_passes(code: str) -> None:
    """A case file without either would prove nothing."""
    assert CASES[code]["rule"] == f"Isolation_{code}"
    for what in ("fail", "pass"):
        names = [name for name in CASES[code] if name.startswith(f"test_{what}_")]
        assert names
        assert all(f"{what}_str" in CASES[code][name] for name in names)


def test_rules_agree() -> None:
    """A check of files has a rule, a module, a case file, a row in the page, and a section to read on."""
    codes = {code for code, row in CHECKS.items() if row.of_files}
    rules = {rule.code.removeprefix("Isolation_"): rule for rule in get_rules()}
    assert set(CODES) == set(rules) == codes == {file.stem for file in FOLDER.glob("*.yml")}
    page = (ROOT / "docs/sqlfluff.md").read_text(encoding="utf-8")
    for code, rule in rules.items():
        assert rule.__module__ == f"isolation_hooks.sqlfluff.{code.lower()}"
        assert rule.groups == ("all", "isolation")
        assert rule.is_fix_compatible == (code == "DI01")
        assert f"docs/checks.md#{code.lower()}" in (rule.__doc__ or "")
        assert f"| [`{rule.code}`](checks.md#{code.lower()}) | `{rule.name}` |" in page


def test_the_entry_point_resolves() -> None:
    """pyproject.toml names the plugin as sqlfluff looks for it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [(name, value)] = project["entry-points"]["sqlfluff"].items()
    plugin = EntryPoint(name, value, "sqlfluff").load()
    assert get_plugin_manager().get_plugin(name) in (plugin, None)
    assert plugin.get_rules is get_rules
    assert {rule.code for rule in get_rules()} <= set(get_ruleset().rule_reference_map())
