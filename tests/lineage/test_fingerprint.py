"""The fingerprint: what changes it, what does not, and that it is the same everywhere."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.errors import IsolationError
from dbt_isolation.lineage.fingerprint import Fingerprint, fingerprints
from tests.projects import Project

GOLDEN = Path(__file__).parents[1] / "golden/fingerprints.json"


def node(
    unique_id: str, code: str = "select 1", parents: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    """A node as manifest.json has it."""
    kind, package, name = unique_id.split(".")
    return {
        "unique_id": unique_id,
        "resource_type": kind,
        "name": name,
        "package_name": package,
        "original_file_path": f"models/{name}.sql",
        "raw_code": code,
        "depends_on": {"nodes": list(parents), "macros": more.pop("macros", [])},
        **more,
    }


def macro(name: str, text: str, calls: tuple[str, ...] = (), package: str = "shop") -> dict[str, Any]:
    """A macro as manifest.json has it."""
    return {"name": name, "package_name": package, "macro_sql": text, "depends_on": {"macros": list(calls)}}


def manifest(*nodes: Mapping[str, Any], macros: Mapping[str, Any] | None = None, **more: Any) -> Manifest:
    """A manifest of ``nodes``."""
    content = {
        "metadata": {"project_name": "shop"},
        "nodes": {one["unique_id"]: one for one in nodes},
        "macros": dict(macros or {}),
        **more,
    }
    return artifact.decode(json.dumps(content).encode(), "manifest.json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a variable, and a package with one of its own."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "dbt_project.yml").write_text("name: shop\nvars: {height: 1, other: {depth: 5}}\n")
    (folder / "dbt_packages/other").mkdir(parents=True)
    (folder / "dbt_packages/other/dbt_project.yml").write_text("name: other\nvars: {width: 2, depth: 3}\n")
    return folder


def of(
    folder: Path, found: Manifest, environ: Mapping[str, str] | None = None, **given: Any
) -> dict[str, Fingerprint]:
    """Its fingerprints, with ``given`` as ``--vars``."""
    return fingerprints(found, ProjectFiles(folder, environ or {}, given))


def one(folder: Path, code: str, environ: Mapping[str, str] | None = None, **more: Any) -> Fingerprint:
    """The fingerprint of one model."""
    given = more.pop("given", {})
    macros = more.pop("all_macros", None)
    package = more.pop("package", "shop")
    found = manifest(node(f"model.{package}.a", code, **more), macros=macros)
    return of(folder, found, environ, **given)[f"model.{package}.a"]


LINES = st.lists(st.text(alphabet="ab '{}%\u00e9", max_size=8), min_size=1, max_size=5)


@given(LINES, st.sampled_from(["\r\n", "\r", "\n"]), st.sampled_from(["", " ", "\t "]))
def test_line_ends_and_trailing_blanks_do_not_count(
    folder: Path, lines: list[str], end: str, blank: str
) -> None:
    """However a checkout or an editor ends its lines."""
    code = "\n".join(lines)
    other = end.join(line.rstrip() + blank for line in lines) + end
    assert one(folder, code) == one(folder, other)


@given(LINES, LINES)
def test_other_code_counts(folder: Path, lines: list[str], others: list[str]) -> None:
    """Two texts have one fingerprint only where they differ in blanks at the ends of lines."""

    def bare(text: list[str]) -> str:
        return "\n".join(line.rstrip() for line in text).strip("\n")

    same = one(folder, "\n".join(lines)) == one(folder, "\n".join(others))
    assert same == (bare(lines) == bare(others))


def test_parents_and_own_data_are_hashed_apart(folder: Path) -> None:
    """A change above changes the parents' hash alone, however far above."""

    def chain(code: str) -> dict[str, Fingerprint]:
        return of(
            folder,
            manifest(
                node("model.shop.a", code),
                node("model.shop.b", parents=("model.shop.a",)),
                node("model.shop.c", parents=("model.shop.b",)),
                node("model.shop.d"),
            ),
        )

    before, after = chain("select 1"), chain("select 2")
    assert before["model.shop.a"].data != after["model.shop.a"].data
    for name in ("model.shop.b", "model.shop.c"):
        assert before[name].data == after[name].data
        assert before[name].parents != after[name].parents
    assert before["model.shop.d"] == after["model.shop.d"]


