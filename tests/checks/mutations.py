"""Ways to write a case's text that change nothing of what is to be found in it."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.checks.corpus import Case


class Piece(NamedTuple):
    """A stretch of text: ``code``, ``string``, ``name`` (in quotes), ``comment`` or ``jinja``."""

    kind: str
    text: str


_TRIPLE = {"bigquery"}
_BACKSLASH = {"bigquery", "snowflake", "databricks", "spark", "clickhouse"}
_DOLLAR = {"postgres", "duckdb", "snowflake", "redshift"}
_NESTING = {"postgres", "duckdb", "redshift", "sqlserver", "clickhouse", "databricks", "spark"}
_STRINGS = {"bigquery": "'\"", "databricks": "'\"", "spark": "'\""}
_NAMES = {"bigquery": "`", "databricks": "`", "spark": "`", "clickhouse": '"`', "sqlserver": '"['}
_COMMENTS = {"bigquery": ("--", "#"), "snowflake": ("--", "//")}
_JINJA = {"{{": "}}", "{%": "%}", "{#": "#}"}
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_END_RAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")


def pieces(text: str, dialect: str) -> list[Piece]:
    """The text in pieces, all of it. Raises ``ValueError`` where one does not end."""
    return _Scanner(text, dialect).pieces()


class _Scanner:
    """Reads SQL with Jinja in it; Jinja inside a string or a comment is a part of that."""

    def __init__(self, text: str, dialect: str) -> None:
        self._text = text
        self._dialect = dialect
        self._raw = False

    def pieces(self) -> list[Piece]:
        found: list[Piece] = []
        start = at = 0
        while at < len(self._text):
            kind, end = self._piece(at)
            if kind == "code":
                at = end
                continue
            if start < at:
                found.append(Piece("code", self._text[start:at]))
            found.append(Piece(kind, self._text[at:end]))
            start = at = end
        if start < len(self._text):
            found.append(Piece("code", self._text[start:]))
        return found

    def _piece(self, at: int) -> tuple[str, int]:
        text, dialect = self._text, self._dialect
        if (end := self._jinja(at)) is not None:
            return "jinja", end
        if text.startswith(_COMMENTS.get(dialect, ("--",)), at):
            return "comment", self._line(at)
        if text.startswith("/*", at):
            return "comment", self._block(at)
        one = text[at]
        if one == "$" and dialect in _DOLLAR and (tag := re.compile(r"\$\w*\$").match(text, at)):
            return "string", self._after(tag[0], tag.end())
        if one in _STRINGS.get(dialect, "'"):
            return "string", self._quoted(at, one, escapes=self._escapes(at))
        if one in _NAMES.get(dialect, '"'):
            return "name", self._quoted(at, "]" if one == "[" else one, escapes=False)
        return "code", at + 1

    def _jinja(self, at: int) -> int | None:
        """Where the Jinja that begins here ends; None where none does."""
        text = self._text
        if self._raw:
            if end := _END_RAW.match(text, at):
                self._raw = False
                return end.end()
            return None
        if opening := _RAW.match(text, at):
            self._raw = True
            return opening.end()
        if (mark := text[at : at + 2]) not in _JINJA:
            return None
        if mark == "{#":
            return self._after("#}", at + 2)
        at += 2
        while not text.startswith(_JINJA[mark], at):
            if at >= len(text):
                raise ValueError("Jinja that does not end")
            at = self._literal(at) if text[at] in "'\"" else at + 1
        return at + 2

    def _literal(self, at: int) -> int:
        """The end of a string of Jinja's."""
        found = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL).match(self._text, at)
        if found is None:
            raise ValueError("a string in Jinja that does not end")
        return found.end()

    def _escapes(self, at: int) -> bool:
        before = self._text[at - 1 : at].lower()
        if self._dialect in _TRIPLE and before == "r":
            return True  # a backslash stays, but the quote after it does not end the string either
        return self._dialect in _BACKSLASH or (self._dialect in _DOLLAR and before == "e")

    def _quoted(self, at: int, quote: str, *, escapes: bool) -> int:
        text = self._text
        triple = quote * 3 if self._dialect in _TRIPLE and text.startswith(quote * 3, at) else ""
        end = triple or quote
        at += len(end)
        while at < len(text):
            if (after := self._jinja(at)) is not None:
                at = after
            elif (escapes and text[at] == "\\") or (not triple and text.startswith(quote * 2, at)):
                at += 2
            elif text.startswith(end, at):
                return at + len(end)
            else:
                at += 1
        raise ValueError("quotes that do not end")

    def _line(self, at: int) -> int:
        while at < len(self._text) and self._text[at] != "\n":
            at = self._jinja(at) or at + 1
        return at

    def _block(self, at: int) -> int:
        depth = 1
        at += 2
        while at < len(self._text):
            if (after := self._jinja(at)) is not None:
                at = after
            elif self._text.startswith("*/", at):
                at, depth = at + 2, depth - 1
                if not depth:
                    return at
            elif self._dialect in _NESTING and self._text.startswith("/*", at):
                at, depth = at + 2, depth + 1
            else:
                at += 1
        raise ValueError("a comment that does not end")

    def _after(self, mark: str, at: int) -> int:
        end = self._text.find(mark, at)
        if end < 0:
            raise ValueError(f"{mark} is missing")
        return end + len(mark)


