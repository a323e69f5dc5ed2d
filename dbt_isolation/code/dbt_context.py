"""What dbt's own functions mean for a reader of templates: a table by their dotted names."""

from collections.abc import Callable, Mapping

from dbt_isolation.code.arguments import Arguments
from dbt_isolation.code.events import Events, Setting
from dbt_isolation.code.values import (
    Entries,
    Global,
    Hole,
    Items,
    Known,
    Text,
    Unknown,
    Value,
    as_text,
    hole,
    joined,
    names,
    of_python,
    same_relation,
    text,
)

_TARGET = frozenset(
    {"name", "target_name", "schema", "database", "dbname", "dataset", "project", "catalog", "user", "role"}
)
#: Run the SQL that they are given first, or by these names.
_RUN = frozenset(
    {"run_query", "dbt.run_query", "adapter.execute", "adapter.add_query", "dbt_utils.get_single_value"}
    | {"dbt_utils.get_query_results_as_dict"}
)
#: Ask about a place by its literal names.
_ASK = frozenset(
    {"adapter.list_relations", "adapter.list_relations_without_caching", "adapter.check_schema_exists"}
    | {"adapter.list_schemas", "dbt_utils.get_relations_by_pattern", "dbt_utils.get_relations_by_prefix"}
    | {"dbt_utils.get_tables_by_pattern_sql", "dbt_utils.get_tables_by_prefix_sql"}
)
#: Write the relations that they are given.
_WRITE = frozenset(
    f"adapter.{one}"
    for one in (
        *("drop_relation", "truncate_relation", "rename_relation", "drop_schema", "create_schema"),
        *("alter_column_type", "alter_relation_comment", "expand_target_column_types", "grant_access_to"),
        *("upload_file", "create_or_replace_relation", "apply_grants", "add_columns", "drop_columns"),
    )
)
_EMPTY = frozenset({"log", "print", "return", "debug", "exceptions.warn", "exceptions.raise_compiler_error"})
_KNOWN_ROOTS = ("builtins.", "context.", "dbt.")


def attribute(of: str, name: str) -> Value | None:
    """An attribute that is a value by itself; None where it only is part of a longer name."""
    if of == "target":
        if name in _TARGET:
            return hole("name", "target.name" if name == "target_name" else f"target.{name}")
        return Global("target.get") if name == "get" else Unknown()
    if of in ("flags", "model", "graph", "invocation_args_dict"):
        return Unknown()
    return None


def call(name: str, arguments: Arguments, at: int, events: Events, variables: Mapping[str, object]) -> Value:
    """The value of ``name(…)``, called at the offset ``at``."""
    for root in _KNOWN_ROOTS:
        if name.startswith(root) and name.removeprefix(root) in _VALUES:
            name = name.removeprefix(root)
    if name in _RUN:
        sql = arguments.get("sql", 0) or arguments.named.get("query")
        if isinstance(sql, Text):
            events.sql.setdefault(sql, at)
        return Unknown()
    if name in _WRITE:
        for one in arguments.all:
            _written(name, one, at, events)
        return Unknown()
    if name in _ASK:
        for one in arguments.all:
            events.named(one)
        return Unknown()
    if name in _EMPTY:
        return Text()
    if name == "var":
        return _variable(arguments, at, variables)
    value = _VALUES.get(name)
    if value is not None:
        return value(arguments, at, events)
    return Unknown()


def _ref(arguments: Arguments, at: int, events: Events) -> Value:
    named = [as_text(one).likely for one in arguments.positional]
    alias = named[-1] if named else ""
    return hole("relation", f"ref({', '.join(map(repr, named))})", alias=alias)


def _source(arguments: Arguments, at: int, events: Events) -> Value:
    named = [as_text(one).likely for one in (*arguments.positional, *arguments.named.values())]
    return hole("relation", f"source({', '.join(map(repr, named))})", alias=named[-1] if named else "")


def _variable(arguments: Arguments, at: int, variables: Mapping[str, object]) -> Value:
    name = arguments.text(0, "name")
    if name is not None and name in variables:
        return of_python(variables[name], at, "var")
    return _with_default("var", arguments.get("default", 1))


def _env_var(arguments: Arguments, at: int, events: Events) -> Value:
    return _with_default("env_var", arguments.get("default", 1))


