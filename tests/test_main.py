"""The command line as a user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import dbt_isolation
from dbt_isolation import main as command_line
from dbt_isolation.commands import doctor
from dbt_isolation.main import main
from tests.projects import Project


@pytest.fixture
def project(depot: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The depot as the current folder, with its stray target taken out of the profile."""
    copy = depot.copy(tmp_path / "depot")
    copy.edit("profiles.yml", "    unlisted: {<<: *connection, schema: analytics}\n", "")
    monkeypatch.chdir(copy.folder)
    monkeypatch.delenv("DBT_PROFILES_DIR", raising=False)
    monkeypatch.delenv("DBT_ISOLATION_ENVIRONMENT", raising=False)
    return copy


def test_doctor_all_fine(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A project that is set up."""
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "doctor: all fine" in shown
    assert "✗" not in shown
    assert "environment prod" in shown
    assert "written only where" not in shown


def test_doctor_says_what_to_do(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Each thing that is missing, with its remedy, and status 1."""
    (project.folder / "macros/generate_alias_name.sql").unlink()
    project.write("macros/generate_schema_name.sql", "{% macro generate_schema_name(a, b) %}x{% endmacro %}")
    (project.folder / "dbt_packages/dbt_isolation").unlink()
    project.edit("profiles.yml", "    prod: {", "    live: {")
    assert main(["doctor", "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["version"], report["command"], report["status"]) == (1, "doctor", "findings")
    found = {finding["message"]: finding["remedy"] for finding in report["findings"]}
    assert "dbt deps" in found["package: dbt_isolation is not installed"]
    line = "{% macro generate_alias_name(custom_alias_name=none, node=none) -%}"
    assert line in found["macro generate_alias_name: not in the project"]
    [own] = [
        message for message in found if message.startswith("macro generate_schema_name: does not return")
    ]
    assert "rename it to project_schema_name and run `dbt-isolation init`" in found[own]
    assert "add 'live' to the targets" in found["target live: no environment lists target 'live'"]


def test_doctor_for_one_target(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the target that was named; an unknown one is the user's mistake."""
    assert main(["doctor", "--target", "prod"]) == 0
    assert "target dev" not in capsys.readouterr().out
    assert main(["doctor", "--target", "prd"]) == 2
    assert "no target 'prd'" in capsys.readouterr().err


def test_doctor_without_a_block(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """It says that the package is inert."""
    text = (project.folder / "dbt_project.yml").read_text()
    project.write("dbt_project.yml", text[: text.index("vars:")])
    assert main(["doctor"]) == 0
    assert "the package is inert here" in capsys.readouterr().out


def test_doctor_of_another_version(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Macros of another version are said with how to mend it."""
    package = project.folder / "dbt_packages/dbt_isolation"
    package.unlink()
    package.mkdir()
    (package / "dbt_project.yml").write_text("name: dbt_isolation\nversion: 9.9.0\n")
    assert main(["doctor"]) == 1
    assert f"set the revision in packages.yml to v{dbt_isolation.__version__}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("version", "fine"), [("1.9.4", False), ("1.10.0", True), ("2.0.1", True), ("3.0", False)]
)
def test_doctor_of_dbt(
    project: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    fine: bool,
) -> None:
    """A dbt version outside the range."""
    monkeypatch.setattr("importlib.metadata.version", lambda name: version)
    assert main(["doctor"]) == (0 if fine else 1)
    assert ("is not supported" in capsys.readouterr().out) is not fine


def test_set_up_mistakes_are_status_2(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No project, no profiles.yml, no such profile, broken YAML: one line and a hint, no traceback."""
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["doctor", "--project-dir", str(empty)]) == 2
    assert f"no dbt_project.yml in {empty}" in capsys.readouterr().err
    monkeypatch.setenv("HOME", str(empty))
    profiles = (project.folder / "profiles.yml").read_text()
    (project.folder / "profiles.yml").unlink()
    assert main(["doctor"]) == 2
    assert "no profiles.yml in" in capsys.readouterr().err
    project.write("profiles.yml", profiles.replace("depot:", "other:"))
    assert main(["doctor"]) == 2
    assert "no profile 'depot' with outputs" in capsys.readouterr().err
    project.write("dbt_project.yml", "<<<<<<< HEAD\nname: x\n")
    assert main(["doctor"]) == 2
    assert "dbt_project.yml:" in capsys.readouterr().err


def test_output_goes_to_a_file(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """``--output`` writes the report, and says so when it cannot."""
    assert main(["doctor", "--format", "json", "--output", "report.json"]) == 0
    assert json.loads((project.folder / "report.json").read_text())["status"] == "clean"
    assert capsys.readouterr().out == ""
    assert main(["doctor", "--output", "no/such/folder.txt"]) == 2
    assert "no/such/folder.txt" in capsys.readouterr().err


def test_a_bug_is_status_3_and_one_line(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traceback is in a file; Ctrl-C is 130."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("by us")

    monkeypatch.setattr(doctor, "facts", fail)
    assert main(["doctor"]) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    log = Path(said.rpartition(" ")[2].strip())
    assert "ZeroDivisionError: by us" in log.read_text()
    log.unlink()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "_show", interrupt)
    monkeypatch.setattr(doctor, "facts", lambda *_: [])
    assert main(["doctor"]) == 130


def test_the_real_command_line(depot: Project) -> None:
    """The console script, as installed: version, an unknown command."""
    script = Path(sys.executable).with_name("dbt-isolation")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([script, *words], capture_output=True, text=True, timeout=60, cwd=depot.folder)

    assert run("--version").stdout == f"dbt-isolation {dbt_isolation.__version__}\n"
    wrong = run("docter")
    assert wrong.returncode == 2
    assert "invalid choice: 'docter'" in wrong.stderr
    assert run().returncode == 2


def test_plain_dbt_as_installed(depot: Project, tmp_path: Path) -> None:
    """The plugin is found by the real `dbt` of this environment, and refuses."""
    project = depot.copy(tmp_path / "depot")
    script = Path(sys.executable).with_name("dbt")
    result = subprocess.run(
        [script, "run", "--target", "prod"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=project.folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "NO_COLOR": "1"},
    )
    assert result.returncode == 2, result.stdout
    assert "dbt-isolation (plugin) refused `dbt run`" in result.stdout