def upper(case: Case) -> str | None:
    """Everything outside of quotes, comments and Jinja in upper case, where case does not count."""
    if case.dialect == "clickhouse":
        return None
    return _map(case, str.upper)


def block_comments(case: Case) -> str | None:
    """A comment at every blank."""
    # A hint has to follow its word.
    return None if "/*+" in case.text else _map(case, lambda code: re.sub(r"\s+", r"\g<0>/* c */ ", code))


def line_comments(case: Case) -> str | None:
    """A comment and the end of the line at every blank."""
    # Jinja that strips the end of the line before it would leave the rest in the comment.
    if "/*+" in case.text or re.search(r"\{[{%#]-|-[}%#]\}", case.text):
        return None
    return _map(case, lambda code: re.sub(r"\s+", r"\g<0>-- from c, d\n", code))


def _map(case: Case, change: Callable[[str], str]) -> str:
    found = pieces(case.text, case.dialect)
    return "".join(change(piece.text) if piece.kind == "code" else piece.text for piece in found)


def in_cte(case: Case) -> str | None:
    """The query as a CTE."""
    if not is_query(case):
        return None
    return f"with wrapped_ as (\n{case.text}\n)\nselect * from wrapped_\n"


def in_subquery(case: Case) -> str | None:
    """The query in brackets."""
    return f"select * from (\n{case.text}\n) wrapped_\n" if is_query(case) else None


def in_branch(case: Case) -> str | None:
    """All of it in a branch of Jinja's."""
    return f"{{% if var('wrapped', false) %}}\n{case.text}\n{{% endif %}}\n"


def is_query(case: Case) -> bool:
    """Whether the text is one query and nothing else, so that it may stand in brackets."""
    if re.search(r"\{%[-+]?\s*(call|filter|macro|snapshot|set\s+\w+\s*[-+]?%)", case.text):
        return False
    code = "".join(piece.text for piece in pieces(case.text, case.dialect) if piece.kind == "code").lower()
    if ";" in code or re.search(r"\boption\s*\(|^\s*table\b", code):
        return False
    # T-SQL has WITH at the top alone.
    first = r"\s*\(*\s*select\b" if case.dialect == "sqlserver" else r"\s*\(*\s*(select|with)\b"
    return re.match(first, code) is not None


def quoted_names(case: Case) -> str | None:
    """The tables that are to be found, as far as they stand there in full, in the dialect's quotes."""
    opening, closing = {"sqlserver": ("[", "]")}.get(case.dialect, ('"', '"'))
    if case.dialect in ("bigquery", "databricks", "spark"):
        opening = closing = "`"
    expected = case.finds.get("DI01", ())
    text = case.text
    for relation in () if isinstance(expected, int) else expected:
        parts = relation.split(".")
        if len(parts) < 2 or not all(re.fullmatch(r"[A-Za-z_]\w*", part) for part in parts):
            continue
        whole = re.compile(rf"(?<![\w.$@`\]\"-]){re.escape(relation)}(?![\w.$`\[\"-]|\s*\()")
        quoted = ".".join(f"{opening}{part}{closing}" for part in parts)
        found = pieces(text, case.dialect)
        text = "".join(whole.sub(quoted, one.text) if one.kind == "code" else one.text for one in found)
    return None if text == case.text else text


MUTATIONS: Mapping[str, Callable[[Case], str | None]] = {
    "upper": upper,
    "block_comments": block_comments,
    "line_comments": line_comments,
    "in_cte": in_cte,
    "in_subquery": in_subquery,
    "in_branch": in_branch,
    "quoted_names": quoted_names,
}
"""By name; each gives the other text, or None where it does not apply. Only for models in SQL."""
