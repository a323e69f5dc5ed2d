"""Where each environment builds, on every target that may be its: two that share a place are found."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from dbt_isolation import naming
from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.config.model import Config, Environment
from dbt_isolation.environments import Relation, Run, Target, relation
from dbt_isolation.errors import IsolationError
from dbt_isolation.writes import written

#: Stands for whatever is built where no manifest says what is.
_ANY = Node(unique_id="", resource_type="model", name="any_model", original_file_path="models/any_model.sql")


@dataclass(frozen=True, slots=True)
class Use:
    """An environment on a target."""

    environment: str
    target: str

    def __str__(self) -> str:
        return f"{self.environment} (target {self.target})"


@dataclass(frozen=True, slots=True)
class Shared:
    """What two uses, which may be one and the same, both give: each relation with the two nodes."""

    one: Use
    other: Use
    relations: tuple[tuple[Relation, Node, Node], ...]


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

    @property
    def known(self) -> bool:
        """Whether names follow from the configuration: not where the project's own macros make them."""
        return not self.own - {"alias"}

    @property
    def nodes(self) -> list[Node]:
        """The nodes that the root project's macros name; one that stands for them without a manifest."""
        if self.manifest is None:
            return [_ANY]
        others = self.manifest.naming_packages(self.project)
        return [one for one in built(self.manifest) if _named_here(one, others)]

    def shared(self) -> Iterator[Shared]:
        """Relations that two environments give, or two nodes of one; nothing where names are not known."""
        seen: dict[Relation, tuple[Use, Node]] = {}
        found: dict[tuple[Use, Use], list[tuple[Relation, Node, Node]]] = {}
        for use, place, node in self.relations():
            first, other = seen.setdefault(folded(place), (use, node))
            if other is not node if first == use else first.environment != use.environment:
                found.setdefault((first, use), []).append((place, other, node))
        for (one, other_use), relations in found.items():
            yield Shared(one, other_use, tuple(relations))

    def relations(self) -> Iterator[tuple[Use, Relation, Node]]:
        """What each node is in each environment, on each of its targets; nothing where that is not known."""
        if not self.known:
            return
        nodes = self.nodes
        for environment in self.config.environments.values():
            for target in self.targets_of(environment):
                use = Use(environment.name, target.name)
                run = Run(self.config, target, _filled(environment, self.environ), environment)
                for node in nodes:
                    try:
                        yield use, relation(run, node.named(target, self.project)), node
                    except IsolationError:
                        continue

    def targets_of(self, environment: Environment) -> list[Target]:
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


def built(manifest: Manifest) -> list[Node]:
    """Models, seeds, snapshots and functions that have a relation."""
    return [node for node in manifest.buildable() if written(node, "build") and node.resource_type != "test"]


def folded(place: Relation) -> Relation:
    """For engines that do not tell case apart: too much is found rather than too little."""
    return Relation(place.database.casefold(), place.schema.casefold(), place.identifier.casefold())


def _named_here(node: Node, others: Collection[str]) -> bool:
    """Whether the root project names it, and no place in its own config does; ``others`` name themselves."""
    return not (node.package_name in others or node.config.target_schema or node.config.target_database)


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
