"""What the database itself stops, and what it does not: a function an engine, and a table."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt_isolation.config.model import Config, Environment
from dbt_isolation.environments import Target, run_of
from dbt_isolation.installation.fact import Fact
from dbt_isolation.profile import Profile, duckdb_name

_PAGE = "docs/guards.md"
_ITSELF = "SQL that names production itself, beyond the hooks that the plugin reads"


@dataclass(frozen=True, slots=True)
class Pair:
    """A target of development beside the production target that it reads, as the profile says them."""

    target: Target
    output: Mapping[str, Any]
    production: Target
    production_output: Mapping[str, Any]
    project_dir: Path
    copy_limit: int

    @property
    def what(self) -> str:
        """What the fact is about."""
        return f"engine of {self.target.name}"


def engine_facts(
    project_dir: Path, config: Config, profile: Profile, environ: Mapping[str, str]
) -> Iterator[Fact]:
    """A line for each target of a non-protected environment, where a target of what it reads is known."""
    by_environment: dict[str, Target] = {}
    of_target: dict[str, Environment] = {}
    for target in profile.targets:
        environment = run_of(config, target, environ).environment
        if environment is not None:
            of_target[target.name] = environment
            by_environment.setdefault(environment.name, target)
    for target in profile.targets:
        environment = of_target.get(target.name)
        if environment is None or environment.protected or environment.reads not in by_environment:
            continue
        production = by_environment[environment.reads]
        pair = Pair(
            target,
            profile.outputs[target.name],
            production,
            profile.outputs[production.name],
            project_dir,
            config.copy_limit,
        )
        yield _ENGINES.get(target.adapter_type, _server)(pair)


def _server(pair: Pair) -> Fact:
    """A server has roles: what development's may write is the server's to say."""
    identity = ("host", "account", "server_hostname", "user", "username", "role", "method", "keyfile")
    same = all(pair.output.get(key) == pair.production_output.get(key) for key in identity)
    user = pair.target.user or "the same user"
    if same:
        return Fact(
            pair.what,
            f"{_ITSELF}, is not stopped: {pair.target.name} connects as {pair.production.name} does ({user})",
            f"give development a role that cannot write what production owns; {_PAGE}",
            advice=True,
        )
    return Fact(
        pair.what, f"{_ITSELF}, is stopped if {user} may not write there; its grants are not looked at"
    )


def _duckdb(pair: Pair) -> Fact:
    here, there = (_file(pair.project_dir, one.get("path")) for one in (pair.output, pair.production_output))
    if here is None or there is None:
        return Fact(pair.what, "no file of its own on this disk: what it stops is not looked at")
    if here == there:
        return Fact(
            pair.what,
            f"{_ITSELF}, is not stopped: development writes the file that production is in, {there.name}",
            "give development a file of its own, and attach production's there: "
            f"{_attach(pair, there)}; {_PAGE}#production-in-a-duckdb-file",
            advice=True,
        )
    attached = pair.output.get("attach")
    entries = [one for one in attached if isinstance(one, Mapping)] if isinstance(attached, list) else []
    names = [str(one.get("alias") or duckdb_name(str(one.get("path", "")))) for one in entries]
    if pair.target.schema in (pair.target.database, *names):
        return Fact(
            pair.what,
            f"a database is called {pair.target.schema}, as is the schema of {pair.target.name}: views that "
            "read others fail, as DuckDB calls the name ambiguous",
            "give the file, the alias or the schema another name in profiles.yml",
        )
    found = next((one for one in entries if _file(pair.project_dir, one.get("path")) == there), None)
    if found is None:
        return Fact(
            pair.what,
            f"{pair.target.name} reads {pair.production.name}, and does not attach its file {there.name}",
            f"add it to target {pair.target.name} in profiles.yml: {_attach(pair, there)}",
        )
    name = str(found.get("alias") or duckdb_name(str(found.get("path"))))
    if name.lower() != pair.production.database.lower():
        return Fact(
            pair.what,
            f"production's file is attached as {name}, and its relations are in {pair.production.database}",
            f"write alias: {pair.production.database}",
        )
    if not found.get("read_only"):
        return Fact(
            pair.what,
            f"{there.name} is attached so that it can be written; the plugin attaches a copy instead",
            "write read_only: true, which also holds without the plugin",
            advice=True,
        )
    size = there.stat().st_size if there.is_file() else 0
    if size > pair.copy_limit:
        return Fact(
            pair.what,
            f"{there.name} has {size / 1e9:.1f} GB, more than copy_limit: it is attached read-only itself, "
            "which SQL can undo, and a run that reads it keeps its deployer out",
            f"raise copy_limit if the disk has room; {_PAGE}#production-in-a-duckdb-file",
            advice=True,
        )
    return Fact(pair.what, f"{_ITSELF}, meets a read-only copy of {there.name}")


def _attach(pair: Pair, file: Path) -> str:
    path = str(pair.production_output.get("path", file))
    return f"attach: [{{path: {path}, alias: {pair.production.database}, read_only: true}}]"


def _file(project_dir: Path, path: object) -> Path | None:
    """The file of a database on this disk; None for one in memory or elsewhere."""
    text = str(path or "")
    if not text or text.startswith((":memory:", "md:")) or "://" in text or "{{" in text:
        return None
    return (project_dir / text).resolve()


_ENGINES: Mapping[str, Callable[[Pair], Fact]] = {"duckdb": _duckdb}
