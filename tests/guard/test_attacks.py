"""Every cell of the guards' table, with real dbt: who refuses, and that production's content is as before."""

import pytest
from _pytest.mark import ParameterSet

from tests.guard import attacks
from tests.guard.attacks import ATTACKS, LAYERS
from tests.guard.table import TABLE
from tests.projects import Project

#: What `make test` tries: two attacks whole, of the others the commands whose guards differ, and layers alone
#: under a few. `make test-all` tries every cell, and every layer of it alone.
_WHOLE = ("schema", "prod")
_OFTEN = ("run", "clone", "retry", "run-operation")
_ALONE = ("schema", "package", "prod", "dotenv")
_DEPOTS = {"duckdb": "depot", "postgres": "depot_on_postgres"}
_TRIED = {"duckdb": list(ATTACKS)} | {name: engine.attacks for name, engine in TABLE.engines.items()}


def _alone(attack: str, layer: str) -> tuple[str, ...]:
    return ("naming", layer) if ATTACKS[attack].by_naming and layer != "naming" else (layer,)


class Lay:
    """Sets an attack up once a test process: its cells share a parsed project."""

    def __init__(self, request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> None:
        self._request, self._factory = request, factory
        self._laid: dict[tuple[str, str, tuple[str, ...]], tuple[Project, Project]] = {}

    def __call__(self, engine: str, attack: str, layers: tuple[str, ...]) -> tuple[Project, Project]:
        """The project, with databases as they were before any command, and one that stays so."""
        key = (engine, attack, layers)
        if key not in self._laid:
            folder = self._factory.mktemp(attack) / "project"
            depot = self._request.getfixturevalue(_DEPOTS[engine])
            project = attacks.set_up(depot, ATTACKS[attack], folder, layers)
            self._laid[key] = project, project.copy(folder.with_name("pristine"))
        project, pristine = self._laid[key]
        project.restore(pristine)
        return project, pristine


@pytest.fixture(scope="session")
def lay(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lay:
    """The projects under attack."""
    return Lay(request, tmp_path_factory)


def _parameters(engine: str, *, alone: bool) -> list[ParameterSet]:
    found = []
    for attack in _TRIED[engine]:
        for command, cell in TABLE.attacks[attack].cells.items():
            if isinstance(cell, str) and cell in TABLE.none:
                continue
            sets: list[tuple[str, ...]] = [LAYERS]
            if alone:
                sets = [_alone(attack, layer) for layer in cell] if isinstance(cell, list) else []
            for layers in sets:
                often = attack in _WHOLE or (command in _OFTEN and cell != "works")
                if alone:
                    often = attack in _ALONE and command == "build"
                if engine != "duckdb":
                    often = often and attack in _WHOLE and cell != "works"
                # What `make test` tries on another engine is little: one process, that starts one server.
                group = engine if often and engine != "duckdb" else "-".join((engine, attack, *layers))
                marks = [pytest.mark.xdist_group(group)]
                if not often:
                    marks.append(pytest.mark.all)
                name = f"{engine}-{attack}-{command}" + (f"-{layers[-1]}" if alone else "")
                found.append(pytest.param(engine, attack, command, layers, cell, id=name, marks=marks))
    return found


def _everywhere(*, alone: bool) -> list[ParameterSet]:
    return [one for engine in _DEPOTS for one in _parameters(engine, alone=alone)]


_NAMES = ("engine", "attack", "command", "layers", "cell")


@pytest.mark.parametrize(_NAMES, _everywhere(alone=False))
def test_cell(
    lay: Lay, engine: str, attack: str, command: str, layers: tuple[str, ...], cell: object
) -> None:
    """All layers on."""
    project, untouched = lay(engine, attack, layers)
    pristine = attacks.production(untouched, layers)
    result = attacks.launch(project, ATTACKS[attack], command, layers)
    after = attacks.production(project, layers)
    if cell == "engine":
        assert after != pristine, f"stopped, so the table can say by whom\n{result}"
        return
    assert after == pristine, result
    if cell == "works":
        assert result.status == 0, result
    else:
        assert result.status == 2, result
        assert "dbt-isolation (plugin) refused" in result.output, result
        assert "Traceback" not in result.output, result


@pytest.mark.parametrize(_NAMES, _everywhere(alone=True))
def test_layer_alone(
    lay: Lay, engine: str, attack: str, command: str, layers: tuple[str, ...], cell: object
) -> None:
    """Each layer that the cell lists, with the others off."""
    project, untouched = lay(engine, attack, layers)
    pristine = attacks.production(untouched, layers)
    result = attacks.launch(project, ATTACKS[attack], command, layers)
    assert attacks.production(project, layers) == pristine, result
    if layers[-1] != "naming":
        assert result.status == 2, result
        assert f"dbt-isolation ({layers[-1]}) refused" in result.output, result
        assert "set-up:" not in result.output, result


@pytest.mark.all
@pytest.mark.parametrize(
    ("engine", "attack"),
    [
        pytest.param(engine, attack, marks=pytest.mark.xdist_group(f"{engine}-{attack}"))
        for engine, tried in _TRIED.items()
        for attack in tried
        if not ATTACKS[attack].by_naming
    ],
)
def test_attack_is_one(lay: Lay, engine: str, attack: str) -> None:
    """With every layer off it harms: a cell that nothing threatens proves nothing."""
    command = "run-operation" if attack == "operation" else "build"
    project, untouched = lay(engine, attack, ())
    pristine = attacks.production(untouched, ())
    result = attacks.launch(project, ATTACKS[attack], command, ())
    assert attacks.production(project, ()) != pristine, result
