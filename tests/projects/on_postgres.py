"""The same projects on PostgreSQL: each copy has a database of its own."""

import shutil
from pathlib import Path

from tests.postgres import PORT, USER, Server
from tests.projects import Project

_PROFILE = """{name}:
  target: dev
  outputs:
    dev: &connection
      type: postgres
      host: {host}
      port: {port}
      user: {user}
      password: none
      dbname: "{{{{ env_var('{variable}') }}}}"
      schema: dev
      threads: 2
    prod: {{<<: *connection, schema: analytics}}
    unlisted: {{<<: *connection, schema: analytics}}
"""
VARIABLE = "WAREHOUSE"


class PostgresProject(Project):
    """A project whose warehouse is ``database`` on ``server``."""

    def __init__(self, folder: Path, server: Server, database: str) -> None:
        super().__init__(folder)
        self.server, self.database = server, database

    @classmethod
    def of(cls, folder: Path, server: Server, name: str) -> "PostgresProject":
        """Turns the project ``name`` in ``folder`` from DuckDB to a new, empty database."""
        profile = _PROFILE.format(name=name, host=server.host, port=PORT, user=USER, variable=VARIABLE)
        (folder / "profiles.yml").write_text(profile)
        for file in (folder / "dbt_project.yml", *(folder / "macros").glob("*.sql")):
            text = file.read_text(encoding="utf-8")
            name_there = f"{{env:{VARIABLE}}}." if file.suffix == ".yml" else ""
            file.write_text(text.replace('"vault.*"', '"vault.x"').replace("warehouse.", name_there))
        text = (folder / "dbt_project.yml").read_text(encoding="utf-8")
        # In YAML a name with a brace needs quotes.
        quoted = text.replace(f"[{{env:{VARIABLE}}}.analytics", f'["{{env:{VARIABLE}}}.analytics"')
        (folder / "dbt_project.yml").write_text(quoted)
        return cls(folder, server, server.database())

    def environment(self, **variables: str | None) -> dict[str, str]:
        """With the name of the database."""
        return super().environment(**{VARIABLE: self.database, **variables})

    def copy(self, folder: Path) -> "PostgresProject":
        """The same project on a copy of its database, which the artifacts in ``state/`` name too."""
        shutil.copytree(self.folder, folder, symlinks=True)
        database = self.server.database(self.database)
        for file in (folder / "state").glob("*.json"):
            file.write_text(
                file.read_text(encoding="utf-8").replace(self.database, database), encoding="utf-8"
            )
        return PostgresProject(folder, self.server, database)

    def restore(self, pristine: Project) -> None:
        """Makes the database anew from that of ``pristine``."""
        assert isinstance(pristine, PostgresProject)
        self.server.query(f"drop database {self.database} with (force)")
        self.server.query(f"create database {self.database} template {pristine.database}")

    def query(self, sql: str, database: str = "") -> list[tuple[object, ...]]:
        """Rows of a query."""
        return self.server.query(sql, self.database)

    def execute(self, sql: str) -> None:
        """Changes the warehouse, as its administrator."""
        self.server.query(sql, self.database)

    def content(self, database: str, schemas: str) -> dict[str, tuple[object, ...]]:
        """Every schema that fits the regular expression, and every relation in it with rows and digest."""
        if database != "warehouse":
            return {}
        fits = f"table_schema ~ '^({schemas})$'"
        found: dict[str, tuple[object, ...]] = {
            str(schema): ()
            for (schema,) in self.query(
                "select schema_name from information_schema.schemata where "
                + fits.replace("table_schema", "schema_name")
            )
            if not str(schema).startswith(("pg_", "information_schema"))
        }
        for schema, table in self.query(
            f"select table_schema, table_name from information_schema.tables where {fits}"
        ):
            if schema in found:
                found[f"{schema}.{table}"] = self.query(
                    "select count(*), md5(string_agg(t::text, chr(10) order by t::text)) "
                    f'from "{schema}"."{table}" t'
                )[0]
        return found
