"""The table of tests/cases/configuration.yml, in Python and in dbt."""

import json
import shutil
from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_isolation import naming
from dbt_isolation.config.block import ENVIRONMENT_KEYS, parse
from dbt_isolation.environments import Named, Relation, Run, Target, choose, owner, relation
from dbt_isolation.errors import IsolationError
from tests.projects import ROOT, Project, link_package


@dataclass(frozen=True)
class Case:
    """One case, merged with the base."""

    name: str
    block: Any
    target: dict[str, str]
    env: dict[str, str]
    node: dict[str, Any]
    expect: dict[str, str]

    @property
    def default(self) -> dict[str, str]:
        """What dbt itself would name."""
        target, node = self.target, self.node
        schema = f"{target['schema']}_{node['schema']}" if node.get("schema") else target["schema"]
        version = f"_v{node['version']}" if node.get("version") else ""
        return {
            "database": node.get("database") or target["database"],
            "schema": schema,
            "alias": node.get("alias") or node["name"] + version,
        }


def _merge(base: Any, change: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(change, dict):
        return deepcopy(change)
    merged = deepcopy(base)
    for key, value in change.items():
        if value is None and key not in ("prod", "dev"):
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged


def _read() -> list[Case]:
    raw = yaml.safe_load((ROOT / "tests/cases/configuration.yml").read_text(encoding="utf-8"))
    return [
        Case(
            name=name,
            expect=case["expect"],
            **{part: _merge(base, case.get(part, {})) for part, base in raw["base"].items()},
        )
        for name, case in raw["cases"].items()
    ]


CASES = _read()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_python(case: Case) -> None:
    """The Python package's answer."""
    target = Target(
        case.target["name"],
        case.target["database"],
        case.target["schema"],
        case.target.get("user", ""),
        case.target["type"],
    )
    if "problem" in case.expect:
        with pytest.raises(IsolationError) as problem:
            choose(parse(case.block, case.env), target, case.env)
        assert case.expect["problem"] in problem.value.message
        return
    config = parse(case.block, case.env)
    run = Run(config, target, case.env, choose(config, target, case.env))
    assert run.environment is not None
    assert run.environment.name == case.expect["environment"]
    default = Relation(case.default["database"], case.default["schema"], case.default["alias"])
    path = "" if case.node.get("package") else case.node["path"]
    node = Named(default, case.node.get("database", ""), case.node.get("schema", ""), path)
    if "unnamed" in case.expect:
        with pytest.raises(IsolationError, match=case.expect["unnamed"]):
            relation(run, node)
        return
    place = relation(run, node)
    found = owner(config, place.database, place.schema)
    if "owner" in case.expect:
        assert found is not None
        assert found[0].name == case.expect["owner"]
    else:
        assert str(place) == case.expect["relation"]
        assert run.environment.protected or found is None


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose operation says what the macros make of cases."""
    folder = tmp_path_factory.mktemp("naming") / "naming"
    shutil.copytree(ROOT / "tests/projects/naming", folder)
    link_package(folder)
    return Project(folder)


@pytest.fixture(scope="module")
def answers(project: Project) -> dict[str, Any]:
    """What the macros say of every case; the cases whose variables differ run in processes of their own."""
    runs: defaultdict[tuple[tuple[str, str], ...], list[Case]] = defaultdict(list)
    ours = ("DBT_ISOLATION_", "USER", "CI", "STAGE")
    for case in CASES:
        runs[tuple(sorted((k, v) for k, v in case.env.items() if k.startswith(ours)))].append(case)
    found: dict[str, Any] = {}
    for cases in runs.values():
        environ: dict[str, str | None] = {"DBT_ISOLATION_USER": None}
        for case in cases:
            environ |= case.env
        found |= _ask(project, cases, environ)
    return found


def _ask(project: Project, cases: list[Case], environ: dict[str, str | None]) -> dict[str, Any]:
    asked = [
        {
            "case": case.name,
            "block": case.block,
            "target": case.target,
            "default": case.default,
            "node": {
                "name": case.node["name"],
                "version": case.node.get("version"),
                "package_name": case.node.get("package", "naming"),
                "original_file_path": case.node["path"],
                "database": case.default["database"],
                "config": {part: case.node.get(part) for part in ("database", "schema", "alias")},
            },
        }
        for case in cases
    ]
    result = project.dbt("run-operation", "answer", "--args", json.dumps({"cases": asked}), **environ)
    assert result.status == 0, result
    lines = [line.partition("ANSWER ")[2] for line in result.output.splitlines() if "ANSWER " in line]
    found = {answer["case"]: answer for answer in map(json.loads, lines)}
    assert set(found) == {case.name for case in cases}, result
    return found


@pytest.mark.xdist_group("configuration")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_macros(case: Case, answers: dict[str, Any]) -> None:
    """The macros' answer, under dbt."""
    answer = answers[case.name]
    if "problem" in case.expect:
        assert case.expect["problem"] in answer["problem"]
        return
    assert answer["problem"] == ""
    assert answer["environment"] == case.expect["environment"]
    names = {part: place["name"] for part, place in answer["parts"].items()}
    problem = answer["parts"]["schema"]["problem"]
    if "relation" in case.expect:
        assert problem == ""
        assert ".".join(filter(None, names.values())) == case.expect["relation"]
    else:
        assert case.expect.get("unnamed", f"environment '{case.expect.get('owner')}' owns") in problem
        assert names["schema"] == case.default["schema"] + naming.REFUSED


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 9)
    | st.sampled_from(["", "dev", "a.b", "{user}", "{x}", "a}b", "*", "."]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["env_var", "equals", "user", "path", "schema"]), inner, max_size=2)
    ),
    max_leaves=4,
)
_SETTINGS = st.dictionaries(st.sampled_from(ENVIRONMENT_KEYS), _VALUES, max_size=3)
_PROD = next(case for case in CASES).block["environments"]["prod"]
_BLOCKS = _VALUES | st.builds(
    lambda prod, dev: {"environments": {"prod": {**_PROD, **prod}, "dev": dev}},
    _SETTINGS,
    _SETTINGS | _VALUES,
)


@pytest.mark.xdist_group("configuration")
@settings(max_examples=2)
@given(blocks=st.lists(_BLOCKS, min_size=150, max_size=150))
def test_no_block_makes_the_macros_raise(project: Project, blocks: list[Any]) -> None:
    """Whatever stands in the block, naming answers; what Python takes, the macros take."""
    base = CASES[0]
    cases = [replace(base, name=str(number), block=block) for number, block in enumerate(blocks)]
    for name, answer in _ask(project, cases, dict(base.env)).items():
        try:
            parse(blocks[int(name)], base.env)
        except IsolationError:
            continue
        assert answer["problem"] in ("", "no environment lists target 'dev'"), blocks[int(name)]
