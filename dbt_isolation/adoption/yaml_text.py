"""A key or an entry put into a YAML file, and taken out again, with every other byte as it was.

A round-trip YAML library writes the whole file anew and so reflows what nobody asked it to. Here PyYAML says
where things stand, lines are put in or taken out there, and what the new text means is compared with what it
should mean; where it differs (an alias, a merge, a style that lines cannot be put into), nothing is changed
and the user is shown the lines to write.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from dbt_isolation.config.settings import parse_yaml
from dbt_isolation.errors import IsolationError

#: Stands above a top-level key that was not in the file, so that taking it out again knows.
MARK = "# Written by `dbt-isolation init`."


def add_to_mapping(text: str, name: str, parent: str, key: str, lines: Sequence[str]) -> str:
    """``text`` with ``key`` first under the top-level key ``parent``; as it is where it has that key.

    ``lines``: the key and what is under it, without indentation. ``name``: the file's, for errors.
    Raises ``IsolationError`` where the file is not understood or lines cannot be put there.
    """
    content = parse_yaml(text, name)
    there = content.get(parent)
    if isinstance(there, Mapping) and key in there:
        return text
    wanted = None
    if there is None or isinstance(there, Mapping):
        wanted = {**content, parent: {**yaml.safe_load("\n".join(lines)), **(there or {})}}
    return _with_lines(text, name, parent, lines, wanted, f"under `{parent}:`")


def add_to_list(text: str, name: str, parent: str, lines: Sequence[str]) -> str:
    """``text`` with an entry first in the list under the top-level key ``parent``.

    ``lines``: the entry with its ``-``. Raises as ``add_to_mapping`` does.
    """
    content = parse_yaml(text, name)
    there = content.get(parent)
    wanted = None
    if there is None or isinstance(there, list):
        wanted = {**content, parent: [*yaml.safe_load("\n".join(lines)), *(there or [])]}
    return _with_lines(text, name, parent, lines, wanted, f"to the list under `{parent}:`")


def remove_from_mapping(text: str, name: str, parent: str, key: str) -> str:
    """``text`` without ``key`` under the top-level key ``parent``, and without that if it was put there."""

    def own(value: yaml.Node) -> Sequence[tuple[yaml.Node, yaml.Node]]:
        return [pair for pair in _pairs(value) if pair[0].value == key]

    return _without(text, name, parent, own)


def remove_from_list(text: str, name: str, parent: str, ours: Callable[[Any], bool]) -> str:
    """``text`` without the entries of the list under ``parent`` that are ``ours``; as above."""
    entries = parse_yaml(text, name).get(parent)
    numbers = [number for number, entry in enumerate(entries or ()) if ours(entry)]

    def own(value: yaml.Node) -> Sequence[tuple[yaml.Node, yaml.Node]]:
        return [(value.value[number], value.value[number]) for number in numbers]

    return _without(text, name, parent, own) if numbers else text


def _with_lines(
    text: str, name: str, parent: str, lines: Sequence[str], wanted: Mapping[str, Any] | None, where: str
) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    pair = _pair(text, parent)
    if pair is None:
        before = text if text.endswith("\n") or not text else text + end
        added = [*([""] if before else []), MARK, f"{parent}:", *(f"  {line}" for line in lines)]
        changed = before + end.join(added) + ("" if text and not text.endswith("\n") else end)
    else:
        key, value = pair
        children = value.value if isinstance(value, yaml.CollectionNode) else ()
        first = children[0][0] if isinstance(value, yaml.MappingNode) and children else None
        if isinstance(value, yaml.SequenceNode) and children:
            # The dash stands before the entry, as far as the entry's own indentation shows.
            line = _lines(text)[children[0].start_mark.line]
            column = len(line) - len(line.lstrip())
        else:
            column = first.start_mark.column if first is not None else key.start_mark.column + 2
        all_lines = _lines(text)
        at = key.start_mark.line + 1
        if all_lines[at - 1].endswith("\n"):
            all_lines[at:at] = [f"{' ' * column}{line}{end}" for line in lines]
        else:
            all_lines.append(end + end.join(f"{' ' * column}{line}" for line in lines))
        changed = "".join(all_lines)
    try:
        understood = parse_yaml(changed, name) == wanted
    except IsolationError:
        understood = False
    if not understood:
        raise IsolationError(
            f"{name}: `{parent}:` is written in a way that lines cannot be put into",
            "\n  ".join([f"add this {where} yourself, and run init again:", *lines]),
        )
    return changed


def _without(
    text: str,
    name: str,
    parent: str,
    own: Callable[[yaml.Node], Sequence[tuple[yaml.Node, yaml.Node]]],
) -> str:
    parse_yaml(text, name)
    pair = _pair(text, parent)
    if pair is None or not isinstance(pair[1], yaml.CollectionNode):
        return text
    key, value = pair
    found = own(value)
    if not found:
        return text
    if getattr(value, "flow_style", False):
        raise IsolationError(
            f"{name}: `{parent}:` is written in a way that lines cannot be taken out of",
            "take the part of dbt-isolation out of it yourself, and run init --undo again",
        )
    lines = _lines(text)
    gone = {line for first, last in found for line in range(first.start_mark.line, _end(last))}
    above = key.start_mark.line - 1
    if len(found) == len(value.value) and above >= 0 and lines[above].strip() == MARK:
        gone |= {above, key.start_mark.line}
        if above > 0 and not lines[above - 1].strip():
            gone.add(above - 1)
    rest = "".join(line for number, line in enumerate(lines) if number not in gone)
    if len(lines) - 1 in gone and not text.endswith("\n"):
        rest = rest.removesuffix("\n").removesuffix("\r")
    return rest


def _pair(text: str, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return next((pair for pair in _pairs(root) if pair[0].value == key), None)


def _pairs(node: yaml.Node | None) -> Sequence[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else ()


def _end(node: yaml.Node) -> int:
    """The number of the first line after ``node``, comments that follow it not counted."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        if isinstance(last, yaml.Node):
            return _end(last)
        key, value = last
        # An alias stands where its anchor does; a value before its key is one.
        return max(_end(value), int(key.end_mark.line) + 1)
    block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return int(node.end_mark.line) + (0 if block else 1)


def _lines(text: str) -> list[str]:
    """The lines with their ends, counted as YAML counts them, which is not as Python does."""
    return re.findall(
        r"[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029])|[^\n\r\x85\u2028\u2029]+", text
    )
