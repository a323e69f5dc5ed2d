"""``dbt-isolation-naming``: the one-line macros are there and intact, in every dbt project of the repository.

It needs no dbt and no profile, and looks at projects and not at files: a macro that is deleted is in no list
of changed files.
"""

import sys
from collections.abc import Sequence

from dbt_isolation.adoption.repository import projects
from dbt_isolation.config import block as configuration
from dbt_isolation.errors import IsolationError
from dbt_isolation.installation.one_liners import one_liner_facts


def main(argv: Sequence[str] | None = None) -> int:
    """1 where a macro is missing or returns something else, 2 where a project cannot be read."""
    given = sys.argv[1:] if argv is None else argv
    if {"-h", "--help"} & set(given):
        print(__doc__)
        return 0
    worst = 0
    for folder in projects():
        try:
            config = configuration.load(folder)
            facts = list(one_liner_facts(folder, config)) if config is not None else []
        except IsolationError as error:
            print(f"{folder / 'dbt_project.yml'}: {error.message}", file=sys.stderr)
            if error.hint:
                print(f"  {error.hint}", file=sys.stderr)
            worst = 2
            continue
        for fact in facts:
            if fact.remedy and not fact.advice:
                print(f"{folder / 'dbt_project.yml'}: {fact.what}: {fact.found}")
                print(f"  {fact.remedy}")
                worst = max(worst, 1)
    return worst
