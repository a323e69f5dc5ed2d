"""`init` in projects that have not heard of the package, with real dbt."""

import json
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from dbt_isolation.adoption import changes, package_entry
from dbt_isolation.errors import IsolationError
from dbt_isolation.installation.one_liners import one_liner
from dbt_isolation.main import main
from tests.dbt_process import Result, dbt
from tests.guard.attacks import without_plugin
from tests.projects import DEPLOY, ROOT, Project

AS_IS = (
    "{% macro generate_schema_name(custom_schema_name, node) -%}\n"
    "    {{ custom_schema_name | trim if custom_schema_name is not none else target.schema }}\n"
    "{%- endmacro %}\n"
)


@pytest.fixture
def meadow(tmp_path: Path) -> Project:
    """The meadow under git, its default target production's too."""
    folder = tmp_path / "meadow"
    shutil.copytree(ROOT / "integration_tests/meadow", folder)
    with duckdb.connect(str(folder / "prod.duckdb")) as connection:
        connection.execute(
            "create schema raw; create table raw.visits (visit_id int, flower_id int, bees int)"
        )
    subprocess.run(["git", "init", "--quiet"], cwd=folder, timeout=30, check=True)
    return Project(folder)


def tree(project: Project) -> dict[str, bytes]:
    """Every file that is not git's or a database."""
    return {
        str(file.relative_to(project.folder)): file.read_bytes()
        for file in project.folder.rglob("*")
        if file.is_file() and ".git/" not in str(file) and ".duckdb" not in file.name
    }


def names(project: Project, target: str) -> set[str]:
    """The relations that the project gives its nodes on a target."""
    result = project.dbt("parse", "--target", target)
    assert result.status == 0, result
    nodes = json.loads((project.folder / "target/manifest.json").read_text())["nodes"]
    return {
        f"{node['database']}.{node['schema']}.{node['alias']}"
        for node in nodes.values()
        if node["resource_type"] != "operation"
    }


def init(project: Project, *words: str, status: int = 0) -> Result:
    """Runs init, which is to end with that status."""
    result = project.isolation("init", *words)
    assert result.status == status, result
    return result


def test_takes_it_up(meadow: Project) -> None:
    """Production is named as before, development is kept out of it, and --undo leaves the tree as it was."""
    assert meadow.dbt("build", "--target", "prod").status == 0
    shutil.rmtree(meadow.folder / "logs")
    before = tree(meadow)
    built = names(meadow, "prod")
    meadow.edit("dbt_project.yml", "+schema: marts", "+schema: shown")
    shown = init(meadow, "--dry-run")
    meadow.edit("dbt_project.yml", "+schema: shown", "+schema: marts")
    assert "would change:" in shown.output
    assert '+        owns: [prod.main, "prod.main_*"]' in shown.output
    first = init(meadow)
    assert "wrote" in first.output
    assert "dbt deps" in first.output
    assert "skipped" not in first.output, "production's manifest is in target/"
    assert init(meadow).output.startswith("nothing to change")
    assert meadow.dbt("deps").status == 0
    assert names(meadow, "prod") == built
    refused = meadow.dbt("run", "--target", "prod")
    assert (refused.status, "DBT_ISOLATION_DEPLOY=1" in refused.output) == (2, True), refused
    for words, variables in ((("--target", "prod"), {DEPLOY: "1"}), ((), {})):
        result = meadow.dbt("build", *words, **variables)
        assert result.status == 0, result
    assert meadow.relations("main_marts", "dev") == {"flower_counts"}
    init(meadow, "--undo")
    after = tree(meadow)
    ignored = ("target/", "dbt_packages/", "logs/", "package-lock.yml", ".user.yml")
    kept = [
        {name: text for name, text in one.items() if not name.startswith(ignored)} for one in (before, after)
    ]
    assert kept[0] == kept[1]
    assert not (meadow.folder / "macros").exists()


