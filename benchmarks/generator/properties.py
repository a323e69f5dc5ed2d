"""The property files: descriptions, columns, data tests, sources, exposures."""

from __future__ import annotations

from collections.abc import Iterable

from .raw import RawTable
from .relation import Column, Model

_MEANINGS = {
    "key": "Identifies one row.",
    "ref": "Points at one {}.",
    "money": "In euros.",
    "number": "A count or a measure.",
    "category": "One of a fixed list of words.",
    "text": "As it was typed in.",
    "flag": "Whether it holds.",
    "day": "A calendar day.",
    "time": "A moment in UTC.",
}


def sources_yaml(tables: Iterable[RawTable]) -> str:
    """The `sources:` part of a property file."""
    lines = ["sources:"]
    source = ""
    for table in tables:
        if table.source != source:
            source = table.source
            lines += [f"  - name: {source}", f"    description: What {_words(source)} delivers every night."]
            lines += [f"    schema: {table.schema}", "    tables:"]
        lines.append(f"      - name: {table.name}")
        lines.append(f"        description: Raw {_words(table.name)}, as delivered.")
        lines.append("        columns:")
        for column in table.relation.columns:
            lines.append(f"          - name: {column.name}")
            lines.append(f"            description: {_meaning(column)}")
    return "\n".join(lines) + "\n"


def models_yaml(models: Iterable[Model]) -> str:
    """The `models:` part of a property file."""
    lines = ["models:"]
    for model in models:
        lines += [f"  - name: {model.name}", f'    description: "{model.description}"', "    columns:"]
        for column in model.relation.columns:
            lines.append(f"      - name: {column.name}")
            lines.append(f"        description: {_meaning(column)}")
            tests = model.tests.get(column.name)
            if tests:
                lines.append("        data_tests:")
                lines += [_test(test) for test in tests]
    return "\n".join(lines) + "\n"


def exposures_yaml(models: list[Model]) -> str:
    """A dashboard for about one in forty marts."""
    marts = [model for model in models if model.layer == "marts"]
    lines = ["version: 2", "", "exposures:"]
    for number, start in enumerate(range(0, len(marts), 40), start=1):
        shown = marts[start : start + 3]
        domain = _words(shown[0].domain)
        lines += [
            f"  - name: dashboard_{number:03}",
            f"    label: Dashboard {number} ({domain})",
            "    type: dashboard",
            "    maturity: high",
            f"    description: What {domain} looks at every morning.",
            "    owner:",
            f"      name: {domain.capitalize()} analysts",
            "      email: analysts@example.com",
            "    depends_on:",
        ]
        lines += [f"      - ref('{model.name}')" for model in shown]
    return "\n".join(lines) + "\n"


def _test(test: str) -> str:
    name, *rest = test.split("\n")
    return "\n".join([f"          - {name}", *(f"              {line}" for line in rest)])


def _meaning(column: Column) -> str:
    if column.name.endswith("_cents"):
        return "In cents."
    return _MEANINGS[column.kind].format(_words(column.entity.rpartition(".")[2]))


def _words(name: str) -> str:
    return name.replace("_", " ")