def test_an_ephemeral_parent_is_own_data(folder: Path) -> None:
    """It is inlined, so its change is the reader's."""

    def inlined(code: str) -> Fingerprint:
        ephemeral = node("model.shop.e", code, config={"materialized": "ephemeral"})
        return of(folder, manifest(ephemeral, node("model.shop.a", parents=("model.shop.e",))))[
            "model.shop.a"
        ]

    assert inlined("select 1").data != inlined("select 2").data


def test_macros_count_transitively(folder: Path) -> None:
    """The project's and other packages'; dbt's, an adapter's and ours do not."""

    def through(text: str, package: str) -> Fingerprint:
        macros = {
            "macro.shop.outer": macro("outer", "{{ inner() }}", ("macro.x.inner",)),
            "macro.x.inner": macro("inner", text, package=package),
        }
        return one(folder, "{{ outer() }}", macros=["macro.shop.outer"], all_macros=macros)

    assert through("1", "shop") != through("2", "shop")
    assert through("1", "dbt_utils") != through("2", "dbt_utils")
    for package in ("dbt", "dbt_duckdb", "dbt_isolation"):
        assert through("1", package) == through("2", package)


def test_macros_that_call_each_other_end(folder: Path) -> None:
    """A recursive macro is hashed once."""
    macros = {
        "macro.shop.a": macro("a", "{{ b() }}", ("macro.shop.b",)),
        "macro.shop.b": macro("b", "{{ a() }}", ("macro.shop.a",)),
    }
    assert one(folder, "x", macros=["macro.shop.a"], all_macros=macros)


def test_a_custom_materialization_counts(folder: Path) -> None:
    """It is called without being named in depends_on."""

    def made(text: str) -> Fingerprint:
        macros = {"macro.shop.materialization_mine_default": macro("materialization_mine_default", text)}
        return one(folder, "select 1", config={"materialized": "mine"}, all_macros=macros)

    assert made("1") != made("2")


@pytest.mark.parametrize(
    ("one_config", "another", "same"),
    [
        ({"materialized": "table"}, {"materialized": "view"}, False),
        ({"unique_key": "id"}, {"unique_key": ["id", "day"]}, False),
        ({"pre-hook": "select 1"}, {"pre-hook": "select 2"}, False),
        ({"tags": ["a"]}, {"tags": ["b"]}, True),
        ({"meta": {"owner": "a"}, "docs": {"show": True}}, {"group": "g", "grants": {"select": ["x"]}}, True),
        ({"schema": "a", "database": "b", "alias": "c"}, {}, True),
    ],
)
def test_config_counts_where_it_changes_data(
    folder: Path, one_config: dict[str, Any], another: dict[str, Any], same: bool
) -> None:
    """What describes, grants and places does not."""
    first, second = (one(folder, "select 1", unrendered_config=config) for config in (one_config, another))
    assert (str(first) == str(second)) is same
    assert (first.described == second.described) is not same


@pytest.mark.parametrize(
    "call",
    [
        "{{ config(materialized='table' if target.name == 'prod' else 'view', unique_key=['a', 'b']) }}",
        "{{ config({'materialized': target.name, 'unique_key': 'x'}) }}",
        "{%- set x = 1 %}{{\n config(\n tags = ['materialized='],\n unique_key= f(a=1), materialized =x) }}",
        "dbt.config(materialized=m, unique_key=u)",
    ],
)
def test_config_in_the_code_counts_as_it_is_written(folder: Path, call: str) -> None:
    """dbt keeps the rendered value, which differs by target; the code is hashed anyway."""

    def rendered(**config: str) -> Fingerprint:
        return one(folder, call, unrendered_config=config)

    assert rendered(materialized="table", unique_key="a") == rendered(materialized="view", unique_key="b")
    assert rendered(on_schema_change="fail") != rendered(on_schema_change="ignore")


