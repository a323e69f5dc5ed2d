"""YAML as people write it, and bounds on what is none of theirs: a file must not bring a command down."""

from typing import Any, cast

import yaml

#: Deeper nesting overruns the stack of PyYAML's reader in C, which ends the process.
_DEEPEST = 200
#: What the aliases of one file may make of it, in nodes.
_MOST = 1_000_000
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(text: str) -> Any:
    """What ``text`` says. Raises ``yaml.YAMLError``, or what PyYAML raises for odd values."""
    loader = _loader(text)
    try:
        tree = _bounded(loader.get_single_node())
        return None if tree is None else loader.construct_document(tree)
    finally:
        loader.dispose()


def compose(text: str) -> yaml.Node | None:
    """The tree of ``text``. Raises as ``load`` does."""
    loader = _loader(text)
    try:
        return _bounded(loader.get_single_node())
    finally:
        loader.dispose()


def _loader(text: str) -> Any:
    # A level takes a bracket, or a column of its own; two share one where a list stands below its key.
    brackets = text.count("[") + text.count("{")
    if brackets + 2 * max(map(len, text.splitlines()), default=0) > _DEEPEST:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _DEEPEST:
                    place: Any = event.start_mark
                    raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=place)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    return _Loader(text)


def _bounded(tree: object) -> yaml.Node | None:
    """The tree, where its aliases do not make too much of it."""
    root = cast(yaml.Node | None, tree)
    if root is not None and _size(root, {}) > _MOST:
        raise yaml.MarkedYAMLError(problem="its aliases go on for too long", problem_mark=root.start_mark)
    return root


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes it is with every alias written out; more than any bound where one stands in itself."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    size = known.get(id(node))
    if size is None:
        known[id(node)] = _MOST + 1
        parts = (
            node.value if isinstance(node, yaml.SequenceNode) else [two for one in node.value for two in one]
        )
        size = known[id(node)] = 1 + sum(_size(one, known) for one in parts)
    return size
