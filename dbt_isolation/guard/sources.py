"""Sources by environment: a source's tables are read where ``sources:`` says, in everything that dbt does.

dbt's own nodes are changed, in memory, once dbt has selected what to run and before it runs anything:
earlier, `state:modified` would take the other place for a change.
"""

from typing import Any

from dbt.adapters.factory import get_adapter_by_type

from dbt_isolation import naming
from dbt_isolation.config.settings import suggestion
from dbt_isolation.environments import Run
from dbt_isolation.guard.say import say
from dbt_isolation.guard.session import Session


def source_places(run: Run) -> dict[str, dict[str, str]]:
    """The database and the schema that the run's environment gives its sources, by their names.

    Raises ``IsolationError`` for a variable that is named and not set.
    """
    if run.environment is None:
        return {}
    return {
        name: {part: naming.expand_variables(text, run.environ) for part, text in place.items()}
        for name, place in run.environment.sources.items()
    }


def place_sources(session: Session, manifest: Any) -> None:
    """Puts the sources of dbt's ``manifest`` where the run's environment has them.

    Raises ``IsolationError`` for a variable that is named and not set.
    """
    run = session.run
    if run is None or run.environment is None or not run.environment.sources:
        return
    adapter = get_adapter_by_type(session.credentials.type)
    places = source_places(run)
    known = {source.source_name for source in manifest.sources.values()}
    for name in sorted(places.keys() - known):
        hint = suggestion(name, sorted(known))
        say(f"environments.{run.environment.name}.sources.{name}: no such source; {hint}")
    for source in manifest.sources.values():
        place = places.get(source.source_name)
        if place is None:
            continue
        source.database = place.get("database", source.database)
        source.schema = place.get("schema", source.schema)
        source.relation_name = str(adapter.Relation.create_from(adapter.config, source))