def test_hooks_add_up(folder: Path) -> None:
    """A hook of dbt_project.yml counts, also where the code has one of its own."""
    code = "{{ config(post_hook='select 1') }}"
    first = one(folder, code, unrendered_config={"post-hook": ["select 1", "select 2"]})
    assert first != one(folder, code, unrendered_config={"post-hook": ["select 1", "select 3"]})


def test_code_that_reads_its_own_config(folder: Path) -> None:
    """There, what describes changes data."""

    def described(code: str, meta: int) -> Fingerprint:
        return one(folder, code, unrendered_config={"meta": {"a": meta}})

    assert str(described("select 1", 1)) == str(described("select 1", 2))
    for code in ("{{ config.get('meta')['a'] }}", "{{ model.config.meta.a }}", "{{ model['meta'] }}"):
        assert str(described(code, 1)) != str(described(code, 2))


def test_values_of_variables_count_where_they_are_named(folder: Path) -> None:
    """In the code, in a macro, in config; equal for equal values, wherever these come from."""
    code = "select {{ var('height') }}"
    assert one(folder, code) == one(folder, code, given={"height": 1})
    assert one(folder, code) != one(folder, code, given={"height": 2})
    assert one(folder, "select 1") == one(folder, "select 1", given={"height": 2})
    macros = {"macro.shop.m": macro("m", '{{ var( "height", 3) }}')}
    in_macro = [
        one(folder, "x", macros=["macro.shop.m"], all_macros=macros, given={"height": value})
        for value in (1, 2)
    ]
    assert in_macro[0] != in_macro[1]
    in_config = [
        one(folder, "x", unrendered_config={"enabled_for": "{{ var('height') }}"}, given={"height": value})
        for value in (1, 2)
    ]
    assert in_config[0] != in_config[1]


def test_a_packages_variables(folder: Path) -> None:
    """--vars, then what the root says for the package, then for all, then the package itself."""

    def value(name: str, **given: Any) -> Fingerprint:
        return one(folder, f"{{{{ var('{name}') }}}}", package="other", given=given)

    assert value("width") == value("width", width=2)
    assert value("depth") == value("depth", depth=5)
    assert value("height") == value("height", height=1)
    assert value("depth") != value("depth", depth=3)


def test_values_of_environment_variables(folder: Path) -> None:
    """Those that are named, and no others."""
    code = "select '{{ env_var('REGION', 'eu') }}'"
    assert one(folder, code, {"REGION": "us"}) != one(folder, code, {"REGION": "eu"})
    assert one(folder, code, {"REGION": "us"}) == one(folder, code, {"REGION": "us", "USER": "x"})


def test_a_contract_counts_where_it_is_enforced(folder: Path) -> None:
    """Types and constraints, and not what describes the columns."""

    def promised(enforced: bool, kind: str, **more: Any) -> Fingerprint:
        columns = {"a": {"name": "a", "data_type": kind, **more}}
        return one(folder, "x", contract={"enforced": enforced}, columns=columns)

    assert promised(True, "int") != promised(True, "text")
    assert promised(True, "int") != promised(True, "int", constraints=[{"type": "not_null"}])
    assert str(promised(True, "int")) == str(promised(True, "int", description="what it is"))
    assert str(promised(False, "int")) == str(promised(False, "text"))


def test_a_foreign_keys_table_counts_as_a_parent_alone(folder: Path) -> None:
    """dbt writes a ref() when it parses, and the relation of its target when it compiles."""

    def referring(to: str | None, **more: Any) -> Fingerprint:
        constraints = [{"type": "foreign_key", "to": to, "to_columns": ["id"], **more}]
        return one(folder, "x", contract={"enforced": True}, constraints=constraints)

    assert referring("ref('a')") == referring('"db"."dev"."a"')
    assert referring(None) != referring(None, expression="a (id)")