def test_an_own_naming_macro_is_kept(meadow: Project) -> None:
    """As it is; with a template in its place; and called by ours: production keeps its names each time."""
    meadow.write("macros/naming.sql", AS_IS)
    named = names(meadow, "prod")
    assert "prod.marts.flower_counts" in named
    assert meadow.dbt("compile", "--target", "prod").status == 0
    kept = init(meadow)
    assert "macros/naming.sql:1: the project's own generate_schema_name is kept" in kept.output
    assert '`schema: "{custom_schema}"` under production gives every name that production has' in kept.output
    assert "owns: [prod.main, prod.marts]" in (meadow.folder / "dbt_project.yml").read_text()
    assert meadow.dbt("deps").status == 0
    assert names(meadow, "prod") == named
    assert meadow.dbt("run").status == 0
    assert (meadow.folder / "macros/naming.sql").read_text() == AS_IS

    init(meadow, "--undo")
    meadow.write("macros/naming.sql", AS_IS.replace("generate_schema_name", "project_schema_name"))
    init(meadow)
    line = one_liner("generate_schema_name", "project_schema_name")
    assert (meadow.folder / "macros/generate_schema_name.sql").read_text() == f"{line}\n"
    meadow.edit(
        "dbt_project.yml", "      reads: prod", "      reads: prod\n        schema: 'my_{custom_schema}'"
    )
    assert names(meadow, "prod") == named
    assert "dev.my_marts.flower_counts" in names(meadow, "dev")


@pytest.mark.parametrize(
    "way",
    [
        "dispatch",
        pytest.param("package", marks=pytest.mark.all),
        pytest.param("by target", marks=pytest.mark.all),
    ],
)
def test_naming_decided_elsewhere(meadow: Project, way: str) -> None:
    """By a macro that dbt dispatches to, by a package's, by the target: production keeps its names."""
    own = AS_IS
    if way == "dispatch":
        own = AS_IS.replace("generate_schema_name", "default__generate_schema_name")
        project = (meadow.folder / "dbt_project.yml").read_text()
        meadow.write(
            "dbt_project.yml", f"{project}dispatch: [{{macro_namespace: dbt, search_order: [meadow, dbt]}}]\n"
        )
    elif way == "package":
        meadow.write("house/dbt_project.yml", "name: house\nversion: 1.0.0\nconfig-version: 2\n")
        meadow.write("house/macros/names.sql", AS_IS.replace("generate_schema_name", "schema_of"))
        meadow.write("packages.yml", "packages:\n  - local: house\n")
        assert meadow.dbt("deps").status == 0
        own = (
            "{% macro generate_schema_name(custom_schema_name, node) -%}"
            "{{ return(house.schema_of(custom_schema_name, node)) }}{%- endmacro %}\n"
        )
    else:
        own = AS_IS.replace("is not none", "is not none and target.name == 'prod'")
    meadow.write("macros/naming.sql", own)
    named = {target: names(meadow, target) for target in ("dev", "prod")}
    assert "prod.marts.flower_counts" in named["prod"]
    assert ("dev.marts.flower_counts" in named["dev"]) == (way != "by target")
    init(meadow)
    assert meadow.dbt("deps").status == 0
    assert {target: names(meadow, target) for target in ("dev", "prod")} == named
    assert (meadow.folder / "macros/naming.sql").read_text() == own
    assert init(meadow).output.startswith("nothing to change")


def test_a_template_in_place_of_a_macro(meadow: Project) -> None:
    """With the macro deleted, the template that gives the same names is written; what none gives moves."""
    meadow.write("macros/naming.sql", AS_IS)
    named = names(meadow, "prod")
    shutil.copytree(meadow.folder / "target", meadow.folder / "production")
    (meadow.folder / "macros/naming.sql").unlink()
    init(meadow, "--manifest", "production/manifest.json")
    assert 'schema: "{custom_schema}"' in (meadow.folder / "dbt_project.yml").read_text()
    assert meadow.dbt("deps").status == 0
    assert names(meadow, "prod") == named
    init(meadow, "--undo")

    file = meadow.folder / "production/manifest.json"
    file.write_text(file.read_text().replace('"schema": "marts"', '"schema": "x_marts_y"', 1))
    before = tree(meadow)
    refused = init(meadow, "--manifest", "production/manifest.json", status=1)
    assert "relations of production would move, and nothing was changed" in refused.output
    assert "prod.x_marts_y.flower_counts to prod.main_marts.flower_counts" in refused.output
    assert tree(meadow) == before
    init(meadow, "--manifest", "production/manifest.json", "--accept-moves")


