"""`check` on what nobody meant to give it: it ends, says what it could not read, and where."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dbt_isolation.code.files import LONGEST
from dbt_isolation.main import main
from tests.dbt_process import environment, isolation
from tests.projects import ROOT, Project

pytestmark = pytest.mark.timeout(120)

BLOCK = """\
name: shop
profile: shop
vars:
  dbt_isolation:
    environments:
      prod:
        targets: [prod]
        protected: true
        owns: [warehouse.analytics]
        deployer: {env_var: DBT_ISOLATION_DEPLOY, equals: "1"}
"""
DEEP = 10_000
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefghijk", "bcdefghijkl", strict=True)
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of one model, as the current folder; no profile, no manifest."""
    made = Project(tmp_path / "shop")
    made.write("dbt_project.yml", BLOCK)
    made.write("models/orders.sql", "select 1 as order_id\n")
    monkeypatch.chdir(made.folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DBT_PROFILES_DIR", "DBT_PROJECT_DIR", "DBT_PROFILE", "DBT_TARGET_PATH"):
        monkeypatch.delenv(name, raising=False)
    return made


def checked(project: Project, *words: str) -> tuple[int, list[str], list[str]]:
    """The status of the real command, its findings and what it skipped; a hang is an error."""
    result = isolation(["check", "--format", "json", *words], project.folder, environment(project.folder))
    assert "Traceback" not in result.output, result
    assert result.status in (0, 1), result
    report = json.loads(result.output[result.output.index("{") :])
    found = [f"{one['code']} {one['path']}:{one['line']}" for one in report["findings"]]
    return result.status, found, [f"{one['what']} {one['why']}" for one in report["skipped"]]


@pytest.mark.parametrize(
    ("path", "content", "says"),
    [
        ("latin.sql", b"select 1,\n'\xe9'", "models/latin.sql:2 not UTF-8"),
        ("long.sql", b"select 1\n" * 1_200_000, f"models/long.sql:1 longer than {LONGEST:,}"),
        ("open.sql", b"select 1,\n{{ ref('orders'", "models/open.sql:2 Jinja: "),
        ("if.sql", b"\n{% if x %}", "models/if.sql:2 Jinja: "),
        ("jinja.sql", b"{{ " + b"(" * DEEP + b"1" + b")" * DEEP + b" }}", "Jinja: nested too deeply"),
        ("loops.sql", b"{% for a in range(1000) %}" * 6 + b"x" + b"{% endfor %}" * 6, "go on for too long"),
        (
            "twice.sql",
            b"\n{% set x = 'ab' %}" + b"{% set x = x ~ x %}" * 60,
            "models/twice.sql:2 its strings",
        ),
        ("flow.yml", b"a: " + b"[" * 100_000, "models/flow.yml:1 YAML: nested too deeply"),
        ("lists.yml", b"- " * 100_000, "models/lists.yml:1 YAML: nested too deeply"),
        ("laughs.yml", LAUGHS.encode(), "YAML: its aliases go on for too long"),
        ("itself.yml", b"models: &a\n  - *a\n", "YAML: its aliases go on for too long"),
        ("tabs.yml", b"models:\n\t- name: x\n", "models/tabs.yml:2 YAML: "),
        (
            "conflict.yml",
            b"a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n",
            "models/conflict.yml:3 YAML: ",
        ),
        ("null.py", b"\0", "models/null.py:1 "),
        ("deep.py", b"x = " + b"(" * DEEP, "models/deep.py:1 "),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value and " " not in value else "",
)
def test_a_file_that_cannot_be_read(shop: Project, path: str, content: bytes, says: str) -> None:
    """Is a finding with its line where dbt cannot read it either, else skipped; the others are read."""
    shop.write("models/other.sql", "select * from a.b")
    (shop.folder / "models" / path).write_bytes(content)
    status, found, skipped = checked(shop)
    assert status == 1
    assert "DI01 models/other.sql:1" in found
    others = [one for one in found if "other.sql" not in one]
    if others:
        place, _, _ = says.partition(" ")
        assert len(others) == 1
        assert others[0].startswith(f"DI01 {place}" if "/" in place else f"DI01 models/{path}:")
        assert not [one for one in skipped if path in one]
    else:
        assert [one for one in skipped if says in one], skipped


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("parens.sql", "select * from " + "(" * DEEP + "select 1" + ")" * DEEP),
        ("doubled.yml", "models: []\nmodels: []\n"),
        ("my orders ✓.sql", "select 1"),
        ("line\nend.sql", "select 1"),
        ("empty.sql", ""),
        ("mark.sql", "\ufeffselect 1"),
    ],
)
def test_a_file_that_is_only_odd(shop: Project, path: str, content: str) -> None:
    """Is read."""
    shop.write(f"models/{path}", content)
    status, found, skipped = checked(shop)
    assert (status, found) == (0, [])
    assert not [one for one in skipped if path in one]


