"""DI02: an environment that is spelled out: a decision by the target, a protected place as a literal."""

from collections.abc import Iterator

from dbt_isolation.checks.file import File
from dbt_isolation.code.reading import Named
from dbt_isolation.outcome import Finding

_BY_NAME = "let vars, or the configuration of the environment, say what differs"


def check(file: File) -> Iterator[Finding]:
    """A finding a decision, and one a literal place."""
    for decision in file.reading.decisions:
        if decision.of == "target.name":
            yield file.finding(
                "DI02",
                decision.start,
                "what runs depends on target.name, so development proves little",
                _BY_NAME,
            )
        elif any(map(file.protected.any, decision.literals)):
            yield file.finding(
                "DI02", decision.start, f"what runs depends on {decision.of} being a protected one", _BY_NAME
            )
    for place in file.reading.places:
        if file.protected.any(place.text):
            yield _place(file, place.text, place.start, place.start + len(place.text))
    for named in file.reading.named:
        for one in () if named.writes else _places(named):
            if file.protected.any(one):
                yield _place(file, one, named.start, named.end, named.relation)
                break


def _places(named: Named) -> tuple[str, ...]:
    """The parts of a name that can only be a database or a schema."""
    if named.kind == "function":
        return named.parts[:-1]
    return named.parts if named.kind in ("catalogue", "place") else ()


def _place(file: File, name: str, start: int, end: int, relation: str = "") -> Finding:
    return file.finding(
        "DI02",
        start,
        f"{name} is a protected environment's place, spelled out",
        "write {{ target.database }}, {{ target.schema }}, or the part of a ref or source that is meant",
        end=end,
        relation=relation,
    )
