"""Other tools that look for tables named in models, each asked the same files.

They run in a virtual environment of their own, ``.venv-peers``; what clashes with them in one more. Two are
on no package registry: a variable says where a clone of them is.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import yaml
from jinja2 import Environment, FileSystemLoader

from .projects import PACKAGE, TIMEOUT
from .timing import BenchmarkError, environment

CHECKPOINT, EVALUATOR = "DBT_CHECKPOINT", "DBT_PROJECT_EVALUATOR"
"""Environment variables with the folder of a clone."""
_HOME = PACKAGE / ".venv-peers"
_LOCK = Path(__file__).parent / "requirements-peers.lock"


class NotRunError(Exception):
    """Why a peer could not be asked."""


def python(lock: Path = _LOCK, name: str = "") -> Path:
    """The interpreter beside the peers of a lock; made on the first call and whenever the lock changes.

    ``name`` is what the environment's name has at its end.
    """
    home = _HOME.with_name(_HOME.name + name)
    folder = home / ("Scripts" if sys.platform == "win32" else "bin")
    made = home / ".made"
    if not made.exists() or made.read_bytes() != lock.read_bytes():
        venv.create(home, clear=True, with_pip=True)
        command = [str(folder / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(lock)]
        _run(command, PACKAGE, {0})
        made.write_bytes(lock.read_bytes())
    return folder / "python"


def checkpoint(models: Mapping[str, str]) -> set[str]:
    """The models in which dbt-checkpoint's ``check-script-has-no-table-name`` finds a table."""
    source = _clone(CHECKPOINT, "https://github.com/dbt-checkpoint/dbt-checkpoint")
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _write_project(folder, models)
        # Else it reports each call to a server, and fails where it cannot.
        settings = "version: 1\ndisable-tracking: true\n"
        (folder / ".dbt-checkpoint.yaml").write_text(settings, encoding="utf-8")
        command = [str(python()), "-m", "dbt_checkpoint.check_script_has_no_table_name"]
        command += [f"models/{name}.sql" for name in models]
        said = _run(command, folder, {0, 1}, PYTHONPATH=str(source))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    return set(re.findall(r"(?m)^models/(\w+)\.sql: ", plain))


def bouncer(models: Mapping[str, str]) -> set[str]:
    """The models in which dbt-bouncer's ``check_model_hard_coded_references`` finds a table."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _write_project(folder, models)
        check = "manifest_checks:\n  - name: check_model_hard_coded_references\n"
        (folder / "dbt-bouncer.yml").write_text(check, encoding="utf-8")
        command = [str(python().with_name("dbt-bouncer")), "run", "--output-file", "found.json"]
        _run([*command, "--output-format", "json"], folder, {0, 1})
        found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    if len(found) != len(models):
        raise BenchmarkError(f"dbt-bouncer looked at {len(found)} of {len(models)} models")
    return {one["unique_id"].rpartition(".")[2] for one in found if one["outcome"] == "failed"}


def evaluator(models: Mapping[str, str]) -> set[str]:
    """The models in which dbt-project-evaluator's ``fct_hard_coded_references`` finds a table.

    It is a dbt package; its macro needs the text of a model alone, so Jinja runs it here as dbt would.
    """
    source = _clone(EVALUATOR, "https://github.com/dbt-labs/dbt-project-evaluator")
    project = yaml.safe_load((source / "dbt_project.yml").read_text(encoding="utf-8"))
    variables: dict[str, Any] = project["vars"]
    jinja = Environment(loader=FileSystemLoader(source / "macros"), extensions=["jinja2.ext.do"])
    jinja.globals |= {
        "execute": True,
        "modules": {"re": re},
        "return": _return,
        "set": set,
        "var": variables.__getitem__,
    }
    template = jinja.get_template("find_all_hard_coded_references.sql")
    macro: Any = vars(template.module)["default__find_all_hard_coded_references"]
    found = set()
    for name, text in models.items():
        try:
            macro({"resource_type": "model", "language": "sql", "raw_sql": "", "raw_code": text})
        except _Returned as returned:
            if returned.value:
                found.add(name)
        else:
            raise BenchmarkError("dbt-project-evaluator's macro gave no answer")
    return found


class _Returned(Exception):  # noqa: N818 - dbt ends a macro in this way; it is no error
    def __init__(self, value: object) -> None:
        self.value = value


def _return(value: object) -> NoReturn:
    raise _Returned(value)


def _clone(variable: str, url: str) -> Path:
    if not (folder := os.environ.get(variable)):
        raise NotRunError(f"on no package registry: `git clone {url}` and give its folder as {variable}")
    return Path(folder).absolute()


def _write_project(folder: Path, models: Mapping[str, str]) -> None:
    """A model a text, and the least of a manifest that the peers read."""
    (folder / "models").mkdir()
    (folder / "target").mkdir()
    for name, text in models.items():
        (folder / f"models/{name}.sql").write_text(text, encoding="utf-8", newline="")
    manifest: dict[str, Any] = {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "dbt_version": "1.11.0",
            "project_name": "corpus",
            "adapter_type": "postgres",
            "generated_at": "2026-01-01T00:00:00Z",
        },
        "nodes": {f"model.corpus.{name}": _node(name, text) for name, text in models.items()},
    }
    for empty in ("sources", "macros", "docs", "exposures", "metrics", "groups", "selectors", "disabled"):
        manifest[empty] = {}
    for empty in ("parent_map", "child_map", "group_map", "saved_queries", "semantic_models", "unit_tests"):
        manifest[empty] = {}
    (folder / "target/manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _node(name: str, text: str) -> dict[str, Any]:
    return {
        "unique_id": f"model.corpus.{name}",
        "name": name,
        "resource_type": "model",
        "package_name": "corpus",
        "path": f"{name}.sql",
        "original_file_path": f"models/{name}.sql",
        "language": "sql",
        "raw_code": text,
        "database": "d",
        "schema": "s",
        "alias": name,
        "fqn": ["corpus", name],
        "checksum": {"name": "sha256", "checksum": ""},
        "config": {"materialized": "view"},
        "columns": {},
        "depends_on": {"nodes": [], "macros": []},
        "description": "",
        "tags": [],
        "refs": [],
        "sources": [],
        "meta": {},
    }


def _run(command: list[str], folder: Path, expected: set[int], **extra: str) -> str:
    """What the command says. Raises ``BenchmarkError`` where it ends with another status."""
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    # A finding and a crash have one status.
    if result.returncode not in expected or "Traceback" in result.stderr:
        raise BenchmarkError(
            f"{command[0]} ended with {result.returncode}: {(result.stdout + result.stderr)[-2000:]}"
        )
    return result.stdout
