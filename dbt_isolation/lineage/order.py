"""The order in which nodes can be read: each after what it reads."""

from collections.abc import Callable, Iterable, Mapping, Sequence

Graph = Mapping[str, Sequence[str]]


def needed(graph: Graph, wanted: Iterable[str], enough: Callable[[str], bool]) -> set[str]:
    """``wanted`` and all that is above it, no further than where there is ``enough``."""
    found: set[str] = set()
    ahead = [one for one in wanted if one in graph]
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            if not enough(one):
                ahead += [parent for parent in graph[one] if parent in graph]
    return found


class Order:
    """Gives out the nodes of ``graph`` as soon as all that they read is ``done``."""

    def __init__(self, graph: Graph) -> None:
        self._children: dict[str, list[str]] = {name: [] for name in graph}
        self._waits: dict[str, int] = {}
        for name, parents in graph.items():
            above = {one for one in parents if one in graph}
            self._waits[name] = len(above)
            for one in above:
                self._children[one].append(name)

    def first(self) -> list[str]:
        """Those that wait for nothing."""
        return [name for name, waits in self._waits.items() if not waits]

    def done(self, name: str) -> list[str]:
        """Those that waited for this one alone."""
        free = []
        for child in self._children[name]:
            self._waits[child] -= 1
            if not self._waits[child]:
                free.append(child)
        return free


def circles(graph: Graph) -> set[str]:
    """The nodes that depend on themselves, directly or by way of others. Not of a manifest that dbt wrote."""
    order = Order(graph)
    left, ahead = set(graph), order.first()
    while ahead:
        one = ahead.pop()
        left.discard(one)
        ahead += order.done(one)
    rest = {name: [one for one in graph[name] if one in left] for name in graph if name in left}
    found: set[str] = set()
    for part in _components(rest):
        if len(part) > 1 or part[0] in rest[part[0]]:
            found.update(part)
    return found


def _components(graph: Graph) -> list[list[str]]:
    """Kosaraju's: those that all reach each other go together."""
    finished: list[str] = []
    seen: set[str] = set()
    for start in graph:
        ahead = [(start, False)]
        while ahead:
            name, left = ahead.pop()
            if left:
                finished.append(name)
            elif name not in seen:
                seen.add(name)
                ahead.append((name, True))
                ahead += [(one, False) for one in graph[name]]
    children: dict[str, list[str]] = {name: [] for name in graph}
    for name, parents in graph.items():
        for one in parents:
            children[one].append(name)
    found: list[list[str]] = []
    seen.clear()
    for start in reversed(finished):
        part: list[str] = []
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                part.append(name)
                waiting += children[name]
        if part:
            found.append(part)
    return found