def test_targets_in_one_place(meadow: Project) -> None:
    """Development gets a schema of its own; with a naming macro in the way it is said what to do."""
    meadow.edit(
        "profiles.yml",
        "dev: {type: duckdb, path: dev.duckdb, schema: main, ",
        "dev: {type: duckdb, path: prod.duckdb, schema: main} #",
    )
    meadow.write("macros/naming.sql", AS_IS)
    stopped = init(meadow, status=2)
    assert "rename the macro to project_schema_name" in stopped.output
    (meadow.folder / "macros/naming.sql").unlink()
    init(meadow)
    assert meadow.dbt("deps").status == 0
    assert "prod.dev_alice_marts.flower_counts" in names(meadow, "dev")


def test_neighbours_whose_names_begin_alike(meadow: Project) -> None:
    """A schema main_dev in production's database is not production's."""
    meadow.edit(
        "profiles.yml",
        "dev: {type: duckdb, path: dev.duckdb, schema: main, ",
        "dev: {type: duckdb, path: prod.duckdb, schema: main_dev} #",
    )
    assert meadow.dbt("parse", "--target", "prod").status == 0
    init(meadow)
    text = (meadow.folder / "dbt_project.yml").read_text()
    assert "owns: [prod.main, prod.main_marts]" in text
    assert "schema:" not in text[text.index("vars:") :]


def test_sources_by_macro(meadow: Project) -> None:
    """`--source-macro` places sources without the plugin, and --undo takes it out."""
    before = tree(meadow)
    init(meadow, "--source-macro")
    assert meadow.dbt("deps").status == 0
    meadow.edit(
        "dbt_project.yml",
        "reads: prod",
        "reads: prod\n        sources: {garden: {schema: 'sample_{env:DAY}'}}",
    )
    for target, place in (("dev", '"prod"."sample_1"."visits"'), ("prod", '"prod"."raw"."visits"')):
        words = ["compile", "-s", "visits", "--target", target]
        result = dbt(words, meadow.folder, meadow.environment(DAY="1"), before=without_plugin)
        assert result.status == 0, result
        assert place in (meadow.folder / "target/compiled/meadow/models/visits.sql").read_text()
    meadow.write(
        "macros/source.sql", "{% macro source(a, b) %}{{ return(builtins.source(a, b)) }}{% endmacro %}"
    )
    assert "a macro `source` of its own" in init(meadow, "--source-macro", status=2).output
    (meadow.folder / "macros/source.sql").unlink()
    init(meadow, "--undo")
    assert {name for name in tree(meadow) if name.startswith(("macros", "models"))} == {
        name for name in before if name.startswith(("macros", "models"))
    }


def test_what_is_missing_or_mistyped(meadow: Project) -> None:
    """Each ends with 2 and with what to do; nothing is changed."""
    before = tree(meadow)
    for words, says in (
        (("--production", "prd"), "did you mean 'prod'?"),
        (("--manifest", "no.json"), "no manifest at no.json"),
        (("--owns", "main"), "is no glob of database.schema"),
        (("--package", "models"), "holds no dbt package"),
        (("--profiles-dir", "models"), "no profiles.yml in models"),
        (("--project-dir", "models"), "no dbt_project.yml in"),
        (("--project-dir", "models", "--undo"), "no dbt_project.yml in"),
    ):
        assert says in init(meadow, *words, status=2).output
    assert tree(meadow) == before
    meadow.edit("profiles.yml", "    prod:", "    live_one:")
    assert "name production's with --production TARGET" in init(meadow, status=2).output
    init(
        meadow, "--production", "live_one", "--package", "https://example.com/dbt-isolation.git", "--observe"
    )
    text = (meadow.folder / "dbt_project.yml").read_text()
    for part in ("mode: observe", "live_one:", "reads: live_one"):
        assert part in text
    assert 'revision: "v' in (meadow.folder / "packages.yml").read_text()


def test_yaml_that_cannot_be_changed(meadow: Project) -> None:
    """A conflict, a tab, brackets: said with the place, nothing is changed, and anchors are no trouble."""
    good = (meadow.folder / "dbt_project.yml").read_text()
    for text, says in (
        (f"{good}<<<<<<< HEAD\nvars: 1\n=======\n>>>>>>> x\n", "dbt_project.yml:15: a merge conflict"),
        (f"{good}\tvars: 1\n", "not valid YAML"),
        (f"{good}vars: {{a: 1}}\n", "add this under `vars:` yourself, and run init again:"),
    ):
        meadow.write("dbt_project.yml", text)
        before = tree(meadow)
        assert says in init(meadow, status=2).output
        assert tree(meadow) == before
    anchored = f"{good}x: &x {{a: 1}}\nvars:\n  b: *x\n"
    meadow.write("dbt_project.yml", anchored)
    init(meadow)
    init(meadow, "--undo")
    assert (meadow.folder / "dbt_project.yml").read_text() == anchored


