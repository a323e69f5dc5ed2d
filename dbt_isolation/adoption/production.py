"""Where production is, as its manifest or the profile says, and what would move there."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dbt_isolation.artifacts import run_results
from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.config.block import COMPONENTS
from dbt_isolation.config.model import Config, Environment
from dbt_isolation.environments import Relation, Run, Target, relation
from dbt_isolation.errors import IsolationError
from dbt_isolation.writes import written

#: What a production target is called, where nobody says.
NAMES = ("prod", "production", "prd", "live")
#: How projects name production with macros of their own; the first that gives the names there are is taken.
_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "database": ("{target_database}",),
    "schema": ("{custom_schema}", "{target_schema}", "{custom_schema}_{target_schema}"),
    "alias": ("{custom_schema}_{alias}",),
}


@dataclass(frozen=True, slots=True)
class Move:
    """A node that naming would put elsewhere than production's manifest has it."""

    unique_id: str
    old: Relation
    new: Relation


class Production:
    """One production target as its manifest has it.

    ``own``: the parts of a name, of ``COMPONENTS``, that the project's own macros decide. ``environ``: the
    environment variables that templates may name.
    """

    def __init__(
        self,
        target: Target,
        manifest: Manifest,
        own: frozenset[str],
        project: str,
        environ: Mapping[str, str],
    ) -> None:
        self.target = target
        self._environ = environ
        self._manifest = manifest
        self._project = project
        self._macros = own
        self._nodes = [
            node
            for node in (*manifest.nodes.values(), *manifest.functions.values())
            if written(node, "build")
        ]
        everywhere = own | self._of_adapter(manifest)
        self._own: defaultdict[str, frozenset[str]] = defaultdict(lambda: everywhere)
        for package, parts in manifest.naming_packages(project).items():
            self._own[package] = self._own[package] | parts

    @property
    def places(self) -> list[tuple[str, str]]:
        """The (database, schema) pairs that production writes, sorted."""
        return sorted({(node.database or "", node.schema_ or "") for node in self._nodes})

    @property
    def invocation_id(self) -> str | None:
        """Of the dbt command that wrote the manifest."""
        return self._manifest.metadata.invocation_id

    @property
    def names_all(self) -> bool:
        """Whether there are names at all, none is a macro's of the project, and all are the target's."""
        return bool(self._nodes) and not self._macros and not any(self.moves())

    def moves(self, environment: Environment | None = None) -> Iterator[Move]:
        """What ``environment``'s templates, or dbt's own names without it, would put elsewhere."""
        templates = Environment("prod") if environment is None else environment
        run = Run(Config(environments={}), self.target, self._environ, templates)
        for node in self._nodes:
            found = self._relation(run, node)
            if found != node.relation:
                yield Move(node.unique_id, node.relation, found)

    def templates(self) -> dict[str, str] | None:
        """The templates that give every name there is, by part; None where none does."""
        found = {}
        for part in COMPONENTS:
            for template in ("", *_TEMPLATES[part]):
                chosen = {part: template} if template else {}
                if not any(_part(move.old, part) != _part(move.new, part) for move in self._with(chosen)):
                    found.update(chosen)
                    break
            else:
                return None
        return found

    def without_own(self, part: str) -> "Production":
        """The same, as if the project had no macro of its own for ``part``."""
        macros = self._macros - {part}
        return Production(self.target, self._manifest, macros, self._project, self._environ)

    def _with(self, templates: Mapping[str, str]) -> Iterator[Move]:
        return self.moves(Environment("prod", templates=templates))

    def _relation(self, run: Run, node: Node) -> Relation:
        config, there = node.config, node.relation
        named = node.named(run.target, self._project)
        kept = set(self._own[node.package_name])
        # A test's alias is cut by dbt, and a snapshot may say its place itself.
        kept |= {"alias"} if node.resource_type == "test" else set()
        kept |= {"schema"} if config.target_schema else set()
        kept |= {"database"} if config.target_database else set()
        default = _with_parts_of(there, kept, named.default)
        return _with_parts_of(there, kept, relation(run, replace(named, default=default)))

    def _of_adapter(self, manifest: Manifest) -> frozenset[str]:
        """The parts that the adapter, or a package that dispatches for dbt, names by rules of its own."""
        return frozenset(
            part
            for part in COMPONENTS
            for macro in manifest.macros.values()
            if macro.name.endswith(f"__generate_{part}_name") and macro.package_name != "dbt"
        )


def _with_parts_of(there: Relation, kept: Collection[str], other: Relation) -> Relation:
    """``other``, with the ``kept`` parts as they are ``there``."""
    return Relation(*(_part(there if part in kept else other, part) for part in COMPONENTS))


def _part(place: Relation, part: str) -> str:
    return place.identifier if part == "alias" else str(getattr(place, part))


def is_of(production: Production, folder: Path, *, is_default: bool) -> bool:
    """Whether the manifest in dbt's ``folder`` for artifacts is really of this production target.

    It is if the run that wrote it says so, or if it has every name that the target would give.
    ``is_default``: whether the target is the one that dbt takes where none is named.
    """
    try:
        results = run_results.read(folder / "run_results.json")
    except IsolationError:
        results = None
    if results is not None and results.metadata.invocation_id == production.invocation_id:
        named = results.args.get("target")
        return bool(named == production.target.name or (named is None and is_default))
    return production.names_all
