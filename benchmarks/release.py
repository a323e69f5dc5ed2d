"""A release of a generated project, without building all of it.

`python -m benchmarks.release {middle,complete} MANIFEST` does what needs a whole manifest: in a process of
its own, as what the timing one has grown to is the least that a timed one can be seen to need.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import msgspec

from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.artifacts.manifest import Manifest, Node

from .projects import PACKAGE, TIMEOUT, dbt, dbt_isolation
from .timing import run

_VERSION = "https://schemas.getdbt.com/dbt/run-results/v6.json"


def push_release(project: Path) -> None:
    """Make a release of what the last command in `project` parsed, as if it had built every model."""
    _in_a_process("complete", project)
    run(dbt_isolation(project, "state", "push", target="prod"), timeout=TIMEOUT)


def build_middle(project: Path) -> str:
    """Build a model and all above it in production; returns its name.

    It is in the middle of the project: it reads several models and is read by others.
    """
    run(dbt(project, "parse", target="prod"), timeout=TIMEOUT)
    name = _in_a_process("middle", project)
    run(dbt(project, "run", "-s", f"+{name}", target="prod"), timeout=TIMEOUT)
    return name


def _in_a_process(what: str, project: Path) -> str:
    command = [sys.executable, "-m", "benchmarks.release", what, str(project / "target" / "manifest.json")]
    return subprocess.run(command, cwd=PACKAGE, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _middle(manifest: Manifest) -> str:
    models = _models(manifest)
    above: dict[str, frozenset[str]] = {}

    def ancestors(unique_id: str) -> frozenset[str]:
        if unique_id not in above:
            parents = [one for one in models[unique_id].depends_on.nodes if one in models]
            above[unique_id] = frozenset(parents).union(*map(ancestors, parents))
        return above[unique_id]

    read = {one for node in models.values() for one in node.depends_on.nodes}
    amid = [
        one
        for one, node in models.items()
        if one in read
        and not node.ephemeral
        and sum(parent in models for parent in node.depends_on.nodes) > 1
    ]
    amid.sort(key=lambda one: (len(ancestors(one)), one))
    return models[amid[len(amid) // 2]].name


def _complete(manifest: Manifest, file: Path) -> None:
    """Write the run_results.json of a run that built every model."""
    at = manifest.metadata.generated_at
    timing = [{"name": name, "started_at": at, "completed_at": at} for name in ("compile", "execute")]
    results = [
        {
            "status": "success",
            "timing": timing,
            "thread_id": "Thread-1",
            "execution_time": 0.1,
            "adapter_response": {"_message": "OK"},
            "message": "OK",
            "failures": None,
            "unique_id": unique_id,
            "compiled": True,
            # about as long as what dbt would have compiled it into
            "compiled_code": node.raw_code,
            "relation_name": node.relation_name,
            "batch_results": None,
        }
        for unique_id, node in _models(manifest).items()
        if not node.ephemeral
    ]
    metadata: dict[str, object] = {
        "dbt_schema_version": _VERSION,
        "dbt_version": manifest.metadata.dbt_version,
        "generated_at": at,
        "invocation_id": manifest.metadata.invocation_id,
        "env": {},
    }
    content = {
        "metadata": metadata,
        "results": results,
        "elapsed_time": 0.1 * len(results),
        "args": {"which": "run", "target": "prod"},
    }
    file.write_bytes(msgspec.json.encode(content))


def _models(manifest: Manifest) -> dict[str, Node]:
    return {one: node for one, node in manifest.nodes.items() if node.resource_type == "model"}


def main() -> None:
    """Read the command line; print the name of a model, or write run_results.json beside the manifest."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.release", description="Make up a release.")
    parser.add_argument("what", choices=("middle", "complete"))
    parser.add_argument("manifest", type=Path, help="manifest.json")
    arguments = parser.parse_args()
    manifest = artifact.read(arguments.manifest)
    if arguments.what == "middle":
        print(_middle(manifest))
    else:
        _complete(manifest, arguments.manifest.with_name("run_results.json"))


if __name__ == "__main__":
    main()
