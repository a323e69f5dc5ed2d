"""``vars: dbt_isolation:`` of dbt_project.yml, or of dbt 1.12's vars.yml.

An unknown key is an error, and every error names the file and the key.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dbt_isolation import naming
from dbt_isolation.config.checks import dialect, layers, noqa_reason, weights
from dbt_isolation.config.model import Condition, Config, Environment, Override
from dbt_isolation.config.settings import Reader, read_yaml, suggestion
from dbt_isolation.errors import IsolationError

BLOCK = "dbt_isolation"
COMPONENTS = ("database", "schema", "alias")
_RESERVED = (
    *("compare", "reviewers", "gate", "release", "access", "privacy", "regions", "trial"),
    *("experiments", "flags", "audit"),
)
KEYS = ("state", "mode", "environments", "post_run", "copy_limit", "checks", "layers")
ENVIRONMENT_KEYS = (
    *("targets", "when", "protected", "owns", "deployer", *COMPONENTS, "overrides", "reads", "expires"),
    *("sources", "unbuilt_change", "max_age", "cross_views", "copy_rows", "scheduled"),
)
_MOST_TOKENS = 6


def load(project_dir: Path, environ: Mapping[str, str] = os.environ) -> Config | None:
    """The block of the project in ``project_dir``; None where there is none.

    Raises ``IsolationError`` for a file that cannot be read or understood.
    """
    for file in (project_file(project_dir), project_dir / "vars.yml"):
        variables = read_yaml(file).get("vars") if file.is_file() else None
        if isinstance(variables, Mapping) and BLOCK in variables:
            return parse(variables[BLOCK], environ, file=file.name)
    return None


def project_file(project_dir: Path) -> Path:
    """The dbt_project.yml in ``project_dir``. Raises ``IsolationError`` where there is none."""
    file = project_dir / "dbt_project.yml"
    if not file.is_file():
        raise IsolationError(
            f"no dbt_project.yml in {project_dir.absolute()}",
            "go to the dbt project's folder, or name it with --project-dir",
        )
    return file


def parse(block: object, environ: Mapping[str, str] = os.environ, *, file: str = "dbt_project.yml") -> Config:
    """The block as dbt's ``var('dbt_isolation')`` gives it, checked.

    Raises ``IsolationError`` with the file and the key that is wrong.
    """
    return _Parser(file, environ).config(block)


class _Parser:
    """Reads one block; ``file`` and the keys on the way down name the place of an error."""

    def __init__(self, file: str, environ: Mapping[str, str]) -> None:
        self._read = Reader(file, f"vars.{BLOCK}")
        self._environ = environ

    def config(self, block: object) -> Config:
        settings = self._read.mapping(block, "", (*KEYS, *_RESERVED))
        for name in filter(settings.__contains__, _RESERVED):
            raise self._read.error(
                name, f"key '{name}' is reserved for a later version", "take it out until then"
            )
        written = self._read.mapping(settings.get("environments") or {}, "environments")
        if not written:
            raise self._read.error("environments", "no environment", "name at least a protected one")
        environments = {
            name: self._environment(name, spec or {}, f"environments.{name}")
            for name, spec in written.items()
        }
        self._check_together(environments)
        return Config(
            environments=MappingProxyType(environments),
            state=self._read.text(settings.get("state", "state"), "state"),
            mode=self._read.choice(settings.get("mode", "enforce"), "mode", ("enforce", "observe")),
            post_run=self._read.flag(settings.get("post_run", True), "post_run"),
            copy_limit=self._read.size(settings.get("copy_limit", "20GB"), "copy_limit"),
            layers=layers(self._read, settings.get("layers", [])),
            weights=weights(self._read, settings.get("checks", {})),
            noqa_reason=noqa_reason(self._read, settings.get("checks", {})),
            dialect=dialect(self._read, settings.get("checks", {})),
        )

    def _environment(self, name: str, spec: object, key: str) -> Environment:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            raise self._read.error(
                key, f"{name!r} is no name for an environment", "use letters, digits, _ and -"
            )
        settings = self._read.mapping(spec, key, ENVIRONMENT_KEYS)
        protected = self._read.flag(settings.get("protected", False), f"{key}.protected")
        templates = self._templates(settings, key)
        overrides = tuple(
            self._override(one, f"{key}.overrides[{number}]")
            for number, one in enumerate(self._read.list(settings.get("overrides", []), f"{key}.overrides"))
        )
        for only_protected in ("owns", "deployer", "scheduled"):
            if only_protected in settings and not protected:
                raise self._read.error(
                    f"{key}.{only_protected}", "only for a protected environment", "add protected: true"
                )
        if protected and "deployer" not in settings:
            raise self._read.error(
                key,
                "deployer is missing",
                "say who may write it: deployer: {env_var: DBT_ISOLATION_DEPLOY, equals: '1'}",
            )
        return Environment(
            name=name,
            targets=self._read.names(settings["targets"], f"{key}.targets")
            if "targets" in settings
            else None,
            when=self._condition(settings["when"], f"{key}.when") if "when" in settings else None,
            protected=protected,
            owns=self._owns(settings, [templates, *(one.templates for one in overrides)], key)
            if protected
            else (),
            deployer=self._condition(settings["deployer"], f"{key}.deployer") if protected else None,
            templates=templates,
            overrides=overrides,
            reads=self._read.text(settings["reads"], f"{key}.reads") if "reads" in settings else None,
            expires=self._read.age(settings.get("expires"), f"{key}.expires"),
            max_age=self._read.age(settings.get("max_age"), f"{key}.max_age"),
            sources=self._sources(settings.get("sources", {}), f"{key}.sources"),
            unbuilt_change=self._read.choice(
                settings.get("unbuilt_change", "warn"), f"{key}.unbuilt_change", ("warn", "error")
            ),
            cross_views=self._read.choice(
                settings.get("cross_views", "table"), f"{key}.cross_views", ("table", "view", "error")
            ),
            copy_rows=self._read.count(settings.get("copy_rows", 1_000_000), f"{key}.copy_rows"),
            scheduled=self._read.choice(
                settings.get("scheduled", "warn"), f"{key}.scheduled", ("warn", "refuse")
            ),
        )

    def _check_together(self, environments: Mapping[str, Environment]) -> None:
        protected = [one for one in environments.values() if one.protected]
        if not protected:
            raise self._read.error(
                "environments", "no protected environment", "add protected: true to production"
            )
        for one in environments.values():
            if one.reads is not None and one.reads not in environments:
                raise self._read.error(
                    f"environments.{one.name}.reads",
                    f"{one.reads!r} is no environment",
                    suggestion(one.reads, environments),
                )
        for number, one in enumerate(protected):
            for other in protected[:number]:
                for mine, theirs in ((mine, theirs) for mine in one.owns for theirs in other.owns):
                    if all(map(naming.overlap, mine, theirs)):
                        raise self._read.error(
                            f"environments.{one.name}.owns",
                            f"{'.'.join(mine)} and {'.'.join(theirs)} of {other.name!r} are one place",
                            "two environments need two places",
                        )
        places: dict[tuple[str, ...], str] = {}
        for one in environments.values():
            fixed = tuple(one.templates.get(component, "") for component in ("database", "schema"))
            if all(fixed) and not any(
                token.startswith("target_") for text in fixed for token in naming.tokens(text)
            ):
                if fixed in places:
                    raise self._read.error(
                        f"environments.{one.name}.schema",
                        f"the same place as environment {places[fixed]!r}",
                        "two environments need two places",
                    )
                places[fixed] = one.name

    def _templates(self, settings: Mapping[str, Any], key: str) -> Mapping[str, str]:
        found = {}
        for component in COMPONENTS:
            if component in settings:
                text = self._read.text(settings[component], f"{key}.{component}")
                try:
                    count = len(set(naming.tokens(text)))
                except IsolationError as error:
                    raise self._read.error(f"{key}.{component}", error.message, error.hint) from error
                if count > _MOST_TOKENS:
                    raise self._read.error(
                        f"{key}.{component}", f"more than {_MOST_TOKENS} tokens in {text!r}"
                    )
                found[component] = text
        return MappingProxyType(found)

    def _override(self, written: object, key: str) -> Override:
        settings = self._read.mapping(written, key, ("path", *COMPONENTS))
        path = self._read.text(settings.get("path", ""), f"{key}.path").replace("\\", "/").strip("/")
        if not path:
            raise self._read.error(
                key, "path is missing", "name a file or a folder of the project: path: models/realtime"
            )
        return Override(path=path, templates=self._templates(settings, key))

    def _owns(
        self, settings: Mapping[str, Any], all_templates: Sequence[Mapping[str, str]], key: str
    ) -> tuple[tuple[str, str], ...]:
        if "owns" in settings:
            globs = self._read.names(settings["owns"], f"{key}.owns")
        else:
            globs = tuple(self._owned_by_templates(all_templates, key))
        if not globs:
            raise self._read.error(
                f"{key}.owns", "an empty list", "name what it owns, such as [analytics.analytics]"
            )
        owns = []
        for glob in globs:
            try:
                database, dot, schema = naming.expand_variables(glob, self._environ).rpartition(".")
            except IsolationError as error:
                raise self._read.error(f"{key}.owns", error.message, error.hint) from error
            if not dot or not database or not schema or re.search(r"[{}?\[\]]", database + schema):
                raise self._read.error(
                    f"{key}.owns",
                    f"{glob!r} is no glob of database.schema",
                    "only * is a wildcard: analytics.analytics_*",
                )
            owns.append((database.lower(), schema.lower()))
        return tuple(owns)

    def _owned_by_templates(self, all_templates: Sequence[Mapping[str, str]], key: str) -> list[str]:
        globs: set[str] = set()
        for templates in ({**all_templates[0], **one} for one in all_templates):
            parts = [
                templates.get("database", "{target_database}"),
                templates.get("schema", "{target_schema}"),
            ]
            if any(token.startswith("target_") for part in parts for token in naming.tokens(part)):
                raise self._read.error(
                    f"{key}.owns",
                    "missing, and not to be known from the templates",
                    "name what it owns: owns: [analytics.analytics, 'analytics.analytics_*']",
                )
            globs.update(
                f"{database}.{schema}"
                for database in naming.patterns(parts[0])
                for schema in naming.patterns(parts[1])
                if database and schema
            )
        return sorted(globs)

    def _condition(self, written: object, key: str) -> Condition:
        settings = self._read.mapping(written, key, ("env_var", "equals", "user"))
        if "user" in settings and len(settings) == 1:
            user = settings["user"]
            users = self._read.names([user] if isinstance(user, str) else user, f"{key}.user")
            if users and all(users):
                return Condition(users=users)
        elif "env_var" in settings and "user" not in settings and settings["env_var"]:
            equals = settings.get("equals")
            if isinstance(equals, bool) or (equals is not None and not isinstance(equals, str | int)):
                raise self._read.error(f"{key}.equals", f"{equals!r} is not text", "put it in quotes")
            return Condition(
                env_var=self._read.text(settings["env_var"], f"{key}.env_var"),
                equals=None if equals is None else str(equals),
            )
        raise self._read.error(
            key, "no condition", "write {env_var: NAME, equals: VALUE}, {env_var: NAME} or {user: [NAME]}"
        )

    def _sources(self, written: object, key: str) -> Mapping[str, Mapping[str, str]]:
        return MappingProxyType(
            {
                name: MappingProxyType(
                    {
                        part: self._read.text(value, f"{key}.{name}.{part}")
                        for part, value in self._read.mapping(
                            place, f"{key}.{name}", ("database", "schema")
                        ).items()
                    }
                )
                for name, place in self._read.mapping(written, key).items()
            }
        )
