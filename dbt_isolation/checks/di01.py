"""DI01: a table, a file or another database that is named in place of ref() or source()."""

import re
from collections.abc import Iterator

from dbt_isolation.checks.file import File
from dbt_isolation.code.reading import Named
from dbt_isolation.outcome import Edit, Finding

_KINDS = {"table": "the table", "file": "the file", "stage": "the stage"}
#: Where a ref or a source may stand, and makes the node depend on what it names.
_NODES = re.compile(r"(^|/)macros/")


def check(file: File) -> Iterator[Finding]:
    """A finding each time something is read by its name."""
    for named in file.reading.named:
        if named.writes or named.kind not in _KINDS:
            continue
        edit = _edit(file, named)
        if edit is not None:
            remedy = f"write {edit.text}, or let `dbt-isolation check --fix` do so"
        elif named.kind == "table":
            remedy = "write {{ ref('…') }} for what dbt builds, {{ source('…', '…') }} for what it does not"
        else:
            remedy = "load it into a table, or declare it as a source, and read {{ source('…', '…') }}"
        yield file.finding(
            "DI01",
            named.start,
            f"{_KINDS[named.kind]} {named.relation} is named, so every environment reads the same one",
            remedy,
            end=named.end,
            relation=named.relation,
            edit=edit,
        )


def _edit(file: File, named: Named) -> Edit | None:
    """Only where the relation is one node's, and nothing else in the text calls the table by that name."""
    call = file.called.get(named.relation.lower())
    if call is None or not named.whole or not file.path.endswith(".sql") or _NODES.search(file.path):
        return None
    # `prod.orders.id` would lose its table.
    if re.search(re.escape(file.text[named.start : named.end]) + r"\s*\.", file.text):
        return None
    return Edit(named.start, named.end, f"{{{{ {call} }}}}")
