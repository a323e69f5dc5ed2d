"""The checks of files on one text, for whoever has no project at hand: an editor, a linter."""

from collections.abc import Collection, Iterator, Mapping

from dbt_isolation.checks.file import File, Protected
from dbt_isolation.code.files import read
from dbt_isolation.config.model import Config
from dbt_isolation.outcome import Finding


def findings_of(
    path: str,
    text: str,
    dialect: str,
    config: Config,
    *,
    codes: Collection[str] = (),
    variables: Mapping[str, object] | None = None,
) -> Iterator[Finding]:
    """What DI01, DI02, DI04 and DI05, or those of ``codes``, find in ``text``.

    ``path`` is relative to the project; ``dialect`` is a dbt adapter type. Edits are of ``text`` with
    ``\\n`` at the ends of its lines.
    """
    from dbt_isolation.checks import CHECKS, file_check_of

    text = text.replace("\r\n", "\n").replace("\r", "\n")
    file = File(path, text, read(path, text, dialect, variables or {}), Protected.of(config))
    for code, row in CHECKS.items():
        if row.of_files and (not codes or code in codes):
            yield from file_check_of(code).check(file)
