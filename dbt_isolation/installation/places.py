"""What is to be known of the environments' places: shared ones, raw data, packages that name themselves."""

from collections.abc import Iterator

from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.artifacts.source import Source
from dbt_isolation.config.model import Environment
from dbt_isolation.environments import Target
from dbt_isolation.installation.fact import Fact
from dbt_isolation.places import Places, built
from dbt_isolation.reads.announce import listed

_SHOWN = 3


def place_facts(places: Places) -> Iterator[Fact]:
    """Relations first, then raw data."""
    yield _relations(places)
    if places.manifest is not None:
        for environment in places.config.environments.values():
            if not environment.protected:
                yield from _raw_data(places, environment, places.manifest)


def _relations(places: Places) -> Fact:
    what = "one relation, two environments"
    if not places.known:
        return Fact(what, "not looked at, as the project's own macros name; the guards look in each run")
    shared = next((one for one in places.shared() if one.one != one.other), None)
    if shared is None:
        looked = "places of the targets" if places.manifest is None else f"{len(places.nodes)} relations each"
        return Fact(what, f"none: {looked}")
    names = [str(place) for place, _, _ in shared.relations]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return Fact(
        what,
        f"{shared.one} and {shared.other} both give {', '.join(names[:_SHOWN])}{more}",
        'give one of them a template of its own, such as schema: "dev_{user}_{custom_schema}", or '
        "another schema in profiles.yml",
    )


def _raw_data(places: Places, environment: Environment, manifest: Manifest) -> Iterator[Fact]:
    if environment.reads is None:
        return
    production = places.config.environments[environment.reads]
    shared = sorted(
        {
            source.source_name
            for source in manifest.sources.values()
            if source.source_name not in environment.sources
            and any(
                _place(source, environment, mine) == _place(source, production, theirs)
                for mine in places.targets_of(environment)
                for theirs in places.targets_of(production)
            )
        }
    )
    what = f"raw data of {environment.name}"
    if not manifest.sources:
        return
    if not shared:
        yield Fact(what, f"not {environment.reads}'s, or its own on purpose")
        return
    yield Fact(
        what,
        f"{environment.reads}'s own: source {listed(shared)}",
        f"write environments.{environment.name}.sources.{shared[0]}: {{schema: {shared[0]}_sample}} and "
        f"run `dbt-isolation sample {shared[0]}`; or, if it is meant so, {shared[0]}: {{}}",
        advice=True,
    )


def package_facts(manifest: Manifest, project: str) -> Iterator[Fact]:
    """The packages that name their own nodes."""
    for package, parts in sorted(manifest.naming_packages(project).items()):
        count = sum(node.package_name == package for node in built(manifest))
        if count:
            macros = ", ".join(f"generate_{part}_name" for part in sorted(parts))
            yield Fact(
                f"package {package}",
                f"names its {count} relations itself, by its own {macros}; no environment does",
                "see that it gives development another place than production: the plugin refuses it where it "
                "does not, a dbt without plugins does not see it",
                advice=True,
            )


def _place(source: Source, environment: Environment, target: Target) -> tuple[str, str, str]:
    """Where the environment finds the source on a target; a place that differs by target is nobody's."""
    said = environment.sources.get(source.source_name, {})
    database = said.get("database") or source.unrendered_database or target.database
    schema = said.get("schema") or source.unrendered_schema or source.schema_ or ""
    by_target = target.name if "{{" in database + schema else ""
    return database.lower(), schema.lower(), by_target