def test_a_seeds_bytes_count_whatever_its_size(folder: Path) -> None:
    """dbt hashes a large seed by its path alone."""
    (folder / "seeds").mkdir(exist_ok=True)
    seed = node(
        "seed.shop.s", "", original_file_path="seeds/s.csv", checksum={"name": "path", "checksum": "x"}
    )

    def written(text: bytes) -> Fingerprint:
        (folder / "seeds/s.csv").write_bytes(text)
        return of(folder, manifest(seed))["seed.shop.s"]

    large = b"a,b\n" + b"1,2\n" * 300_000
    assert written(large) != written(large + b"3,4\n")
    assert written(b"a\n1\n") == written(b"a\r\n1\r\n")


def test_which_source_is_read_counts(folder: Path) -> None:
    """By its name and identifier, and by its place before rendering; where an environment has it does not."""

    def reading(**more: Any) -> Fingerprint:
        source = {"unique_id": "source.shop.raw.t", "name": "t", "identifier": "t", **more}
        found = manifest(
            node("model.shop.a", parents=("source.shop.raw.t",)), sources={"source.shop.raw.t": source}
        )
        return of(folder, found)["model.shop.a"]

    assert reading() != reading(identifier="t2")
    assert reading() != reading(unrendered_schema="raw_v2")
    assert reading(schema="raw") == reading(schema="raw_sample")


def test_a_circle_is_an_error(folder: Path) -> None:
    """A manifest made by hand may have one."""
    found = manifest(
        node("model.shop.a", parents=("model.shop.b",)), node("model.shop.b", parents=("model.shop.a",))
    )
    with pytest.raises(IsolationError, match="in a circle"):
        of(folder, found)


def test_a_long_chain(folder: Path) -> None:
    """No depth of the graph is too much."""
    nodes = [node("model.shop.n0")]
    nodes += [node(f"model.shop.n{i}", parents=(f"model.shop.n{i - 1}",)) for i in range(1, 5000)]
    assert len(of(folder, manifest(*nodes))) == 5000


_TARGETED = """
models:
  orchard:
    +post-hook: "select '{{ target.name }}'"
    +materialized: "{{ 'table' if target.name == 'prod' else 'view' }}"
"""


def test_the_same_for_every_target_and_folder(orchard: Project, tmp_path: Path) -> None:
    """With real dbt: config by target in dbt_project.yml, in properties and in code; and in CRLF."""
    first, second = orchard.copy(tmp_path / "a"), orchard.copy(tmp_path / "b/c")
    for project in (first, second):
        text = (project.folder / "dbt_project.yml").read_text()
        project.write("dbt_project.yml", text + _TARGETED)
        project.edit(
            "models/properties.yml",
            "  - name: baskets\n",
            "  - name: baskets\n"
            "    config: {on_schema_change: \"{{ 'fail' if target.name == 'prod' else 'ignore' }}\"}\n",
        )
        project.write(
            "models/plums.sql",
            "{{ config(materialized='table' if target.name == 'prod' else 'view') }}\n"
            "select * from {{ ref('apples') }}\n",
        )
    for file in (second.folder / "models").glob("*.sql"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    (second.folder / "seeds/prices.csv").write_bytes(b"kind,price\r\nred,3\r\n")
    found = []
    for project, target in ((first, "dev"), (second, "prod")):
        result = project.dbt("parse", "--target", target)
        assert result.status == 0, result
        files = ProjectFiles(project.folder, os.environ, {})
        found.append(fingerprints(artifact.read(project.folder / "target/manifest.json"), files))
    assert found[0] == found[1]
    assert len(found[0]) == 6


def test_golden(orchard: Project) -> None:
    """The same with every version of dbt, and until VERSION changes: `orchard` as it was released."""
    [release] = (orchard.folder / "state/orchard/prod/releases").iterdir()
    nodes = json.loads((release / "release.json").read_text())["nodes"]
    found = {name: [node["fingerprint"], node["metadata"]] for name, node in nodes.items()}
    assert found == json.loads(GOLDEN.read_text())
