"""Projects that tests copy, and what they need to run."""

import shutil
from pathlib import Path

import duckdb

from tests.dbt_process import Result, dbt, environment, isolation

ROOT = Path(__file__).parents[2]
DEPLOY = "DBT_ISOLATION_DEPLOY"


class Project:
    """A dbt project in a folder of its own, on DuckDB files in it, and how to run dbt in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def dbt(self, *words: str, **variables: str | None) -> Result:
        """Runs dbt with ``variables`` beside the clean environment."""
        return dbt(words, self.folder, self.environment(**variables))

    def isolation(self, *words: str, **variables: str | None) -> Result:
        """Runs dbt-isolation with ``variables`` beside the clean environment."""
        return isolation(words, self.folder, self.environment(**variables))

    def environment(self, **variables: str | None) -> dict[str, str]:
        """The clean environment with ``variables``."""
        return environment(self.folder, **variables)

    def copy(self, folder: Path) -> "Project":
        """The same project, built state and all, in ``folder``."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder)

    def restore(self, pristine: "Project") -> None:
        """Makes the databases what those of ``pristine`` are."""
        for file in pristine.folder.glob("*.duckdb"):
            (self.folder / f"{file.name}.wal").unlink(missing_ok=True)
            shutil.copy(file, self.folder / file.name)

    def write(self, path: str, text: str) -> None:
        """Writes a file of the project."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        """Replaces ``old``, which must stand there once, by ``new``."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        self.write(path, text.replace(old, new))

    def query(self, sql: str, database: str = "warehouse") -> list[tuple[object, ...]]:
        """Rows of a read-only query."""
        with duckdb.connect(str(self.folder / f"{database}.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def execute(self, sql: str) -> None:
        """Changes the warehouse, as its administrator."""
        with duckdb.connect(str(self.folder / "warehouse.duckdb")) as connection:
            connection.execute(sql)

    def relations(self, schema: str, database: str = "warehouse") -> set[str]:
        """The names of the relations in a schema."""
        found = self.query(
            f"select table_name from information_schema.tables where table_schema = '{schema}'", database
        )
        return {str(name) for (name,) in found}

    def content(self, database: str, schemas: str) -> dict[str, tuple[object, ...]]:
        """Every schema that fits the regular expression, and every relation in it with rows and digest."""
        found: dict[str, tuple[object, ...]] = {}
        file = self.folder / f"{database}.duckdb"
        with duckdb.connect(str(file), read_only=True) as connection:
            for (schema,) in connection.execute(
                "select schema_name from information_schema.schemata "
                "where catalog_name = ? and regexp_full_match(schema_name, ?)",
                [database, schemas],
            ).fetchall():
                found[schema] = ()
            for schema, table in connection.execute(
                "select table_schema, table_name from information_schema.tables "
                "where table_catalog = ? and regexp_full_match(table_schema, ?)",
                [database, schemas],
            ).fetchall():
                try:
                    found[f"{schema}.{table}"] = connection.execute(
                        "select count(*), md5(string_agg(t::varchar, chr(10) order by t::varchar)) "
                        f'from "{schema}"."{table}" t'
                    ).fetchall()[0]
                except duckdb.Error as error:
                    found[f"{schema}.{table}"] = ("unreadable", str(error))
        return found


def link_package(project: Path, package: Path = ROOT, name: str = "dbt_isolation") -> None:
    """Puts a local package where ``dbt deps`` would, and into packages.yml."""
    packages = project / "dbt_packages"
    packages.mkdir(exist_ok=True)
    (packages / name).unlink(missing_ok=True)
    (packages / name).symlink_to(package)
    local = "".join(f"  - local: {one.resolve()}\n" for one in packages.iterdir())
    (project / "packages.yml").write_text(f"packages:\n{local}", encoding="utf-8")


def shop_with_raw_data(folder: Path) -> Project:
    """The shop in ``folder``, with little raw data."""
    leave = shutil.ignore_patterns("target", "logs", "dbt_packages", "*.duckdb*", "package-lock.yml")
    shutil.copytree(ROOT / "integration_tests", folder, ignore=leave)
    project = Project(folder)
    project.edit("packages.yml", "local: ..\n", f"local: {ROOT}\n")
    for words in (("deps",), ("run-operation", "generate_raw")):
        result = project.dbt(*words)
        assert result.status == 0, result
    return project
