"""The hooks and the operation that a command would run: which of them write a protected place by its name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from dbt_isolation import writes
from dbt_isolation.artifacts.manifest import of_node
from dbt_isolation.environments import Relation, Run
from dbt_isolation.guard.say import say
from dbt_isolation.guard.selection import selected
from dbt_isolation.guard.session import Session
from dbt_isolation.guard.sources import source_places
from dbt_isolation.reads.decide import Place, Read

#: Commands that run no on-run-start and no on-run-end; a later dbt's are taken to run them.
_WITHOUT = (writes.READING - {"freshness"}) | {"clone", "run-operation"}
_OWN = "dbt_isolation"
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Hook:
    """``what`` it is called; ``text``, a template; ``node``, dbt's whose hook it is, or None."""

    what: str
    text: str
    package: str
    node: Any = None
    rule: str = "hook writes"


_NO_READS: Mapping[str, Read] = {}


def refused_hooks(
    session: Session, manifest: Any, reads: Mapping[str, Read] = _NO_READS
) -> list[writes.RefusedText]:
    """What the command's hooks, or its operation, would write and may not; ``manifest`` is dbt's.

    ``reads``: where the run reads what it does not build, by unique id: there a hook's ref() leads too. One
    line says which of them could not be read. Raises ``IsolationError``.
    """
    run = session.run
    if run is None or run.environment is None or run.environment.protected:
        return []
    hooks = list(_hooks(session, manifest))
    if not hooks:
        return []
    from dbt_isolation.guard.hook_readings import readings_of
    from dbt_isolation.hook_writes import refused_texts

    @cache
    def chosen() -> frozenset[str] | None:
        return selected(session.command, session.flags, manifest, session.credentials.type)

    def relation_of(kind: str, names: tuple[str, ...]) -> Relation | None:
        if kind == "source":
            return _source(run, manifest, names)
        for read in reads.values():
            elsewhere = read.place is Place.RELEASE and read.node.name in names
            if elsewhere and read.node.unique_id not in (chosen() or ()):
                return read.relation
        return None

    found: list[tuple[Hook, list[writes.RefusedText], str]] = []
    for hook, reading in readings_of(session, manifest, hooks):
        refusals = list(refused_texts(run, hook.what, reading, relation_of, rule=hook.rule))
        problem = reading.problem[0] if reading.problem is not None else ""
        if refusals or problem:
            found.append((hook, refusals, problem))
    found = _of_selected(chosen(), found) if found else []
    _say_unread([f"{hook.what} ({problem})" for hook, _, problem in found if problem])
    return [one for _, refusals, _ in found for one in refusals]


def _source(run: Run, manifest: Any, names: tuple[str, ...]) -> Relation | None:
    """Where a source's table is in this run, which may be elsewhere than the project says."""
    for source in manifest.sources.values():
        if (source.source_name, source.name) == names:
            place = {"database": source.database or "", "schema": source.schema or ""}
            place |= source_places(run).get(source.source_name, {})
            return Relation(place["database"], place["schema"], source.identifier)
    return None


def _of_selected(
    chosen: frozenset[str] | None, found: Sequence[tuple[Hook, list[writes.RefusedText], str]]
) -> list[tuple[Hook, list[writes.RefusedText], str]]:
    """Those that the command runs."""
    if chosen is None:
        return list(found)
    if not chosen:
        # dbt has nothing to do, and runs no hook at all.
        return []
    return [one for one in found if one[0].node is None or one[0].node.unique_id in chosen]


def _say_unread(unread: Sequence[str]) -> None:
    if unread:
        more = f", and {len(unread) - _SHOWN} more" if len(unread) > _SHOWN else ""
        say(f"not looked at, as it cannot be read: {', '.join(unread[:_SHOWN])}{more}")


def _hooks(session: Session, manifest: Any) -> Iterator[Hook]:
    command = session.command
    if command == "run-operation":
        yield from _operation(session, manifest)
        return
    around = command not in _WITHOUT
    if command == "freshness":
        around = bool(getattr(session.flags, "SOURCE_FRESHNESS_RUN_PROJECT_HOOKS", True))
    for node in (*manifest.nodes.values(), *getattr(manifest, "functions", {}).values()):
        if node.resource_type == "operation":
            if around and node.package_name != _OWN:
                kind = next(iter(node.tags), "hook")
                file = node.original_file_path.removeprefix("./")
                what = f"{kind} {(node.index or 0) + 1} of {node.package_name} ({file})"
                yield Hook(what, node.raw_code, node.package_name)
            continue
        config = node.config
        before, after = getattr(config, "pre_hook", ()), getattr(config, "post_hook", ())
        if not before and not after:
            continue
        if command in writes.READING or node.resource_type == "test":
            continue
        if writes.written(of_node(node), command):
            for kind, hooks in (("pre-hook", before), ("post-hook", after)):
                for hook in hooks:
                    what = f"{kind} of {node.unique_id} ({node.original_file_path})"
                    yield Hook(what, hook.sql, node.package_name, node)


def _operation(session: Session, manifest: Any) -> Iterator[Hook]:
    package, _, name = str(session.flags.MACRO).rpartition(".")
    macro = manifest.find_macro_by_name(name, session.project, package or None)
    if macro is None or macro.package_name == _OWN:
        return
    text = f"{{% do {macro.package_name}.{macro.name}(**{ARGUMENTS}) %}}"
    what = f"{macro.unique_id} ({macro.original_file_path})"
    yield Hook(what, text, macro.package_name, rule="operation writes")


#: What the text of an operation calls the arguments that it is given.
ARGUMENTS = "dbt_isolation_arguments"