def test_two_profiles_with_one_target(meadow: Project) -> None:
    """The project's own profile counts."""
    text = (meadow.folder / "profiles.yml").read_text()
    other = text.replace("meadow:", "other:").replace("prod.duckdb", "elsewhere.duckdb")
    meadow.write("profiles.yml", other + text)
    init(meadow)
    assert "prod.main" in (meadow.folder / "dbt_project.yml").read_text()


def test_variables_in_a_file_of_their_own(meadow: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt 1.12 reads vars.yml, an earlier one does not."""
    good = (meadow.folder / "dbt_project.yml").read_text()
    monkeypatch.chdir(meadow.folder)
    for installed, file in (("1.12.0", "vars.yml"), ("1.11.0", "dbt_project.yml")):
        monkeypatch.setattr("importlib.metadata.version", lambda _, installed=installed: installed)
        meadow.write("vars.yml", "vars:\n  a: 1\n")
        assert main(["init"]) == 0
        assert "dbt_isolation:" in (meadow.folder / file).read_text()
        assert main(["init", "--undo"]) == 0
        assert (meadow.folder / "vars.yml").read_text() == "vars:\n  a: 1\n"
        assert (meadow.folder / "dbt_project.yml").read_text() == good


def test_what_git_is_not_to_keep(meadow: Project) -> None:
    """The release store where it is a folder of the project, and what git keeps still; taken out again."""
    meadow.write(".gitignore", "*.duckdb\n/target/\nlogs")
    init(meadow)
    written = "*.duckdb\n/target/\nlogs\n\n# Written by `dbt-isolation init`\nstate/\ndbt_packages/"
    assert (meadow.folder / ".gitignore").read_text() == written
    init(meadow, "--undo")
    assert (meadow.folder / ".gitignore").read_text() == "*.duckdb\n/target/\nlogs"
    init(meadow)
    meadow.edit("dbt_project.yml", "    environments:\n", "    state: s3://bucket/state\n    environments:\n")
    meadow.write(".gitignore", "*.duckdb\n")
    init(meadow)
    assert "state/" not in (meadow.folder / ".gitignore").read_text()


def test_without_git(meadow: Project) -> None:
    """No .gitignore is written where there was none and nobody asks git."""
    shutil.rmtree(meadow.folder / ".git")
    (meadow.folder / ".gitignore").unlink()
    init(meadow)
    assert not (meadow.folder / ".gitignore").exists()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OSError(30, "Read-only file system"), 2),
        (OSError(28, "No space left"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_all_or_nothing(
    meadow: Project, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int
) -> None:
    """A folder that cannot be written, a full disk, Ctrl-C: what was written is taken back."""
    before = tree(meadow)
    whole, written = changes._put, []

    def put(file: Path, text: str | None) -> None:
        written.append(file)
        if len(written) == 4:
            raise error
        whole(file, text)

    monkeypatch.setattr(changes, "_put", put)
    monkeypatch.chdir(meadow.folder)
    assert main(["init"]) == status
    assert tree(meadow) == before
    assert not (meadow.folder / "macros").exists()


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        (
            {"url": "https://example.com/ours", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            ['- git: "https://example.com/ours"', '  revision: "abc"'],
        ),
        ({"url": f"file://{ROOT}", "dir_info": {}}, [f'- local: "{ROOT}"']),
        ({"url": "file:///tmp/x.whl", "archive_info": {}}, None),
        ({}, None),
    ],
)
def test_where_the_package_comes_from(
    monkeypatch: pytest.MonkeyPatch, written: dict[str, object], lines: list[str] | None
) -> None:
    """Where the Python package was installed from, as pip wrote it; else the user says."""

    class Distribution:
        def read_text(self, name: str) -> str:
            return json.dumps(written)

    monkeypatch.setattr(package_entry, "distribution", lambda name: Distribution())
    if lines is None:
        with pytest.raises(IsolationError, match="where the dbt package comes from"):
            package_entry.entry(Path("/"), None)
    else:
        found = package_entry.entry(Path("/"), None)
        assert found == [line.replace('"/', '"') if "local" in line else line for line in lines]
