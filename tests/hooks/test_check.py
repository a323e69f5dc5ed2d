"""What the hook asks again, with a `check` that only notes what it is asked."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import dbt_isolation.main
from dbt_isolation.outcome import Finding, Outcome, Severity, Skipped
from isolation_hooks import check, fix
from tests.dbt_process import environment
from tests.projects import ROOT

PROJECT = "name: orchard\nvars: {dbt_isolation: {environments: {}}}\n"
MODEL = "models/apples.sql"


class Spy:
    """Stands in for `check`: ``asked`` has the words of each call, ``answer`` what it finds."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.answer = Outcome()
        self.meanwhile: Callable[[], object] = lambda: None
        self.says = ""

    def __call__(self, argv: Sequence[str], seen: Callable[[Outcome], None] | None = None) -> int:
        self.asked.append(list(argv))
        self.meanwhile()
        sys.stdout.write(self.says)
        if seen is not None:
            seen(self.answer)
        return 1 if self.answer.failed else 0

    def files(self, *words: str) -> list[str]:
        """The files that were asked about since the last time, with ``words`` on the hook's command line."""
        self.asked.clear()
        check.main(words)
        return [word for argv in self.asked for word in argv[argv.index("--project-dir") + 2 :]]


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    """In the place of the command line."""
    spy = Spy()
    monkeypatch.setattr(dbt_isolation.main, "main", spy)
    return spy


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as the current folder."""
    write(tmp_path, "dbt_project.yml", PROJECT)
    write(tmp_path, MODEL, "select 1")
    write(tmp_path, "models/pears.sql", "select 2")
    monkeypatch.chdir(tmp_path)
    for name in [one for one in os.environ if one.startswith("DBT_")]:
        monkeypatch.delenv(name)
    return tmp_path


def write(folder: Path, path: str, text: str) -> None:
    """A file, with the folders above it."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_what_is_unchanged_is_not_asked_again(project: Path, spy: Spy) -> None:
    """Only the file whose text is another one; and neither when its first text comes back."""
    both = [MODEL, "models/pears.sql"]
    assert spy.files(*both) == both
    assert spy.asked == [["check", "--project-dir", ".", *both]]
    assert spy.files(*both) == []
    write(project, MODEL, "select 3")
    assert spy.files(*both) == [MODEL]
    write(project, MODEL, "select 1")
    assert spy.files(*both) == []
    os.utime(project / MODEL, (1, 1))
    assert spy.files(*both) == []


def change_manifest(project: Path) -> None:
    write(project, "target/manifest.json", "{}")


def change_profile(project: Path) -> None:
    write(project, "profiles.yml", "orchard: {}")


def change_configuration(project: Path) -> None:
    write(project, "dbt_project.yml", f"{PROJECT}# more\n")


def change_variables(project: Path) -> None:
    write(project, "vars.yml", "vars: {}")


@pytest.mark.parametrize("change", [change_manifest, change_profile, change_configuration, change_variables])
def test_what_an_answer_depends_on(project: Path, spy: Spy, change: Callable[[Path], None]) -> None:
    """Everything is asked again when it changes."""
    assert spy.files(MODEL) == [MODEL]
    change(project)
    assert spy.files(MODEL) == [MODEL]
    assert spy.files(MODEL) == []


def test_more_that_an_answer_depends_on(project: Path, spy: Spy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags, the baseline's content, dbt's variables and the block's, our code."""
    assert spy.files(MODEL) == [MODEL]
    assert spy.files("--select", "DI01", MODEL) == [MODEL]
    assert spy.files("--select", "DI01", MODEL) == []
    for baseline in ("[]", "[1]"):
        write(project, "known.json", baseline)
        assert spy.files("--baseline=known.json", MODEL) == [MODEL]
        assert spy.files("--baseline=known.json", MODEL) == []
    write(project, "dbt_project.yml", PROJECT.replace("{}", "{prod: {owns: ['{env:PLACE}.a']}}"))
    assert spy.files(MODEL) == [MODEL]
    for name in ("DBT_TARGET", "PLACE"):
        monkeypatch.setenv(name, "x")
        assert spy.files(MODEL) == [MODEL]
        assert spy.files(MODEL) == []
    monkeypatch.setattr(dbt_isolation, "__version__", "9")
    assert spy.files(MODEL) == [MODEL]
    code = project / "site-packages"
    code.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(code)])
    assert spy.files(MODEL) == [MODEL]
    (code / "sqlglot-99.dist-info").mkdir()
    assert spy.files(MODEL) == [MODEL]
    assert spy.files(MODEL) == []


