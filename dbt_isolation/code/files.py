"""Reads one file of a project by what it is."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dbt_isolation.code.given import Given
from dbt_isolation.code.reading import Reading
from dbt_isolation.code.values import Piece, Text
from dbt_isolation.sql.unreadable import UnreadableError

if TYPE_CHECKING:
    from dbt_isolation.code.template import Reader

#: Nobody writes a longer file by hand, in characters; a longer one is said to be skipped.
LONGEST = 2_000_000
SUFFIXES = (".sql", ".py", ".yml", ".yaml")


def read(path: str, text: str, dialect: str, variables: Mapping[str, object]) -> Reading:
    """What the file at ``path`` says, whose content is ``text`` with ``\\n`` at the ends of its lines.

    ``dialect``: a dbt adapter type. ``variables``: those of dbt_project.yml.
    """
    from dbt_isolation.code.template import Reader

    if len(text) > LONGEST:
        return Reading(problem=(f"longer than {LONGEST:,} characters", 0))
    reader = Reader(text, dialect, variables)

    def go() -> None:
        if path.endswith((".yml", ".yaml")):
            from dbt_isolation.code import property_yaml

            name = path.rsplit("/", 1)[-1]
            property_yaml.read(reader, project_file=name in ("dbt_project.yml", "dbt_project.yaml"))
        elif path.endswith(".py"):
            from dbt_isolation.code import python_model

            python_model.read(reader)
        else:
            reader.template(Text((Piece(text, 0),)))

    return _reading(reader, go)


def read_given(text: str, dialect: str, given: Given) -> Reading:
    """What a hook whose template is ``text`` does in the run of which ``given`` is known."""
    from dbt_isolation.code.template import Reader

    reader = Reader(text, dialect, {}, given)
    return _reading(reader, lambda: reader.template(Text((Piece(text, 0),))))


def _reading(reader: "Reader", go: Callable[[], None]) -> Reading:
    try:
        go()
    except UnreadableError as error:
        return Reading(problem=(error.message, error.offset), broken=True)
    except RecursionError:
        return Reading(problem=("nested too deeply", 0))
    return reader.reading
