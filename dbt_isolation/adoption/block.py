"""The block that `init` writes: production where it is, and development beside it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from dbt_isolation import naming
from dbt_isolation.adoption.production import NAMES, Production
from dbt_isolation.config.block import BLOCK, parse
from dbt_isolation.config.model import Config
from dbt_isolation.config.settings import suggestion
from dbt_isolation.environments import Target
from dbt_isolation.errors import IsolationError

_DEPLOYER = {"env_var": "DBT_ISOLATION_DEPLOY", "equals": "1"}
_DEVELOPERS_OWN = "dev_{user}_{custom_schema}"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the block is to say: production's target, places and templates, and development's schema.

    ``schema`` is empty where the targets' own names keep the two apart.
    """

    production: str
    owns: tuple[str, ...]
    templates: Mapping[str, str] = field(default_factory=dict)
    schema: str = ""
    observe: bool = False

    @property
    def environment(self) -> str:
        """Production's name in the block."""
        return self.production if re.fullmatch(r"[A-Za-z0-9_-]+", self.production) else "prod"

    @property
    def config(self) -> Config:
        """The block, read as any other is. Raises ``IsolationError`` for places that none can own."""
        content = yaml.safe_load("\n".join(block_lines(self)))
        return parse(content[BLOCK], {}, file="the block that init would write")


def production_target(targets: Sequence[Target], told: str | None, *, places_told: bool) -> Target:
    """The profile's production target: ``told``, else the one that is called so.

    ``places_told``: whether production's places are known without the profile, which then need not have it.
    Raises ``IsolationError`` where there is none.
    """
    by_name = {one.name: one for one in targets}
    if told is not None:
        if told in by_name:
            return by_name[told]
        if places_told:
            return Target(told)
        raise IsolationError(
            f"the profile has no target '{told}'",
            f"{suggestion(told, by_name)}; or name production's places: --owns analytics.analytics, or "
            "--manifest with production's manifest.json",
        )
    found = [by_name[name] for name in NAMES if name in by_name]
    if not found:
        raise IsolationError(
            f"none of the profile's targets is called {', '.join(NAMES)}: {', '.join(by_name)}",
            "name production's with --production TARGET; if there is none yet, add one to profiles.yml first",
        )
    return found[0]


def owned(target: Target, others: Sequence[Target], production: Production | None) -> tuple[str, ...]:
    """Globs of what production owns: its schema and all that begin like it, or one by one.

    One by one, as its manifest says, where it writes others too or another target's schema begins alike.
    Raises ``IsolationError`` where the profile does not say and there is no manifest.
    """
    for what, value in (("database", target.database), ("schema", target.schema)):
        if production is None and (not value or "{{" in value):
            raise IsolationError(
                f"the profile does not say target {target.name}'s {what}" + (f": {value}" if value else ""),
                "set the variables that it names, or give --owns DATABASE.SCHEMA",
            )
    place = (target.database, target.schema)
    places = production.places if production is not None and production.places else [place]
    prefix = f"{target.schema}_"
    alike = all(
        database == target.database and (schema == target.schema or schema.startswith(prefix))
        for database, schema in places
    )
    crowded = any(
        other.database.lower() == target.database.lower() and other.schema.lower().startswith(prefix.lower())
        for other in others
    )
    if alike and not crowded:
        return (f"{target.database}.{target.schema}", f"{target.database}.{prefix}*")
    return tuple(f"{database}.{schema}" for database, schema in places)


def developers_schema(owns: Sequence[str], others: Sequence[Target]) -> str:
    """Development's template, needed where a target's own schema is production's; else empty."""
    globs = [glob.lower().rpartition(".") for glob in owns]
    for other in others:
        for database, _, schema in globs:
            if naming.matches(database, other.database.lower()) and naming.matches(
                schema, other.schema.lower()
            ):
                return _DEVELOPERS_OWN
    return ""


def block_lines(chosen: Chosen) -> list[str]:
    """The block's lines, without indentation."""
    development = "dev" if chosen.environment != "dev" else "development"
    lines = [f"{BLOCK}:"]
    if chosen.observe:
        lines.append("  mode: observe")
    lines += [
        "  environments:",
        f"    {chosen.environment}:",
        f"      targets: {_flow([chosen.production])}",
        "      protected: true",
        f"      owns: {_flow(list(chosen.owns))}",
        f"      deployer: {_flow(_DEPLOYER)}",
        *(f"      {part}: {_flow(template)}" for part, template in chosen.templates.items()),
        f"    {development}:",
        '      targets: ["*"]',
        *([f"      schema: {_flow(chosen.schema)}"] if chosen.schema else []),
        f"      reads: {chosen.environment}",
    ]
    return lines


def _flow(value: object) -> str:
    """In one line of YAML; JSON's strings are YAML's."""
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(one)}' for key, one in value.items())}}}"
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", str(value)) and isinstance(
        yaml.safe_load(str(value)), str
    )
    return str(value) if plain else json.dumps(value, ensure_ascii=False)
