"""What there is in a project before the package: where production is, and whether the block is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dbt_isolation.adoption.block import Chosen, developers_schema, owned, production_target
from dbt_isolation.adoption.production import Move, Production, is_of
from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.config import block as configuration
from dbt_isolation.config.model import Environment
from dbt_isolation.environments import Target, run_of
from dbt_isolation.errors import IsolationError
from dbt_isolation.installation.one_liners import own_naming
from dbt_isolation.profile import Profile


@dataclass(frozen=True, slots=True)
class Survey:
    """``chosen`` is what the block is to say, None where there is one.

    ``known``: production as its manifest has it, with the environment it is to be. ``unknown``: the
    production targets without a manifest, by name. ``neighbours``: the other targets in their databases.
    """

    chosen: Chosen | None
    known: tuple[tuple[Production, Environment], ...]
    unknown: tuple[str, ...]
    neighbours: tuple[str, ...] = ()

    @property
    def productions(self) -> tuple[Production, ...]:
        """Those whose manifest is known."""
        return tuple(production for production, _ in self.known)

    def moves(self) -> Iterator[Move]:
        """What of production the environments would put elsewhere."""
        for production, environment in self.known:
            yield from production.moves(environment)


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Looks at the project in ``folder``; ``artifacts`` is dbt's folder for them.

    ``manifest``: the file that the user calls production's.
    """

    folder: Path
    project: str
    profile: Profile
    artifacts: Path
    environ: Mapping[str, str]
    manifest: Path | None = None

    def survey(self, production: str | None, owns: tuple[str, ...], *, observe: bool) -> Survey:
        """Of production's target and places as the user told them. Raises ``IsolationError``."""
        config = configuration.load(self.folder, self.environ)
        if config is None:
            survey = self._without_block(production, owns, observe=observe)
            return replace(survey, neighbours=self._neighbours(survey))
        known, unknown = [], []
        for target in self.profile.targets:
            environment = run_of(config, target, self.environ).environment
            if environment is None or not environment.protected:
                continue
            found = self._production(target)
            if found is None:
                unknown.append(target.name)
            else:
                known.append((found, environment))
        return Survey(None, tuple(known), tuple(unknown))

    def _without_block(self, told: str | None, owns: tuple[str, ...], *, observe: bool) -> Survey:
        targets = self.profile.targets
        target = production_target(targets, told, places_told=bool(self.manifest or owns))
        others = [one for one in targets if one.name != target.name]
        production = self._production(target)
        owns = owns or owned(target, others, production)
        checked = production if target in targets else None
        templates = (checked.templates() or {}) if checked is not None else {}
        schema = developers_schema(owns, others)
        if schema and (own := own_naming(self.folder).get("schema")):
            raise IsolationError(
                "a target of development has production's own schema, and the project's own "
                f"generate_schema_name ({own.file}:{own.line}) names for both",
                "give that target another schema in profiles.yml; or rename the macro to project_schema_name "
                "and run init again, so that development can be named apart",
            )
        chosen = Chosen(target.name, owns, templates, schema, observe)
        environment = chosen.config.environments[chosen.environment]
        if checked is None:
            return Survey(chosen, (), (target.name,))
        return Survey(chosen, ((checked, environment),), ())

    def _neighbours(self, survey: Survey) -> tuple[str, ...]:
        places = {one.target.name: one.target.database for one in survey.productions}
        return tuple(
            target.name
            for target in self.profile.targets
            if target.name not in places and target.database in places.values()
        )

    def _production(self, target: Target) -> Production | None:
        own = frozenset(own_naming(self.folder))
        file = self.manifest or self.artifacts / "manifest.json"
        if self.manifest is None and not file.is_file():
            return None
        found = Production(target, artifact.read(file), own, self.project, self.environ)
        is_default = target.name == self.profile.default
        return found if self.manifest or is_of(found, self.artifacts, is_default=is_default) else None
