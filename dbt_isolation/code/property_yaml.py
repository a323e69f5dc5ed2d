"""Reads YAML: dbt_project.yml and property files, with the hooks and the places that stand in them."""

from collections.abc import Iterator

import yaml

from dbt_isolation.code.dbt_context import configure
from dbt_isolation.code.events import Events
from dbt_isolation.code.template import Reader
from dbt_isolation.code.values import Entries, Items, Known, Piece, Text, Unknown, Value
from dbt_isolation.config.yaml_reader import compose
from dbt_isolation.sql.unreadable import UnreadableError

#: What dbt_project.yml configures node by node, with ``+`` before its keys.
_RESOURCES = frozenset(
    {"models", "seeds", "snapshots", "tests", "data_tests", "unit_tests", "sources", "functions", "exposures"}
    | {"analyses", "saved_queries", "semantic_models", "metrics"}
)
_HOOKS = frozenset({"on-run-start", "on-run-end"})
_PLACES = frozenset(
    {"database", "schema", "target_schema", "target_database", "project", "dataset", "catalog"}
)
_HOOK_KEYS = frozenset({"pre-hook", "post-hook", "pre_hook", "post_hook"})
_CONFIGS = frozenset({*_PLACES, *_HOOK_KEYS, "sql_header", "location_root"})
#: What people write about; a name in it names nothing.
_SAID = frozenset({"meta", "tags", "description", "docs", "owner", "vars", "name", "label"})
_SQL = frozenset({"loaded_at_query", "where", "sql"})


def read(reader: Reader, project_file: bool) -> None:
    """Reads the reader's source; ``project_file``: it is dbt_project.yml. Raises ``UnreadableError``."""
    try:
        tree = compose(reader.source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise UnreadableError(f"YAML: {error.problem or error.context}", mark.index if mark else 0) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UnreadableError(f"YAML: {error}") from error
    if tree is None:
        return
    events = Events()
    _Walk(reader, events, project_file).top(tree)
    reader.events(events)


class _Walk:
    def __init__(self, reader: Reader, events: Events, project_file: bool) -> None:
        self._reader = reader
        self._events = events
        self._project_file = project_file

    def top(self, tree: yaml.Node) -> None:
        for key, node in _pairs(tree):
            if key in _HOOKS:
                for one in _scalars(node):
                    self._reader.template(self._text(one))
            elif key in _RESOURCES and self._project_file:
                self._folders(node)
            elif key in _RESOURCES or (key == "macros" and not self._project_file):
                for entry in node.value if isinstance(node, yaml.SequenceNode) else ():
                    self._entry(entry, key)
            elif key not in _SAID:
                self._rendered(node)

    def _folders(self, node: yaml.Node) -> None:
        """A mapping of folders; a key with ``+``, or one that can only be a configuration, configures."""
        for key, value in _pairs(node):
            name = key.lstrip("+")
            if name in _SAID:
                continue
            if key.startswith("+") or (name in _CONFIGS and not isinstance(value, yaml.MappingNode)):
                self._configured(name, value)
            else:
                self._folders(value)

    def _entry(self, node: yaml.Node, kind: str) -> None:
        """A node's properties, with whatever belongs to it inside."""
        for key, value in _pairs(node):
            if key in _SAID:
                continue
            if key == "config":
                for name, one in _pairs(value):
                    if name not in _SAID:
                        self._configured(name.lstrip("+"), one, source=kind == "sources")
            elif key in _SQL:
                for one in _scalars(value):
                    self._reader.template(self._text(one))
            elif isinstance(value, yaml.SequenceNode | yaml.MappingNode):
                for one in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    self._entry(one, kind)
            else:
                self._rendered(value)

    def _configured(self, key: str, node: yaml.Node, *, source: bool = False) -> None:
        hook = key in _HOOK_KEYS
        value = self._value(node, rendered=not hook)
        if key in _SQL and isinstance(value, Text):
            self._reader.template(value)
        elif not source or key not in _PLACES:
            configure(key, value, node.start_mark.index, self._events)

    def _rendered(self, node: yaml.Node) -> None:
        """What dbt renders on its own: no SQL, but it may decide by the target."""
        for one in _scalars(node):
            if "{{" in one.value or "{%" in one.value:
                self._reader.rendered(self._text(one))

    def _value(self, node: yaml.Node, *, rendered: bool) -> Value:
        if isinstance(node, yaml.SequenceNode):
            return Items([self._value(one, rendered=rendered) for one in node.value])
        if isinstance(node, yaml.MappingNode):
            return Entries({key: self._value(one, rendered=rendered) for key, one in _pairs(node)})
        if not isinstance(node, yaml.ScalarNode):
            return Unknown()
        if node.tag.endswith(":null"):
            return Known(None)
        text = self._text(node)
        return self._reader.rendered(text) if rendered and "{{" in node.value else text

    def _text(self, node: yaml.ScalarNode) -> Text:
        """A scalar's text, each of its lines with where it stands in the file."""
        source, value = self._reader.source, node.value
        start = node.start_mark.index
        found: list[Piece] = []
        for line in value.splitlines(keepends=True):
            words = line.strip()
            at = source.find(words, start, node.end_mark.index) if words else -1
            if at < 0:
                found.append(Piece(line, start, exact=False))
                continue
            lead = line[: len(line) - len(line.lstrip())]
            if lead:
                found.append(Piece(lead, at, exact=False))
            found.append(Piece(words, at))
            tail = line[len(lead) + len(words) :]
            start = at + len(words)
            if tail:
                found.append(Piece(tail, start, exact=False))
        return Text(tuple(found))


def _pairs(node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, value


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The scalars in a node, but for what is only said in it; aliases once."""
    left, seen = [node], set[int]()
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, yaml.ScalarNode):
            yield one
        elif isinstance(one, yaml.SequenceNode):
            left.extend(reversed(one.value))
        else:
            left.extend(value for key, value in _pairs(one) if key not in _SAID)
