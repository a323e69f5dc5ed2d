"""Files by their dbt projects, and a key for all that the answer about a file depends on."""

import os
import sys
from collections.abc import Iterator, Sequence
from hashlib import blake2b

import dbt_isolation
from isolation_hooks import words

_FILE = "dbt_project.yml"
#: A change of one of these may change what is found anywhere in the project.
OF_THE_WHOLE = (_FILE, "vars.yml")
_PACKAGES = ("dbt_packages", "dbt_modules")


class Project:
    """A dbt project in ``folder`` that has our block, and the ``files`` of it that are asked about."""

    def __init__(self, folder: str, content: bytes) -> None:
        self.folder = folder
        self.files: list[str] = []
        self._content = content
        self.target = os.path.join(
            folder, os.environ.get("DBT_TARGET_PATH") or _setting(content, b"target-path") or "target"
        )

    @property
    def whole(self) -> bool:
        """Whether a file is among them that all others depend on."""
        return any(os.path.relpath(one, self.folder) in OF_THE_WHOLE for one in self.files)

    def keys(self, flags: Sequence[str]) -> dict[str, bytes]:
        """The key of each file that is there, for `check` with these flags.

        A file that the whole project depends on has none.
        """
        base = self._base(flags)
        found = {}
        for file in self.files:
            path = os.path.relpath(file, self.folder)
            if path in OF_THE_WHOLE or not os.path.isfile(file):
                continue
            content = _bytes(file)
            if content is None:
                # A key of no other time, so that `check` says why it cannot be read.
                found[file] = os.urandom(16)
                continue
            key = base.copy()
            _add(key, os.fsencode(path))
            _add(key, content)
            found[file] = key.digest()
        return found

    def _base(self, flags: Sequence[str]) -> blake2b:
        digest = blake2b(digest_size=16)
        for part in (dbt_isolation.__version__, *_code(), *flags, *_variables(self._content)):
            _add(digest, os.fsencode(part))
        folders = [*words.values(flags, "--profiles-dir"), os.environ.get("DBT_PROFILES_DIR") or self.folder]
        for file in (
            os.path.join(self.target, "manifest.json"),
            *(os.path.join(one, "profiles.yml") for one in (*folders, os.path.expanduser("~/.dbt"))),
            os.path.join(self.folder, ".env"),
            ".env",
        ):
            _add(digest, _stat(file))
        _add(digest, self._content)
        for file in (os.path.join(self.folder, "vars.yml"), *words.values(flags, "--baseline")):
            _add(digest, _bytes(file) or b"")
        return digest


def projects_of(files: Sequence[str]) -> list[Project]:
    """The projects that the files are of, in the order of the files; what is of none is left out.

    A file's project is the nearest folder above it with a dbt_project.yml, in the same git repository. A
    project without our block is left alone, as by dbt; so are packages that dbt has installed, and files that
    are not there.
    """
    known: dict[str, str | None] = {}
    projects: dict[str, Project | None] = {}
    for file in files:
        if not os.path.isfile(file):
            continue
        folder = _project_folder(os.path.dirname(os.path.abspath(file)), known)
        if folder is None:
            continue
        if folder not in projects:
            projects[folder] = _project(folder)
        if (project := projects[folder]) is not None:
            project.files.append(file)
    return [one for one in projects.values() if one is not None]


def _project_folder(folder: str, known: dict[str, str | None]) -> str | None:
    passed = []
    found = None
    while folder not in known:
        passed.append(folder)
        if os.path.isfile(os.path.join(folder, _FILE)):
            found = None if _is_package(folder) else folder
            break
        above = os.path.dirname(folder)
        if above == folder or os.path.exists(os.path.join(folder, ".git")):
            break
        folder = above
    else:
        found = known[folder]
    known.update(dict.fromkeys(passed, found))
    return found


def _is_package(folder: str) -> bool:
    above = os.path.dirname(folder)
    return os.path.basename(above) in _PACKAGES and os.path.isfile(
        os.path.join(os.path.dirname(above), _FILE)
    )


def _project(folder: str) -> Project | None:
    content = _bytes(os.path.join(folder, _FILE))
    variables = _bytes(os.path.join(folder, "vars.yml")) or b""
    if content is not None and b"dbt_isolation" not in content + variables:
        return None
    # One that cannot be read is not passed over: `check` says so.
    content = content or b""
    # From here, as what is found is shown; on Windows a folder may be on another drive.
    try:
        return Project(os.path.relpath(folder), content)
    except ValueError:
        return Project(folder, content)


def _bytes(file: str) -> bytes | None:
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except OSError:
        return None


def _stat(file: str) -> bytes:
    try:
        found = os.stat(file)
    except OSError:
        return b""
    return b"%d %d" % (found.st_mtime_ns, found.st_size)


def _add(digest: blake2b, part: bytes) -> None:
    # With its length, so that no two lists of parts are one text.
    digest.update(b"%d:" % len(part))
    digest.update(part)


def _setting(content: bytes, name: bytes) -> str:
    """A top-level setting that is plain text, without a YAML reader."""
    for line in content.splitlines():
        key, colon, value = line.partition(b":")
        if colon and key.strip(b"\"' ") == name and line[:1] not in (b" ", b"\t", b"#"):
            return os.fsdecode(value.partition(b" #")[0].strip().strip(b"\"'"))
    return ""


def _variables(content: bytes) -> Iterator[str]:
    """The environment variables that may count: dbt's and ours, and those that the block names."""
    names = {one for one in os.environ if one.startswith("DBT_")}
    names.update(os.fsdecode(one.partition(b"}")[0]) for one in content.split(b"{env:")[1:])
    for name in sorted(names):
        yield f"{name}={os.environ.get(name, '')}"


def _code() -> Iterator[str]:
    """What tells this code from any other: our files' times and sizes, and when packages were installed."""
    for package in (dbt_isolation.__file__, __file__):
        yield from sorted(_files(os.path.dirname(package)))
    for folder in sys.path:
        if folder.endswith(("site-packages", "dist-packages")):
            yield os.fsdecode(_stat(folder))


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _files(entry.path)
            elif not entry.name.startswith("."):
                found = entry.stat()
                yield f"{entry.path} {found.st_mtime_ns} {found.st_size}"
