"""Where environments build and where they find raw data: two that share a place are said."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dbt_isolation import naming
from dbt_isolation.artifacts.manifest import Manifest, Node, Source
from dbt_isolation.config.model import Config, Environment
from dbt_isolation.environments import Relation, Run, Target, relation
from dbt_isolation.errors import IsolationError
from dbt_isolation.installation.fact import Fact
from dbt_isolation.reads.announce import listed
from dbt_isolation.writes import written

_SHOWN = 3
#: Stands for whatever is built where no manifest says what is.
_ANY = Node(unique_id="", resource_type="model", name="any_model", original_file_path="models/any_model.sql")


@dataclass(frozen=True, slots=True)
class Places:
    """The environments' places on the ``targets`` of the profile.

    ``project``: the root project's name. ``own``: the parts of a name that its own macros decide.
    """

    config: Config
    targets: tuple[Target, ...]
    manifest: Manifest | None
    project: str
    own: frozenset[str]
    environ: Mapping[str, str]

    def facts(self) -> Iterator[Fact]:
        """Relations first, then raw data."""
        yield self._relations()
        if self.manifest is not None:
            for environment in self.config.environments.values():
                if not environment.protected:
                    yield from self._raw_data(environment, self.manifest)

    def _relations(self) -> Fact:
        what = "one relation, two environments"
        if self.own - {"alias"}:
            return Fact(what, "not looked at, as the project's own macros name; the guards look in each run")
        nodes = (
            [_ANY]
            if self.manifest is None
            else [one for one in _built(self.manifest) if self._named_here(one)]
        )
        seen: dict[Relation, tuple[str, str, str]] = {}
        shared: dict[tuple[str, str], list[str]] = {}
        for environment in self.config.environments.values():
            for target in self._targets(environment):
                run = Run(self.config, target, _filled(environment, self.environ), environment)
                for node in nodes:
                    try:
                        place = relation(run, node.named(target, self.project))
                    except IsolationError:
                        continue
                    other, other_target, _ = seen.setdefault(place, (environment.name, target.name, ""))
                    if other != environment.name:
                        pair = (
                            f"{other} (target {other_target})",
                            f"{environment.name} (target {target.name})",
                        )
                        shared.setdefault(pair, []).append(str(place))
        if not shared:
            looked = "places of the targets" if self.manifest is None else f"{len(nodes)} relations each"
            return Fact(what, f"none: {looked}")
        (one, other), relations = next(iter(shared.items()))
        more = f" and {len(relations) - _SHOWN} more" if len(relations) > _SHOWN else ""
        return Fact(
            what,
            f"{one} and {other} both give {', '.join(relations[:_SHOWN])}{more}",
            'give one of them a template of its own, such as schema: "dev_{user}_{custom_schema}", or '
            "another schema in profiles.yml",
        )

    def _raw_data(self, environment: Environment, manifest: Manifest) -> Iterator[Fact]:
        if environment.reads is None:
            return
        production = self.config.environments[environment.reads]
        shared = sorted(
            {
                source.source_name
                for source in manifest.sources.values()
                if source.source_name not in environment.sources
                and any(
                    _place(source, environment, mine) == _place(source, production, theirs)
                    for mine in self._targets(environment)
                    for theirs in self._targets(production)
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

    def _targets(self, environment: Environment) -> list[Target]:
        """The targets that may be this environment, whatever conditions hold now."""
        taken = {
            name
            for one in self.config.environments.values()
            if one.protected and one != environment
            for name in one.targets or ()
        }
        return [
            target
            for target in self.targets
            if target.name not in taken
            and (
                environment.targets is None
                or any(naming.matches(glob, target.name) for glob in environment.targets)
            )
        ]

    def _named_here(self, node: Node) -> bool:
        """Whether the root project names it, and no place in its own config does."""
        assert self.manifest is not None
        return not (
            node.package_name in self.manifest.naming_packages(self.project)
            or node.config.target_schema
            or node.config.target_database
        )


def package_facts(manifest: Manifest, project: str) -> Iterator[Fact]:
    """The packages that name their own nodes."""
    for package, parts in sorted(manifest.naming_packages(project).items()):
        count = sum(node.package_name == package for node in _built(manifest))
        if count:
            macros = ", ".join(f"generate_{part}_name" for part in sorted(parts))
            yield Fact(
                f"package {package}",
                f"names its {count} relations itself, by its own {macros}; no environment does",
                "see that it gives development another place than production: the plugin refuses it where it "
                "does not, a dbt without plugins does not see it",
                advice=True,
            )


def _built(manifest: Manifest) -> list[Node]:
    return [node for node in manifest.buildable() if written(node, "build") and node.resource_type != "test"]


def _place(source: Source, environment: Environment, target: Target) -> tuple[str, str, str]:
    """Where the environment finds the source on a target; a place that differs by target is nobody's."""
    said = environment.sources.get(source.source_name, {})
    database = said.get("database") or source.unrendered_database or target.database
    schema = said.get("schema") or source.unrendered_schema or source.schema_ or ""
    by_target = target.name if "{{" in database + schema else ""
    return database.lower(), schema.lower(), by_target


def _filled(environment: Environment, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The variables, with a value for each that the templates name and nobody set."""
    templates = [environment.templates, *(one.templates for one in environment.overrides)]
    named = {
        token.removeprefix("env:")
        for one in templates
        for template in one.values()
        for token in naming.tokens(template)
        if naming.is_variable(token)
    }
    return {**{name: name for name in named}, **environ}