def test_what_is_no_file(shop: Project) -> None:
    """A pipe is not waited for; a folder called x.sql, links in a circle and links that lead nowhere."""
    models = shop.folder / "models"
    os.mkfifo(models / "pipe.sql")
    (shop.folder / "macros").mkdir()
    os.mkfifo(shop.folder / "macros/pipe.sql")
    (models / "folder.sql").mkdir()
    (shop.folder / "macros/folder.sql").mkdir()
    (models / "folder.sql/inner.sql").write_text("select * from a.b")
    (models / "circle").symlink_to(models)
    (models / "itself.sql").symlink_to(models / "itself.sql")
    (models / "nowhere.sql").symlink_to(models / "missing.sql")
    (shop.folder.parent / "outside.sql").write_text("select * from c.d")
    (models / "outside.sql").symlink_to(shop.folder.parent / "outside.sql")
    status, found, skipped = checked(shop)
    assert status == 1
    assert sorted(found) == ["DI01 models/folder.sql/inner.sql:1", "DI01 models/outside.sql:1"]
    assert "models/pipe.sql:1 no regular file" in skipped
    assert [one for one in skipped if one.startswith("models/itself.sql:1 ")]
    assert checked(shop, "models/pipe.sql")[:2] == (0, [])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(shop: Project) -> None:
    """Is skipped."""
    (shop.folder / "models/orders.sql").chmod(0)
    assert "models/orders.sql:1 Permission denied" in checked(shop)[2]


def test_a_model_in_two_files(shop: Project) -> None:
    """Is DI06, with its file, and without a manifest; not where one of them may be disabled."""
    shop.write("models/marts/orders.sql", "select 2 as order_id")
    shop.write("models/marts/orders.yml", "models: []")
    shop.write("analyses/orders.sql", "select 3 as order_id")
    assert checked(shop)[:2] == (1, ["DI06 models/orders.sql:1"])
    assert checked(shop, "models/orders.sql")[:2] == (0, [])
    shop.write("models/marts/orders.sql", "{{ config(enabled=var('new')) }} select 2 as order_id")
    assert checked(shop)[:2] == (0, [])
    shop.write("models/marts/orders.sql", "select 2 as order_id")
    shop.write("dbt_project.yml", f"{BLOCK}models: {{shop: {{marts: {{+enabled: false}}}}}}\n")
    assert checked(shop)[:2] == (0, [])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no dbt_project.yml in"),
        ("", "no vars: dbt_isolation: block"),
        ("a: b: c", "dbt_project.yml:1:5: not valid YAML"),
        ("- a", "a mapping is needed at the top"),
        (LAUGHS, "its aliases go on for too long"),
        ("[" * 100_000, "nested too deeply"),
        ("a: 1\n<<<<<<< x\n", "dbt_project.yml:2: a merge conflict"),
        (BLOCK.replace("name: shop\n", ""), "dbt_project.yml has no name"),
    ],
)
def test_no_project(
    shop: Project, capsys: pytest.CaptureFixture[str], content: str | None, says: str
) -> None:
    """Ends with 2 and says which file."""
    if content is None:
        (shop.folder / "dbt_project.yml").unlink()
    else:
        shop.write("dbt_project.yml", content)
    assert main(["check"]) == 2
    assert says in capsys.readouterr().err


