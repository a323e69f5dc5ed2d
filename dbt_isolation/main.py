"""The command line; the only place where an exit status is decided.

0 clean, 1 a finding of severity error, 2 the user's input or set-up, 3 a bug of ours, 130 interrupted.
"""

import gc
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn, cast

from dbt_isolation import __version__, dotenv_file
from dbt_isolation.commands import COMMANDS, Command
from dbt_isolation.errors import IsolationError
from dbt_isolation.outcome import Outcome
from dbt_isolation.reports import FORMATS, report

CLEAN, FINDINGS, USER, BUG, INTERRUPTED = 0, 1, 2, 3, 130


def main(argv: Sequence[str] | None = None, seen: Callable[[Outcome], None] | None = None) -> int:
    """Runs one command and returns the exit status; ``seen`` is told what the command found."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        dotenv_file.load()
        arguments = _parser(words).parse_args(words)
        command = cast(Command, import_module(COMMANDS[arguments.command].module))
        outcome = command.run(arguments)
        _show(arguments, outcome)
        if seen is not None:
            seen(outcome)
        return FINDINGS if outcome.failed else CLEAN
    except IsolationError as error:
        print(f"dbt-isolation: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return USER
    except KeyboardInterrupt:
        print("dbt-isolation: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the pipe has gone; Python would complain again when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLEAN
    except Exception as error:
        print(f"dbt-isolation: a bug of ours: {error!r}; the traceback is in {_log()}", file=sys.stderr)
        return BUG


def run() -> NoReturn:
    """The console script."""
    # A third of a short run goes into looking through imported code for garbage; none of it is.
    gc.set_threshold(50_000, 20, 100)
    status = main()
    gc.freeze()
    sys.exit(status)


def _parser(words: Sequence[str]) -> ArgumentParser:
    parser = ArgumentParser(prog="dbt-isolation", description="Keeps development and production data apart.")
    parser.add_argument("--version", action="version", version=f"dbt-isolation {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, row in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=row.summary, description=row.summary)
        # Only the command that is meant is imported, so that none pays for another's imports.
        if name in words:
            _add_common(subparser)
            cast(Command, import_module(row.module)).add_arguments(subparser)
    return parser


def _add_common(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--project-dir",
        type=Path,
        default=Path(os.environ.get("DBT_PROJECT_DIR") or "."),
        metavar="DIR",
        help="the dbt project's folder",
    )
    parser.add_argument("--profiles-dir", type=Path, metavar="DIR", help="the folder of profiles.yml")
    parser.add_argument("--target", metavar="NAME", help="the target of profiles.yml")
    parser.add_argument("--format", choices=FORMATS, default="terminal", help="how to show it")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where to write it; the screen if not given"
    )


def _show(arguments: Namespace, outcome: Outcome) -> None:
    chosen = report(arguments.format)
    if arguments.output is None:
        chosen.write(arguments.command, outcome, sys.stdout)
        sys.stdout.flush()
        return
    try:
        with arguments.output.open("w", encoding="utf-8") as stream:
            chosen.write(arguments.command, outcome, stream)
    except OSError as error:
        raise IsolationError(f"{arguments.output}: {error.strerror or error}") from error


def _log() -> str:
    import tempfile
    import traceback

    handle, name = tempfile.mkstemp(prefix="dbt-isolation-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        traceback.print_exc(file=stream)
    return name