def test_findings_and_what_was_skipped_are_not_remembered(project: Path, spy: Spy) -> None:
    """Nor anything, where it is not known which file they are about."""
    pears = "models/pears.sql"
    spy.answer = Outcome(findings=(Finding("DI01", Severity.ERROR, "a", "b", path=f"{project}/{MODEL}"),))
    assert spy.files(MODEL, pears) == [MODEL, pears]
    assert spy.files(MODEL, pears) == [MODEL]
    assert check.main([MODEL, pears]) == 1
    for what, left in ((f"{MODEL}:3", [MODEL]), ("DI31", []), ("model.orchard.apples", [MODEL, pears])):
        write(project, pears, f"select '{what}'")
        write(project, MODEL, f"select '{what}'")
        spy.answer = Outcome(skipped=(Skipped(what, "it is long"),))
        assert spy.files(MODEL, pears) == [MODEL, pears]
        assert spy.files(MODEL, pears) == left


def test_warnings_are_shown_again(
    project: Path, spy: Spy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they were, without being looked for, until one of the files changes or is in other company."""
    pears, plums = "models/pears.sql", "models/plums.sql"
    write(project, plums, "select 3")
    spy.answer = Outcome(
        findings=tuple(
            Finding("DI33", Severity.WARN, "nobody", path=one) for one in (f"./{MODEL}", f"{project}/{pears}")
        )
    )
    spy.says = "nobody owns apples, or påron\n"
    for asked in ([MODEL, pears, plums], [], []):
        assert spy.files(MODEL, pears, plums) == asked
        assert capsys.readouterr().out == spy.says
    assert spy.files(plums) == []
    assert capsys.readouterr().out == ""
    assert spy.files(MODEL) == [MODEL]
    monkeypatch.setenv("COLUMNS", "20")
    assert spy.files(MODEL, pears) == [MODEL, pears], "another look"
    write(project, pears, "select 4")
    spy.meanwhile = lambda: write(project, pears, "select 5")
    assert spy.files(MODEL, pears) == [MODEL, pears]
    write(project, pears, "select 4")
    assert spy.files(MODEL, pears) == [MODEL, pears], "saved meanwhile"


def test_a_file_that_is_saved_while_it_is_looked_at(project: Path, spy: Spy) -> None:
    """Which of its texts was clean is not known."""
    spy.meanwhile = lambda: write(project, MODEL, "select 5")
    assert spy.files(MODEL, "models/pears.sql") == [MODEL, "models/pears.sql"]
    spy.meanwhile = lambda: None
    assert spy.files(MODEL, "models/pears.sql") == [MODEL]


def test_the_configuration_is_the_whole_projects(project: Path, spy: Spy) -> None:
    """No file is named then, and it is never answered from memory; another YAML file is one of many."""
    write(project, "models/properties.yml", "models: []")
    assert spy.files("models/properties.yml") == ["models/properties.yml"]
    for _ in range(2):
        assert spy.files("dbt_project.yml", MODEL) == []
        assert spy.asked == [["check", "--project-dir", "."]]
    assert spy.files(MODEL) == []
    assert spy.asked == []


def test_whose_files(project: Path, spy: Spy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest project's; nobody's, a package's, those of a project without our block, and files away."""
    for folder in ("a", "a/b", "other", "dbt_packages/utils"):
        write(project, f"{folder}/dbt_project.yml", PROJECT)
    write(project, "other/dbt_project.yml", "name: other\n")
    files = ["a/m.sql", "a/b/m.sql", "a/b/deep/m.sql", "other/m.sql", "dbt_packages/utils/m.sql", "x.sql"]
    for file in files:
        write(project, file, "select 1")
    write(project, "outside/.git/config", "")
    write(project, "outside/m.sql", "select 1")
    spy.files(*files, "a/gone.sql", "outside/m.sql", "a")
    assert sorted(spy.asked) == [
        ["check", "--project-dir", ".", "x.sql"],
        ["check", "--project-dir", "a", "a/m.sql"],
        ["check", "--project-dir", "a/b", "a/b/m.sql", "a/b/deep/m.sql"],
    ]
    monkeypatch.chdir(project / "a/b/deep")
    write(project, "a/b/deep/-x.sql", "select 1")
    spy.files("--", "-x.sql", "m.sql")
    assert spy.asked == [["check", "--project-dir", "..", "./-x.sql"]]


def test_where_it_is_kept(project: Path, spy: Spy, monkeypatch: pytest.MonkeyPatch) -> None:
    """In dbt's target folder: the default, the setting's, the variable's."""
    name = "dbt_isolation_cache.db"
    spy.files(MODEL)
    assert (project / "target" / name).is_file()
    write(project, "dbt_project.yml", f"{PROJECT}target-path: 'out'  # not target\n")
    spy.files(MODEL)
    assert (project / "out" / name).is_file()
    monkeypatch.setenv("DBT_TARGET_PATH", "elsewhere")
    spy.files(MODEL)
    assert (project / "elsewhere" / name).is_file()


def test_a_report_is_made_each_time(project: Path, spy: Spy) -> None:
    """Whoever reads it wants one where nothing was found, too."""
    for _ in range(2):
        assert spy.files("--format", "json", MODEL) == [MODEL]
    assert spy.asked == [["check", "--format", "json", "--project-dir", ".", MODEL]]


def test_what_it_does_not_take(project: Path, spy: Spy, capsys: pytest.CaptureFixture[str]) -> None:
    """The project is found, and files are not changed."""
    assert check.main(["--project-dir=a", MODEL]) == 2
    assert check.main(["--fix", MODEL]) == 2
    assert "take --project-dir out; dbt-isolation-fix is the hook" in capsys.readouterr().err
    assert spy.asked == []


def test_fix(project: Path, spy: Spy, capsys: pytest.CaptureFixture[str]) -> None:
    """1 where a file was changed, and nothing to do for what is known to be clean."""
    assert fix.main([MODEL]) == 0
    assert spy.asked.pop() == ["check", "--fix", "--project-dir", ".", MODEL]
    spy.meanwhile = lambda: write(project, MODEL, "select 9")
    assert fix.main([MODEL, "models/pears.sql"]) == 1
    assert capsys.readouterr().out == f"dbt-isolation: changed {MODEL}\n"
    spy.meanwhile = lambda: None
    check.main([MODEL])
    spy.asked.clear()
    assert fix.main([MODEL]) == 0
    assert spy.asked == []


def test_hooks_at_once(tmp_path: Path) -> None:
    """Several of them, on the same files, with the real `check`: none has anything to say of the others."""
    project = shutil.copytree(ROOT / "tests/projects/orchard", tmp_path / "orchard")
    files = [str(one.relative_to(project)) for one in project.glob("models/*.sql")]
    words = [sys.executable, "-c", "from isolation_hooks.check import main; exit(main())", *files]
    environ = environment(tmp_path, PYTHONPATH=f"{ROOT / 'hooks'}{os.pathsep}{ROOT}")
    started = [
        subprocess.Popen(words, env=environ, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in started:
        assert process.communicate(timeout=60)[1] == b""
        assert process.returncode == 0
    again = subprocess.run(words, env=environ, cwd=project, capture_output=True, timeout=60)
    assert (again.returncode, again.stdout, again.stderr) == (0, b"", b"")


def test_unchanged_files_import_nothing(tmp_path: Path) -> None:
    """The real `check` once; then what is slow to import is not needed to say that nothing has changed."""
    project = shutil.copytree(ROOT / "tests/projects/orchard", tmp_path / "orchard")
    code = (
        "import sys; from isolation_hooks.check import main; status = main(sys.argv[1:]); "
        "print(status, *sorted({'argparse', 'dataclasses', 'inspect', 'msgspec', 'pathlib', 'subprocess', "
        "'tempfile', 'typing', 'yaml', 'rich', 'sqlglot', 'dbt_isolation.main'} & set(sys.modules)))"
    )
    words = [sys.executable, "-c", code, MODEL]
    path = f"{ROOT / 'hooks'}{os.pathsep}{ROOT}"
    said = [
        subprocess.run(
            words,
            env=environment(tmp_path, PYTHONPATH=path),
            cwd=project,
            capture_output=True,
            text=True,
            timeout=60,
        )
        for _ in range(2)
    ]
    assert [one.stderr for one in said] == ["", ""]
    assert "skipped" in said[0].stdout
    # An editable install of other packages imports a little at each start of Python.
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, timeout=60
    )
    assert set(said[1].stdout.split()) - set(bare.stdout.split()) == {"0"}