def test_little_of_a_project(shop: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """No profile, no file at all, and files that are not there."""
    assert main(["check"]) == 0
    assert "DI33: no manifest at" in capsys.readouterr().out
    (shop.folder / "models/orders.sql").unlink()
    assert main(["check"]) == 0
    assert main(["check", "models/orders.sql"]) == 2
    assert "no file models/orders.sql" in capsys.readouterr().err


def test_a_manifest_that_cannot_be_taken(shop: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Cut off, another project's, or without a profile to say what it names."""
    manifest = '{"metadata": {"project_name": "%s", "adapter_type": "duckdb"}, "nodes": {}}'
    shop.write("target/manifest.json", (manifest % "shop")[:-9])
    assert main(["check"]) == 2
    assert "target/manifest.json is no manifest that can be read" in capsys.readouterr().err
    shop.write("target/manifest.json", manifest % "bakery")
    assert main(["check"]) == 2
    assert "is of project bakery, and this is shop" in capsys.readouterr().err
    shop.write("target/manifest.json", manifest % "shop")
    assert main(["check"]) == 0
    assert "skipped DI06: no profiles.yml in" in capsys.readouterr().out


# The workers say that they read, and then read for ever; the end of the pipe is the end of all of them.
_STUCK = """\
import signal
from dbt_isolation.code import files
from dbt_isolation.checks import tree
from dbt_isolation.main import run
def read(*arguments):
    print("reading", flush=True)
    signal.pause()
files.read = read
tree.os.sched_getaffinity = lambda _: {0, 1}
run()
"""


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the test sets how many workers there are")
@pytest.mark.parametrize("group", [False, True])
def test_an_interrupt(shop: Project, group: bool) -> None:
    """Ends with 130, and so do the processes that read; the next one finds the cache as it was."""
    for number in range(200):
        shop.write(f"models/m{number}.sql", f"select {number}")
    with subprocess.Popen(
        [sys.executable, "-c", _STUCK, "check"],
        cwd=shop.folder,
        env=environment(shop.folder, PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        (os.killpg if group else os.kill)(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "dbt-isolation: interrupted\n")
    assert checked(shop)[:2] == (0, [])


def test_two_at_once(shop: Project) -> None:
    """Say the same."""
    for number in range(200):
        shop.write(f"models/m{number}.sql", f"select * from a.b{number}")
    words = [sys.executable, "-c", "from dbt_isolation.main import run; run()", "check", "--format", "json"]
    variables = environment(shop.folder, PYTHONPATH=str(ROOT))
    started = [
        subprocess.Popen(
            words, cwd=shop.folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    (one, complaint), (other, other_complaint) = [process.communicate(timeout=100) for process in started]
    assert complaint == other_complaint == b""
    assert one == other
    assert len(json.loads(one)["findings"]) == 200


WORDS = ["select", "from", "{{", "}}", "{%", "%}", "ref('a')", "if", "endif", "'", '"', "(", ")", "--", "/*"]
WORDS += ["\r\n", "\r", "\n", ".", "a", "prod.b", ",", "with", "as", "config(", "{#", "set", "=", "for", ":"]
WORDS += ["- ", "  ", "&a", "*a", "models", "name", "pre-hook", "def model(dbt, session):", "$$", "import"]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(WORDS)).map(" ".join))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, suffix=st.sampled_from(["sql", "py", "yml"]), fix=st.booleans())
@example("{% macro a() %}", "sql", False)
def test_any_text(shop: Project, text: str, suffix: str, fix: bool) -> None:
    """Is clean, has findings or is skipped; there is no traceback, and nothing is written without an edit."""
    file = shop.folder / f"models/any.{suffix}"
    content = text.encode("utf-8", errors="surrogatepass")
    file.write_bytes(content)
    try:
        assert main(["check", "--output", "report.txt", *(["--fix"] if fix else [])]) in (0, 1)
        assert "the check itself failed" not in (shop.folder / "report.txt").read_text()
        assert file.read_bytes() == content
    finally:
        file.unlink()
