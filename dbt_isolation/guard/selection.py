"""The nodes that the command under way selects, by dbt's own selectors."""

from importlib import import_module
from typing import Any

from dbt.adapters.factory import get_adapter_by_type

_TASKS = {
    "run": ("dbt.task.run", "RunTask"),
    "build": ("dbt.task.build", "BuildTask"),
    "seed": ("dbt.task.seed", "SeedTask"),
    "snapshot": ("dbt.task.snapshot", "SnapshotTask"),
    "test": ("dbt.task.test", "TestTask"),
    "clone": ("dbt.task.clone", "CloneTask"),
}


def selected(command: str, flags: Any, manifest: Any, adapter_type: str) -> frozenset[str] | None:
    """Unique ids that ``command`` selects; None where dbt cannot say, and then all are taken to be."""
    if command not in _TASKS:
        return None
    module, name = _TASKS[command]
    try:
        task = getattr(import_module(module), name)(flags, get_adapter_by_type(adapter_type).config, manifest)
        task.compile_manifest()
        return frozenset(task.get_node_selector().get_selected(task.get_selection_spec()))
    except Exception:
        # A selector that dbt itself refuses is dbt's to report; the guard errs on the safe side.
        return None
