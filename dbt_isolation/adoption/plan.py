"""What taking the package up changes in a project, and what the user must know of it."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dbt_isolation.adoption import hooks_entry, package_entry
from dbt_isolation.adoption.block import Chosen, block_lines
from dbt_isolation.adoption.changes import Change, text_of
from dbt_isolation.adoption.production import Production
from dbt_isolation.adoption.repository import projects, root_of
from dbt_isolation.adoption.yaml_text import (
    MARK,
    add_to_list,
    add_to_mapping,
    remove_from_list,
    remove_from_mapping,
)
from dbt_isolation.artifacts.project import Definition, macro_folders, macros_of
from dbt_isolation.config import block as configuration
from dbt_isolation.config.block import BLOCK
from dbt_isolation.config.settings import parse_yaml, read_yaml
from dbt_isolation.errors import IsolationError
from dbt_isolation.installation.one_liners import (
    ONE_LINERS,
    POINTER_MACRO,
    SOURCE_MACRO,
    one_liner,
    own_naming,
)
from dbt_isolation.installation.versions import has_pointers

_IGNORED = ("target/", "dbt_packages/", "logs/")
_MARK = MARK.rstrip(".")


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes, and what to say beside them."""

    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Edits:
    """The files as they would be; a file that ends as it began is no change."""

    before: dict[Path, str | None] = field(default_factory=dict)
    after: dict[Path, str | None] = field(default_factory=dict)

    def text(self, file: Path) -> str | None:
        if file not in self.after:
            self.before[file] = self.after[file] = text_of(file)
        return self.after[file]

    def put(self, file: Path, text: str | None) -> None:
        self.text(file)
        self.after[file] = text

    def changes(self) -> tuple[Change, ...]:
        return tuple(
            Change(file, self.before[file], after)
            for file, after in self.after.items()
            if after != self.before[file]
        )


def set_up(
    project_dir: Path,
    chosen: Chosen | None,
    productions: Sequence[Production],
    *,
    neighbours: Sequence[str] = (),
    package: str | None,
    source_macro: bool,
    variables_file: str,
    hooks: bool,
) -> Plan:
    """What `init` does; ``chosen`` is None where the block is there.

    ``productions``: those whose manifest is known. ``neighbours``: the other targets in their databases, by
    name. ``variables_file``: where the project's variables stand. ``hooks``: also where the repository has no
    pre-commit yet.
    Raises ``IsolationError`` for what cannot be done in a way that keeps the user's files.
    """
    edits = _Edits()
    own = own_naming(project_dir)
    notes = [_both(part, definition, productions, neighbours) for part, definition in own.items()]
    _add_package(edits, project_dir, package)
    macros = macros_of(project_dir)
    pointers = [POINTER_MACRO] if has_pointers() else []
    for name in (*ONE_LINERS, *pointers, *([SOURCE_MACRO] if source_macro else [])):
        if name not in macros:
            _add_macro(edits, project_dir, name, macros)
        elif name == SOURCE_MACRO and "dbt_isolation.source" not in macros[name].text:
            raise IsolationError(
                f"{macros[name].file}:{macros[name].line}: the project has a macro `source` of its own",
                "rename it, and let it call dbt_isolation.source(source_name, table_name)",
            )
    if chosen is not None:
        file = project_dir / variables_file
        text = edits.text(file) or ""
        edits.put(file, add_to_mapping(text, variables_file, "vars", BLOCK, block_lines(chosen)))
    _add_ignored(edits, project_dir, _ignored_names(project_dir))
    notes += _add_hooks(edits, project_dir, package, wanted=hooks)
    return Plan(edits.changes(), tuple(notes))


def undo(project_dir: Path) -> Plan:
    """What `init --undo` does: everything that `set_up` writes is taken out."""
    edits = _Edits()
    notes = []
    ignored = _ignored_names(project_dir)
    for name in ("dbt_project.yml", "vars.yml"):
        file = project_dir / name
        if (text := edits.text(file)) is not None:
            edits.put(file, remove_from_mapping(text, name, "vars", BLOCK))
    for name in package_entry.FILES:
        file = project_dir / name
        if (text := edits.text(file)) is not None:
            rest = remove_from_list(
                text, name, "packages", lambda one: package_entry.brings_ours(project_dir, one)
            )
            edits.put(file, rest if rest.strip() or rest == text else None)
    for name, definition in macros_of(project_dir).items():
        if (
            name not in (*ONE_LINERS, POINTER_MACRO, SOURCE_MACRO)
            or f"dbt_isolation.{name}" not in definition.text
        ):
            continue
        if (edits.text(definition.file) or "").strip() in _one_liners(name):
            edits.put(definition.file, None)
        else:
            notes.append(
                f"{definition.file}:{definition.line}: {name} calls dbt_isolation.{name}, and is not as init "
                "writes it; take the call out yourself"
            )
    _remove_ignored(edits, project_dir, ignored)
    _remove_hooks(edits, project_dir)
    return Plan(edits.changes(), tuple(notes))


