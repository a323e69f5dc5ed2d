"""The demo: production as its deployer builds and releases it, two edited models in development, where they
read and why, what they change of production, a write that is refused; then another project, which takes the
package up.

It works on copies in ``demo/``, and leaves them there to play with.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
DEMO = HERE.parent / "demo"
SHOP, MEADOW = DEMO / "shop", DEMO / "meadow"
_NOT_COPIED = shutil.ignore_patterns("target", "logs", "dbt_packages", "*.duckdb*", "meadow")
SCRIPTS = Path(sys.executable).parent
DEPLOYER = {"DBT_ISOLATION_DEPLOY": "1"}
#: These seeds are of the default raw data.
NOT_EXPECTED = ("--exclude", "tag:expected")
EDITS = (
    (
        "models/marts/core/dim_products.sql",
        "    is_active\n",
        "    is_active,\n    weight_grams / 1000.0 as weight_kg\n",
    ),
    (
        "models/marts/overview/product_performance.sql",
        "coalesce(product_sales.margin_eur, 0) as margin_eur,",
        "round(coalesce(product_sales.margin_eur, 0), 0) as margin_eur,",
    ),
)


def main() -> None:
    """Runs the parts in turn; ends with status 1 where one did not do what it shows."""
    began = time.monotonic()
    shutil.rmtree(DEMO, ignore_errors=True)
    same = use_it() and take_it_up()
    heading("Production is as its deployers left it." if same else "PRODUCTION HAS CHANGED.")
    print(f"Both are in {DEMO.name}/, {time.monotonic() - began:.0f} s after the start. Play with them:")
    print(f"  cd {DEMO.name}/shop && ../../.venv/bin/dbt run --target dev")
    if not same:
        sys.exit(1)


def use_it() -> bool:
    """The shop, which has the package; whether production is as it was built."""
    heading("1. A shop with a million order lines, built in production by its deployer")
    shutil.copytree(HERE, SHOP, ignore=_NOT_COPIED)
    packages = SHOP / "packages.yml"
    packages.write_text(packages.read_text(encoding="utf-8").replace("local: ..", "local: ../.."))
    os.chdir(SHOP)
    run("dbt", "--quiet", "deps")
    run("dbt", "--quiet", "run-operation", "generate_raw", "--args", "{order_lines: 1000000}", **DEPLOYER)
    run("dbt", "--quiet", "build", "--target", "prod", *NOT_EXPECTED, **DEPLOYER)
    run("dbt-isolation", "state", "push", "--target", "prod", **DEPLOYER)
    production = content("warehouse", "analytics(_.*)?")

    heading("2. A developer with nothing of it edits two models and runs plain dbt on one of them")
    for path, old, new in EDITS:
        edit(path, old, new)
    run("dbt", "--quiet", "run", "--target", "dev", "--select", "product_performance")

    heading("3. The other one is built as well: now each ref is read where it should be")
    run("dbt", "--quiet", "build", "--target", "dev", "--select", "dim_products")
    run("dbt-isolation", "reads", "dim_products")
    run("dbt-isolation", "reads", "product_performance")
    show_schemas("warehouse")

    heading("4. What the two change of production, and whom that reaches")
    run("dbt-isolation", "compare", "dim_products", "product_performance")
    run("dbt-isolation", "compare", "--format", "html", "--output", "compare.html")
    print(f"a picture, and the SQL side by side: {SHOP.relative_to(HERE.parent)}/compare.html")

    heading("5. The same developer names the wrong target")
    run("dbt", "run", "--target", "prod", expected=2)

    return content("warehouse", "analytics(_.*)?") == production


def take_it_up() -> bool:
    """The meadow, which has not heard of the package; whether production is as it was built."""
    heading("6. A project without the package, which writes production from any laptop, takes it up")
    shutil.copytree(HERE / "meadow", MEADOW)
    os.chdir(MEADOW)
    with duckdb.connect("prod.duckdb") as connection:
        connection.execute(
            "create schema raw; create table raw.visits as "
            "select i as visit_id, 1 + i % 10 as flower_id, i % 7 as bees from range(1000) as visits (i)"
        )
    run("dbt", "--quiet", "build", "--target", "prod")
    before = content("prod", ".*")
    run("dbt-isolation", "init")
    run("dbt", "--quiet", "deps")

    heading("7. The deployer records what production runs, and development gets a sample of the raw data")
    run("dbt-isolation", "state", "push", "--target", "prod", **DEPLOYER)
    edit(
        "dbt_project.yml",
        "        reads: prod\n",
        "        reads: prod\n        sources: {garden: {database: dev}}\n",
    )
    run("dbt-isolation", "sample", "garden", "--percent", "30", "--key", "flower_id")

    heading("8. Development runs as before, on its own file and a copy of production's")
    run("dbt", "--quiet", "run", "--select", "visits+")
    show_schemas("dev")
    run("dbt-isolation", "doctor")
    return content("prod", ".*") == before


def heading(text: str) -> None:
    """Begins a part."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def run(*words: str, expected: int = 0, **variables: str) -> None:
    """Shows a command and what it prints; another status than ``expected`` ends the demo."""
    shown = [f"{name}={value}" for name, value in variables.items()]
    shown += [f"'{word}'" if " " in word else word for word in words]
    print(f"\n$ {' '.join(shown)}", flush=True)
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("DBT_") and name != "CI"
    }
    environment = {**clean, "DBT_ISOLATION_USER": "alice", **variables}
    ended = subprocess.run([SCRIPTS / words[0], *words[1:]], env=environment, timeout=300)
    if ended.returncode != expected:
        sys.exit(f"the demo expected exit status {expected}, and this is {ended.returncode}")


def edit(path: str, old: str, new: str) -> None:
    """Changes a file and shows how."""
    file = Path(path)
    text = file.read_text(encoding="utf-8")
    if text.count(old) != 1:
        sys.exit(f"{path} is not what the demo edits")
    file.write_text(text.replace(old, new), encoding="utf-8")
    print(f"\n{path}")
    for sign, lines in (("-", old), ("+", new)):
        print("\n".join(f"  {sign} {line.strip()}" for line in lines.splitlines()))


def content(database: str, schemas: str) -> list[tuple[object, ...]]:
    """Rows and a digest of every relation in the schemas that fit the regular expression."""
    with duckdb.connect(f"{database}.duckdb", read_only=True) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where regexp_full_match(table_schema, ?) order by all",
            [schemas],
        ).fetchall()
        return [
            (
                schema,
                table,
                *connection.execute(
                    f'select count(*), bit_xor(hash(t)) from "{schema}"."{table}" t'
                ).fetchall()[0],
            )
            for schema, table in tables
        ]


def show_schemas(database: str) -> None:
    """Where everything stands now."""
    with duckdb.connect(f"{database}.duckdb", read_only=True) as connection:
        rows = connection.execute(
            "select table_schema, count(*) from information_schema.tables group by all order by all"
        ).fetchall()
    print("\nschema                     relations")
    for schema, count in rows:
        print(f"{schema:<26} {count:>9}")


if __name__ == "__main__":
    main()
