"""`python -m benchmarks [NAME ...]`: run benchmarks, print what they found, and write it into RESULTS.md.

Ends with 0, with 1 where a goal is missed, with 2 where a benchmark cannot be run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from .checks import checks
from .compare import compare
from .copies import copies
from .corpus import corpus
from .evidence import evidence
from .generator import FEWEST
from .hooks import hooks
from .lineage import lineage
from .plain_dbt import plain_dbt
from .post_run import post_run
from .reads import reads
from .results import RESULTS, Options, Report, record
from .sources import sources
from .start_up import start_up
from .state_pull import state_pull
from .timing import BenchmarkError, say

BENCHMARKS: dict[str, Callable[[Options], Report]] = {
    "plain_dbt": plain_dbt,
    "start_up": start_up,
    "reads": reads,
    "state_pull": state_pull,
    "evidence": evidence,
    "sources": sources,
    "copies": copies,
    "hooks": hooks,
    "checks": checks,
    "corpus": corpus,
    "lineage": lineage,
    "compare": compare,
    "post_run": post_run,
}


def main() -> int:
    """Read the command line and run what it names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--rounds", type=int, help="how often each command is timed")
    parser.add_argument(
        "--models", type=int, default=Options().models, help="the size of a generated project"
    )
    parser.add_argument("--print-only", action="store_true", help="leave RESULTS.md as it is")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    if arguments.rounds is not None and arguments.rounds < 1:
        parser.error("--rounds: at least 1")
    if arguments.models < FEWEST:
        parser.error(f"--models: at least {FEWEST}")
    options = Options(arguments.rounds, arguments.models)

    met = True
    for name in arguments.names or BENCHMARKS:
        say(name)
        try:
            section = BENCHMARKS[name](options)
        except BenchmarkError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 2
        met = met and section.met
        text = section.text(name, options)
        print(text)
        if not arguments.print_only:
            page = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
            RESULTS.write_text(record(page, name, text, list(BENCHMARKS)), encoding="utf-8", newline="\n")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