def _with_default(what: str, default: Value | None) -> Value:
    if isinstance(default, Text):
        literal = default.literal
        return default if literal is None else hole("name", what, guess=literal or None)
    return default if isinstance(default, Items) else hole("name", what)


def _config(arguments: Arguments, at: int, events: Events) -> Value:
    given: dict[str, Value] = dict(arguments.named)
    for one in arguments.positional:
        if isinstance(one, Entries):
            given.update({str(key): value for key, value in one.values.items()})
    for key, value in given.items():
        configure(key, value, at, events)
    return Text()


def configure(key: str, value: Value, at: int, events: Events) -> None:
    """Notes one configuration; hooks are templates, which dbt renders later."""
    key = key.replace("-", "_").lstrip("+")
    if key in ("pre_hook", "post_hook"):
        for one in value.values if isinstance(value, Items) else [value]:
            sql = one.values.get("sql") if isinstance(one, Entries) else one
            if isinstance(sql, Text):
                events.templates.setdefault(sql, at)
        return
    if key == "sql_header" and isinstance(value, Text):
        events.sql.setdefault(value, at)
    start = (
        next((one.start for one in value.pieces if hasattr(one, "start")), at)
        if isinstance(value, Text)
        else at
    )
    events.settings[(start, key)] = Setting(key, value if isinstance(value, Text) else None, start)


def _relation(arguments: Arguments, at: int, events: Events) -> Value:
    given = [arguments.get(one, number) for number, one in enumerate(("database", "schema", "identifier"))]
    parts = tuple(as_text(one) if one is not None and one != Known(None) else Text() for one in given)
    if arguments.positional and isinstance(arguments.positional[0], Entries):
        return Unknown()
    if same_relation(parts):
        owner = next(one.what for part in parts for one in part.holes)
        return hole("relation", owner, alias=owner)
    events.made[(at, False, parts)] = None
    return Text((Hole("made", "made", parts=parts),))


def _written(name: str, value: Value, at: int, events: Events) -> None:
    if isinstance(value, Text):
        for one in value.pieces:
            if isinstance(one, Hole) and one.kind == "made":
                events.made[(at, True, one.parts)] = None
            elif isinstance(one, Hole) and one.kind == "relation" and one.what != "this":
                events.made[(at, True, (text(one.what, at),))] = None
        if value.literal and name.endswith("_schema"):
            events.made[(at, True, (value,))] = None


def _hook(arguments: Arguments, at: int, events: Events) -> Value:
    return Entries({"sql": arguments.positional[0]}) if arguments.positional else Unknown()


def _namespace(arguments: Arguments, at: int, events: Events) -> Value:
    found: dict[object, Value] = {}
    found.update(arguments.named)
    for one in arguments.positional:
        if isinstance(one, Entries):
            found.update(one.values)
    return Entries(found)


def _range(arguments: Arguments, at: int, events: Events) -> Value:
    numbers = [one.value for one in arguments.positional if isinstance(one, Known)]
    whole = [one for one in numbers if isinstance(one, int)]
    if len(whole) != len(arguments.positional) or not whole or 0 in whole[2:]:
        return Unknown()
    return Items([Known(one) for one in range(*whole[:3])[:50]])


def _quote(arguments: Arguments, at: int, events: Events) -> Value:
    return joined([text('"', at), *arguments.positional[:1], text('"', at)])


def _asked_target(arguments: Arguments, at: int, events: Events) -> Value:
    return attribute("target", arguments.text(0) or "") or Unknown()


def _asked_config(arguments: Arguments, at: int, events: Events) -> Value:
    return Unknown(frozenset().union(*map(names, arguments.positional[1:])))


_VALUES: Mapping[str, Callable[[Arguments, int, Events], Value]] = {
    "ref": _ref,
    "source": _source,
    "env_var": _env_var,
    "config": _config,
    "config.get": _asked_config,
    "config.require": _asked_config,
    "target.get": _asked_target,
    "api.Relation.create": _relation,
    "adapter.get_relation": _relation,
    "adapter.Relation.create": _relation,
    "adapter.quote": _quote,
    "after_commit": _hook,
    "before_begin": _hook,
    "in_transaction": _hook,
    "make_hook_config": _hook,
    "namespace": _namespace,
    "dict": _namespace,
    "range": _range,
}
