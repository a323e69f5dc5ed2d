"""Which environment a run is, which one owns a relation, what a node is called, and may this be written.

Pure functions of the configuration, the target and the environment variables: every guard asks them.
``macros/naming/`` and ``macros/guard/`` do the same in Jinja.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dbt_isolation import naming
from dbt_isolation.config.model import Config, Environment
from dbt_isolation.config.settings import suggestion
from dbt_isolation.errors import IsolationError

CHOICE = "DBT_ISOLATION_ENVIRONMENT"
USER = "DBT_ISOLATION_USER"


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a run, as its connection profile says."""

    name: str
    database: str = ""
    schema: str = ""
    user: str = ""
    adapter_type: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """``database.schema.identifier``; an engine without databases leaves the first empty."""

    database: str
    schema: str
    identifier: str

    def __str__(self) -> str:
        return ".".join(filter(None, (self.database, self.schema, self.identifier)))


@dataclass(frozen=True, slots=True)
class Named:
    """What naming knows of a node: the relation dbt itself would make, and the node's own configuration.

    ``path`` is relative to the root project, with ``/``; empty for a node of a package.
    """

    default: Relation
    custom_database: str = ""
    custom_schema: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not be written: the rule that says so, the reason, and what to do instead."""

    rule: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its target, variables and environment; ``problem`` says why it has no environment.

    ``stray``: variables that only a ``.env`` file sets; they make nobody a deployer.
    """

    config: Config
    target: Target
    environ: Mapping[str, str]
    environment: Environment | None = None
    problem: IsolationError | None = None
    stray: frozenset[str] = frozenset()

    @property
    def deploys(self) -> bool:
        """Whether it may write its own protected environment."""
        condition = self.environment.deployer if self.environment else None
        if condition is None or condition.env_var in self.stray:
            return False
        return condition.holds(self.environ, self.target.user)

    def __str__(self) -> str:
        if self.environment is None:
            return f"target '{self.target.name}', which belongs to no environment"
        return f"environment '{self.environment.name}' (target '{self.target.name}')"


def run_of(
    config: Config, target: Target, environ: Mapping[str, str], stray: frozenset[str] = frozenset()
) -> Run:
    """The run of ``target``, with its environment or with the problem of choosing one."""
    try:
        return Run(config, target, environ, choose(config, target, environ), stray=stray)
    except IsolationError as error:
        return Run(config, target, environ, problem=error, stray=stray)


def choose(config: Config, target: Target, environ: Mapping[str, str]) -> Environment:
    """The environment of a run: by name, by a protected target's name, else the first that fits.

    Raises ``IsolationError`` where there is none, or the name given is unknown or protected.
    """
    environments = config.environments
    if name := environ.get(CHOICE):
        if name not in environments:
            raise IsolationError(
                f"{CHOICE} names '{name}', which is no environment", suggestion(name, environments)
            )
        if environments[name].protected:
            raise IsolationError(
                f"{CHOICE} names '{name}', which is protected",
                f"a protected environment is chosen by its target alone: take {CHOICE} away",
            )
        return environments[name]
    for one in environments.values():
        if one.protected and target.name in (one.targets or ()):
            return one
    for one in environments.values():
        listed = one.targets is None or any(naming.matches(glob, target.name) for glob in one.targets)
        if listed and (one.when is None or one.when.holds(environ, target.user)):
            return one
    raise IsolationError(
        f"no environment lists target '{target.name}'",
        f"add '{target.name}' to the targets of one under vars: dbt_isolation: environments, "
        f"or choose one with {CHOICE}",
    )


def owner(config: Config, database: str, schema: str) -> tuple[Environment, str] | None:
    """The protected environment that owns a place, with the glob that says so.

    Names are compared without regard to case. A place without a database (an engine that has none, or a
    name that cannot be known) is owned by its schema alone: too much is safe, too little is not.
    """
    for environment in config.environments.values():
        for owned_database, owned_schema in environment.owns:
            if (not database or naming.matches(owned_database, database.lower())) and naming.matches(
                owned_schema, schema.lower()
            ):
                return environment, f"{owned_database}.{owned_schema}"
    return None


def relation(run: Run, node: Named) -> Relation:
    """The relation that the run's own environment gives ``node``, whoever may own the place.

    Raises ``IsolationError`` for a variable that a template names and nobody set, and for a run without an
    environment.
    """
    if run.environment is None:
        raise run.problem or IsolationError("no environment")
    templates = dict(run.environment.templates)
    for override in run.environment.overrides:
        if node.path and override.covers(node.path):
            templates.update(override.templates)
            break
    target, default = run.target, node.default
    parts = {"database": default.database, "schema": default.schema, "alias": default.identifier}
    if not templates:
        return default
    values = {
        "target_database": target.database,
        "target_schema": target.schema,
        "custom_database": node.custom_database,
        "custom_schema": node.custom_schema,
        "alias": default.identifier,
    }
    fallback = {"database": target.database, "schema": target.schema, "alias": default.identifier}
    for part, template in templates.items():
        for token in naming.tokens(template):
            if token == "user":
                values[token] = naming.slug(user(run))
            elif naming.is_variable(token):
                values[token] = naming.slug(naming.expand_variables(f"{{{token}}}", run.environ))
        parts[part] = naming.cut(naming.expand(template, values), target.adapter_type) or fallback[part]
    return Relation(parts["database"], parts["schema"], parts["alias"])


def user(run: Run) -> str:
    """Who runs it: ``DBT_ISOLATION_USER``, else the connection's user, else the system's.

    Raises ``IsolationError`` where nobody says.
    """
    environ = run.environ
    found = environ.get(USER) or run.target.user or environ.get("USER") or environ.get("USERNAME")
    if not found:
        raise IsolationError("nothing says who {user} is", f"set {USER}")
    return found


def actor(run: Run) -> str:
    """Who to put on record: as ``user``, and ``unknown`` where nobody says, as in many containers."""
    try:
        return user(run)
    except IsolationError:
        return "unknown"


def refusal(run: Run, written: Relation) -> Refusal | None:
    """Why ``run`` may not write ``written``; None if it may.

    The relation decides where the run's environment is known; without one, nothing may be written.
    """
    environment = run.environment
    if environment is None:
        problem = run.problem or IsolationError("no environment")
        return Refusal("no environment", problem.message, problem.hint)
    found = owner(run.config, written.database, written.schema)
    if environment.protected and not run.deploys and (found is None or found[0] == environment):
        return not_deployer(run, environment)
    if found is not None and found[0] != environment:
        return Refusal(
            "protected place",
            f"environment '{found[0].name}' owns {found[1]}, and this run is {run}",
            "take the fixed schema or database out of the node's config, so that naming chooses its place; "
            "if it has none, look at the target in profiles.yml, and at the naming macro if the project or "
            "the package has its own",
        )
    return None


def not_deployer(run: Run, environment: Environment) -> Refusal:
    """The refusal of a write to a protected environment by a run that is not its deployer's."""
    condition = environment.deployer
    reason = f"environment '{environment.name}' is protected: it is written only where {condition}"
    if condition is not None and condition.env_var in run.stray:
        reason += f"; {condition.env_var} in a .env file does not count"
    return Refusal(
        "deployer",
        reason,
        "develop with a target of another environment, such as --target dev; "
        "production is written by its deployer alone",
    )
