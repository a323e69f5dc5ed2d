"""What `dbt-isolation state pull` of a large release costs, where there is no copy of it yet."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .generator import PROJECT
from .projects import PACKAGE, TIMEOUT, dbt, dbt_isolation, generate_project, rows
from .release import push_release
from .results import Options, Section
from .timing import BenchmarkError, Command, environment, in_turn, run

GOAL = 2.0


def state_pull(options: Options) -> Section:
    """Time a pull against a process that unpacks, decodes and writes the same manifest."""
    rounds = options.rounds or 10
    with TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        project, written = folder / "project", folder / "manifest.json"
        generate_project(project, options.large, data=False)
        _commit(project)
        run(dbt(project, "parse", target="prod"), timeout=TIMEOUT)
        push_release(project)
        packed = project / "state" / PROJECT / "prod" / "releases" / "000001" / "manifest.json.gz"
        copies = project / "target" / "dbt_isolation"

        yardstick = Command(
            (sys.executable, "-m", "benchmarks.decode", str(packed), "--write-to", str(written)),
            PACKAGE,
            environment(),
            lambda: written.unlink(missing_ok=True),
        )
        pull = dbt_isolation(
            *(project, "state", "pull"),
            target="dev",
            prepare=lambda: shutil.rmtree(copies, ignore_errors=True),
        )
        base, judged = in_turn([yardstick, pull], rounds=rounds)
        if (copies / "state" / "prod" / "000001" / "manifest.json").read_bytes() != written.read_bytes():
            raise BenchmarkError("what was pulled is not what was pushed")
        sizes = f"{written.stat().st_size / 1e6:.0f} MB, {packed.stat().st_size / 1e6:.1f} MB as it is kept"
    about = (
        f"`dbt-isolation state pull` (B) of a release with {options.large} models ({sizes}) out of a folder, "
        "with no copy here, against one process that unpacks the same manifest.json.gz, writes the bytes and "
        "decodes them into typed records (A, `benchmarks/decode.py`). The goal is for CPU time."
    )
    remark = "The release was made from a parse and a run_results.json that says every model was built."
    return Section(about, rows("pull", base, judged, GOAL), rounds, [remark])


def _commit(project: Path) -> None:
    """Put the project under git, as projects are: a pull asks it how the release's commit stands to HEAD."""
    name = ("-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false")
    for words in (
        ("init", "--quiet", "--initial-branch", "main"),
        ("add", "."),
        (*name, "commit", "--quiet", "-m", "A project"),
    ):
        subprocess.run(["git", *words], cwd=project, check=True)
