"""The entry that `init` writes into .pre-commit-config.yaml."""

import shutil
from pathlib import Path

import pytest
import yaml

from dbt_isolation import __version__
from dbt_isolation.adoption.hooks_entry import HOOK_IDS
from dbt_isolation.main import main
from tests.hooks.repository import Repository, hook_repository, variables

CONFIG = ".pre-commit-config.yaml"
URL = "https://example.com/dbt-isolation.git"
WRITTEN = """\
# what the team runs
default_stages: [pre-commit]   # not on push
repos:
{indent}-   repo: https://example.com/others
{indent}    rev: v1   # pinned
{indent}    hooks:
{indent}    -   id: "one"   # with 'quotes'
minimum_pre_commit_version: 3.0.0"""


@pytest.fixture
def package(tmp_path: Path) -> Repository:
    """The dbt package's repository, with this version's tag."""
    return hook_repository(tmp_path / "dbt-isolation", tmp_path)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with a project, as the current folder."""
    (tmp_path / "shop").mkdir()
    made = Repository(tmp_path / "shop", variables(tmp_path))
    made.git("init", "--quiet")
    made.add_project()
    monkeypatch.chdir(made.folder)
    for name in ("DBT_PROFILES_DIR", "DBT_PROJECT_DIR", "DBT_PROFILE", "DBT_TARGET"):
        monkeypatch.delenv(name, raising=False)
    return made


def tree(folder: Path) -> dict[str, bytes]:
    """Every file that is not git's."""
    files = (one for one in folder.rglob("*") if one.is_file() and ".git" not in one.parts)
    return {str(one.relative_to(folder)): one.read_bytes() for one in files}


@pytest.mark.parametrize("indent", ["", "  "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_other_byte_stays(
    shop: Repository, package: Repository, capsys: pytest.CaptureFixture[str], indent: str, end: str
) -> None:
    """As dry run, as entry, run again, taken out again; the hooks come from where the package does."""
    before = WRITTEN.format(indent=indent).replace("\n", end).encode()
    file = shop.folder / CONFIG
    file.write_bytes(before)
    everything = tree(shop.folder)
    assert main(["init", "--package", str(package.folder), "--dry-run"]) == 0
    assert "+++ b/.pre-commit-config.yaml" in capsys.readouterr().out
    assert tree(shop.folder) == everything
    assert main(["init", "--package", str(package.folder)]) == 0
    after = file.read_bytes()
    assert b"\n".join(one for one in after.split(b"\n") if one in before.split(b"\n")) == before
    config = yaml.safe_load(after)
    hooks = [{"id": one} for one in HOOK_IDS]
    assert config["repos"][0] == {"repo": "../dbt-isolation", "rev": f"v{__version__}", "hooks": hooks}
    assert len(config["repos"]) == 2
    assert main(["init"]) == 0
    assert "nothing to change" in capsys.readouterr().out
    assert main(["init", "--undo"]) == 0
    assert file.read_bytes() == before


def test_only_where_there_is_pre_commit(shop: Repository, package: Repository) -> None:
    """Or where it is asked for; then --undo takes the whole file."""
    assert main(["init", "--package", str(package.folder)]) == 0
    assert not (shop.folder / CONFIG).exists()
    assert main(["init", "--hooks"]) == 0
    [entry] = yaml.safe_load(shop.read(CONFIG))["repos"]
    assert entry["repo"] == "../dbt-isolation", "as packages.yml has it now"
    shop.git("add", "--all")
    assert main(["init", "--undo"]) == 0
    assert not (shop.folder / CONFIG).exists()


def test_several_projects(shop: Repository, package: Repository) -> None:
    """One entry for all of them, at the root of the repository; the last one takes it out."""
    for name in ("dbt_project.yml", "profiles.yml"):
        (shop.folder / name).unlink()
    for project in ("a", "b/c"):
        shop.add_project(project)
        assert main(["init", "--project-dir", project, "--package", str(package.folder), "--hooks"]) == 0
    assert len(yaml.safe_load(shop.read(CONFIG))["repos"]) == 1
    assert not (shop.folder / "a" / CONFIG).exists()
    assert main(["init", "--project-dir", "a", "--undo"]) == 0
    assert (shop.folder / CONFIG).exists()
    assert main(["init", "--project-dir", "b/c", "--undo"]) == 0
    assert not (shop.folder / CONFIG).exists()


@pytest.mark.parametrize(
    ("packages", "rev"),
    [("", f"v{__version__}"), (f"packages:\n  - git: {URL}\n    revision: v0.0.7\n", "v0.0.7")],
)
def test_from_a_url(shop: Repository, packages: str, rev: str) -> None:
    """At the tag of this version, or at what packages.yml pins."""
    if packages:
        shop.write("packages.yml", packages)
    assert main(["init", "--hooks", *([] if packages else ["--package", URL])]) == 0
    [entry] = yaml.safe_load(shop.read(CONFIG))["repos"]
    assert (entry["repo"], entry["rev"]) == (URL, rev)


def test_a_checkout_without_the_tag(shop: Repository, package: Repository) -> None:
    """Is taken by its commit."""
    package.git("tag", "--delete", f"v{__version__}")
    assert main(["init", "--hooks", "--package", str(package.folder)]) == 0
    [entry] = yaml.safe_load(shop.read(CONFIG))["repos"]
    assert entry["rev"] == package.git("rev-parse", "HEAD").strip()


@pytest.mark.parametrize(
    "text", ["repos: [{repo: meta, hooks: [{id: identity}]}]\n", "- repo: meta\n", "a: ["]
)
def test_a_file_that_lines_cannot_be_put_into(
    shop: Repository, package: Repository, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """Is left alone and said, and the rest is done; an error only where the hooks were asked for."""
    shop.write(CONFIG, text)
    everything = tree(shop.folder)
    assert main(["init", "--package", str(package.folder), "--hooks"]) == 2
    assert tree(shop.folder) == everything
    assert main(["init", "--package", str(package.folder)]) == 0
    assert "our hooks are not in it" in capsys.readouterr().out
    assert shop.read(CONFIG) == text
    assert "dbt-isolation" in shop.read("packages.yml")


def test_without_git(shop: Repository, package: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to hook into, or nothing that pre-commit can take hooks from."""
    shutil.rmtree(package.folder / ".git")
    assert main(["init", "--hooks", "--package", str(package.folder)]) == 2
    assert "is no git repository" in capsys.readouterr().err
    shop.write(CONFIG, "repos: []\n")
    assert main(["init", "--package", str(package.folder)]) == 0
    assert "pre-commit takes hooks from git" in capsys.readouterr().out
    shutil.rmtree(shop.folder / ".git")
    assert main(["init", "--hooks"]) == 2
    assert "run `git init` first" in capsys.readouterr().err
    assert main(["init", "--undo"]) == 0