def _both(
    part: str, definition: Definition, productions: Sequence[Production], neighbours: Sequence[str]
) -> str:
    """How the project's own macro and the package live together."""
    name = f"generate_{part}_name"
    place = f"{definition.file}:{definition.line}"
    lines = [f"{place}: the project's own {name} is kept, and names as before; no environment's {part} does"]
    if part == "schema" and neighbours:
        lines.append(
            f"  {', '.join(neighbours)}: in production's database too; what the macro puts into production's "
            "schemas there is refused, so these need names of their own"
        )
    found = [one.templates() for one in (replaced.without_own(part) for replaced in productions)]
    template = found[0].get(part, "") if len(found) == 1 and found[0] is not None else None
    if template is not None:
        line = f'`{part}: "{template}"` under production' if template else f"dbt's own {part}"
        lines.append(
            f"  to let environments name: {line} gives every name that production has; delete the macro and "
            "run init again with production's manifest"
        )
    else:
        lines.append(
            f"  to let environments name as well: rename it to project_{part}_name and run init again; then "
            "it names where no template does"
        )
    return "\n".join(lines)


def _add_package(edits: _Edits, project_dir: Path, told: str | None) -> None:
    entries = {
        name: read_yaml(project_dir / name).get("packages")
        for name in package_entry.FILES
        if (project_dir / name).is_file()
    }
    there = [one for listed in entries.values() if isinstance(listed, list) for one in listed]
    if any(package_entry.brings_ours(project_dir, one) for one in there):
        return
    name = next((name for name, listed in entries.items() if listed), package_entry.FILES[0])
    file = project_dir / name
    lines = package_entry.entry(project_dir, told)
    edits.put(file, add_to_list(edits.text(file) or "", name, "packages", lines))


def _add_hooks(edits: _Edits, project_dir: Path, told: str | None, *, wanted: bool) -> list[str]:
    """Into the repository's .pre-commit-config.yaml; why not, where nobody asked for it and it cannot be."""
    root = root_of(project_dir)
    if root is None:
        if wanted:
            raise IsolationError(
                f"{project_dir.absolute()} is in no git repository, so there is nothing to hook into",
                "run `git init` first, or leave --hooks out",
            )
        return []
    file = root / hooks_entry.FILE
    text = edits.text(file)
    if text is None and not wanted:
        return []
    try:
        listed = parse_yaml(text or "", str(file)).get("repos")
        if isinstance(listed, list) and any(map(hooks_entry.is_ours, listed)):
            return []
        lines = hooks_entry.entry(root, project_dir, told)
        edits.put(file, add_to_list(text or "", str(file), "repos", lines))
    except IsolationError as error:
        if wanted:
            raise
        return [f"{file}: our hooks are not in it: {error.message}", *([error.hint] if error.hint else [])]
    return []


def _remove_hooks(edits: _Edits, project_dir: Path) -> None:
    root = root_of(project_dir)
    text = edits.text(root / hooks_entry.FILE) if root is not None else None
    if root is None or text is None:
        return
    # The hooks are the repository's: the last project that leaves takes them along.
    if any(one.resolve() != project_dir.resolve() for one in projects(root)):
        return
    rest = remove_from_list(text, str(root / hooks_entry.FILE), "repos", hooks_entry.is_ours)
    edits.put(root / hooks_entry.FILE, rest if rest.strip() or rest == text else None)


def _add_macro(edits: _Edits, project_dir: Path, name: str, macros: Mapping[str, Definition]) -> None:
    folder = macro_folders(project_dir)[0]
    file = folder / f"{name}.sql"
    if edits.text(file) is not None:
        file = folder / f"dbt_isolation_{name}.sql"
    before = name.replace("generate_", "project_")
    edits.put(file, one_liner(name, before if before in macros and before != name else "") + "\n")


def _one_liners(name: str) -> Iterator[str]:
    yield one_liner(name)
    yield one_liner(name, name.replace("generate_", "project_"))


def _ignored_names(project_dir: Path) -> tuple[str, ...]:
    """What git is not to keep: dbt's folders, and the release store where it is a folder of the project."""
    try:
        config = configuration.load(project_dir)
    except IsolationError:
        config = None
    state = config.state.strip("/") if config is not None else "state"
    return (f"{state}/", *_IGNORED) if re.fullmatch(r"[\w.-]+", state) else _IGNORED


def _add_ignored(edits: _Edits, project_dir: Path, names: Sequence[str]) -> None:
    file = project_dir / ".gitignore"
    text = edits.text(file)
    if text is None and not _in_git(project_dir):
        return
    missing = [name for name in names if not _ignored(project_dir, name, text or "")]
    if missing:
        end = "\r\n" if text and "\r\n" in text else "\n"
        before = f"{text}{'' if text.endswith(end) else end}{end}" if text else ""
        last = "" if text and not text.endswith("\n") else end
        edits.put(file, before + end.join([_MARK, *missing]) + last)


def _remove_ignored(edits: _Edits, project_dir: Path, names: Sequence[str]) -> None:
    file = project_dir / ".gitignore"
    text = edits.text(file)
    lines = (text or "").splitlines(keepends=True)
    at = next((number for number, line in enumerate(lines) if line.strip() == _MARK), None)
    if text is None or at is None:
        return
    last = at + 1
    while last < len(lines) and lines[last].strip() in names:
        last += 1
    first = at - 1 if at and not lines[at - 1].strip() else at
    rest = "".join(lines[:first] + lines[last:])
    if last == len(lines) and not text.endswith("\n"):
        rest = rest.removesuffix("\n").removesuffix("\r")
    edits.put(file, rest or None)


def _in_git(folder: Path) -> bool:
    return any((one / ".git").exists() for one in (folder.absolute(), *folder.absolute().parents))


def _ignored(project_dir: Path, name: str, text: str) -> bool:
    if name.strip("/") in {line.strip().strip("/") for line in text.splitlines()}:
        return True
    try:
        asked = subprocess.run(
            ["git", "check-ignore", "--quiet", name], cwd=project_dir, capture_output=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0
