"""One file of the project, as the checks of files look at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbt_isolation import naming
from dbt_isolation.code.reading import Reading
from dbt_isolation.config.model import Config
from dbt_isolation.outcome import Edit, Finding, Severity

PAGE = "docs/checks.md"


@dataclass(frozen=True, slots=True)
class Protected:
    """The names that protected environments own; a part of a glob that is only ``*`` protects none."""

    databases: frozenset[str] = frozenset()
    schemas: frozenset[str] = frozenset()

    @classmethod
    def of(cls, config: Config) -> "Protected":
        """Those of a configuration."""
        owned = [one for environment in config.environments.values() for one in environment.owns]
        return cls(
            frozenset(database for database, _ in owned if database.strip("*")),
            frozenset(schema for _, schema in owned if schema.strip("*")),
        )

    def schema(self, name: str) -> bool:
        """Whether a schema of that name is one's; case does not count."""
        return any(naming.matches(glob, name.lower()) for glob in self.schemas)

    def any(self, name: str) -> bool:
        """Whether a database or a schema of that name is one's."""
        return self.schema(name) or any(naming.matches(glob, name.lower()) for glob in self.databases)


@dataclass(frozen=True, slots=True)
class File:
    """``path`` is relative to the project, with ``/``; ``text`` has ``\\n`` at the ends of its lines.

    ``called``: what a relation of the project is called in a template, by its name in lower case, where that
    is certain: ``ref('orders')``.
    """

    path: str
    text: str
    reading: Reading
    protected: Protected
    called: Mapping[str, str] = field(default_factory=dict)

    def finding(
        self,
        code: str,
        start: int,
        message: str,
        remedy: str,
        *,
        end: int = 0,
        relation: str = "",
        edit: Edit | None = None,
    ) -> Finding:
        """One about the text from ``start`` to before ``end``, which links to the check's section."""
        begins = self.text.rfind("\n", 0, start) + 1
        ends = self.text.find("\n", start)
        line = self.text[begins : ends if ends >= 0 else len(self.text)]
        return Finding(
            code=code,
            severity=Severity.ERROR,
            message=message,
            remedy=remedy,
            url=f"{PAGE}#{code.lower()}",
            path=self.path,
            line=self.text.count("\n", 0, start) + 1,
            column=start - begins + 1,
            relation=relation,
            length=max(min(end - start, len(line) - (start - begins)), 1),
            excerpt=line,
            edit=edit,
        )
