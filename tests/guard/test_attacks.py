"""Every cell of the guards' table, with real dbt: who refuses, and that production's content is as before."""

from pathlib import Path

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


def _alone(attack: str, layer: str) -> tuple[str, ...]:
    return ("naming", layer) if ATTACKS[attack].by_naming and layer != "naming" else (layer,)


class Lay:
    """Sets an attack up once a test process: its cells share a parsed project."""

    def __init__(self, depot: Project, factory: pytest.TempPathFactory) -> None:
        self._depot, self._factory = depot, factory
        self._laid: dict[tuple[str, tuple[str, ...]], Project] = {}

    def __call__(self, attack: str, layers: tuple[str, ...]) -> Project:
        key = (attack, layers)
        if key not in self._laid:
            folder = self._factory.mktemp(attack) / "project"
            self._laid[key] = attacks.set_up(self._depot, ATTACKS[attack], folder, layers)
        return self._laid[key]


@pytest.fixture(scope="session")
def lay(depot: Project, tmp_path_factory: pytest.TempPathFactory) -> Lay:
    """The projects under attack."""
    return Lay(depot, tmp_path_factory)


def _parameters(*, alone: bool) -> list[ParameterSet]:
    found = []
    for attack, row in TABLE.attacks.items():
        for command, cell in row.cells.items():
            if isinstance(cell, str) and cell in TABLE.none:
                continue
            sets: list[tuple[str, ...]] = [LAYERS]
            if alone:
                sets = [_alone(attack, layer) for layer in cell] if isinstance(cell, list) else []
            for layers in sets:
                marks = [pytest.mark.xdist_group("-".join((attack, *layers)))]
                often = attack in _WHOLE or (command in _OFTEN and cell != "works")
                if alone:
                    often = attack in _ALONE and command == "build"
                if not often:
                    marks.append(pytest.mark.all)
                name = f"{attack}-{command}" + (f"-{layers[-1]}" if alone else "")
                found.append(pytest.param(attack, command, layers, cell, id=name, marks=marks))
    return found


@pytest.mark.parametrize(("attack", "command", "layers", "cell"), _parameters(alone=False))
def test_cell(lay: Lay, attack: str, command: str, layers: tuple[str, ...], cell: object) -> None:
    """All layers on."""
    project = lay(attack, layers)
    pristine = attacks.production(Project(Path(f"{project.folder}-pristine")), layers)
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


@pytest.mark.parametrize(("attack", "command", "layers", "cell"), _parameters(alone=True))
def test_layer_alone(lay: Lay, attack: str, command: str, layers: tuple[str, ...], cell: object) -> None:
    """Each layer that the cell lists, with the others off."""
    project = lay(attack, layers)
    pristine = attacks.production(Project(Path(f"{project.folder}-pristine")), layers)
    result = attacks.launch(project, ATTACKS[attack], command, layers)
    assert attacks.production(project, layers) == pristine, result
    if layers[-1] != "naming":
        assert result.status == 2, result
        assert f"dbt-isolation ({layers[-1]}) refused" in result.output, result
        assert "set-up:" not in result.output, result


@pytest.mark.all
@pytest.mark.parametrize("attack", [name for name, attack in ATTACKS.items() if not attack.by_naming])
def test_attack_is_one(lay: Lay, attack: str) -> None:
    """With every layer off it harms: a cell that nothing threatens proves nothing."""
    command = "run-operation" if attack == "operation" else "build"
    project = lay(attack, ())
    pristine = attacks.production(Project(Path(f"{project.folder}-pristine")), ())
    result = attacks.launch(project, ATTACKS[attack], command, ())
    assert attacks.production(project, ()) != pristine, result
