"""Where in a statement the reading is."""

from dbt_isolation.sql.names import Use, fold, name_at
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.scopes import Level, Scope


class State:
    """What the words read so far say about the next."""

    __slots__ = (
        "in_from",
        "in_select",
        "level",
        "multiple",
        "scope",
        "selected",
        "start",
        "targets",
        "using",
    )

    def __init__(self, scope: Scope, level: Level, start: bool) -> None:
        self.renew(scope, level)
        self.start = start

    def renew(self, scope: Scope, level: Level) -> None:
        """The next statement begins."""
        self.scope = scope
        self.level = level
        self.start = True
        #: A comma is followed by another table.
        self.in_from = False
        #: SELECT's columns are being read; ``into`` follows them.
        self.in_select = False
        #: A SELECT or FROM has been read.
        self.selected = False
        #: "merge" or "delete" if USING is followed by a table.
        self.using = ""
        #: ``insert all``: each INTO is followed by a table.
        self.multiple = False
        self.targets: list[Use] = []

    def temporary(self, scan: Scan, index: int, hi: int) -> int:
        """A session-temporary table that the statement makes; the place behind its name."""
        name = name_at(scan.text, index, hi)
        if name is None:
            return index
        scan.named.add(name.first)
        if len(name.parts) == 1:
            key = fold(name.parts[0], name.quoted[0], scan.dialect)
            at = name.last
            while at < hi and scan.keys[at] != ";":
                at += 1
            end = scan.text.tokens[at - 1].end
            scan.temporary[key] = min(end, scan.temporary.get(key, end))
        return name.last
