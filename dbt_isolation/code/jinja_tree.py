"""dbt's Jinja as a syntax tree whose ``lineno`` is an offset in the text: findings know their place."""

from collections.abc import Iterator
from functools import cache

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.ext import Extension
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from dbt_isolation.sql.unreadable import UnreadableError


def parse(text: str) -> nodes.Template:
    """The tree of ``text``, whose line ends are ``\\n``.

    Tests, materializations and snapshots are ``nodes.Macro`` without arguments of their own; raises
    ``UnreadableError``.
    """
    try:
        return _environment().parse(text)
    except TemplateSyntaxError as error:
        raise UnreadableError(f"Jinja: {error.message}", min(error.lineno, len(text))) from error
    except RecursionError as error:
        raise UnreadableError("Jinja: nested too deeply") from error


class _Placed(Environment):
    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        return TokenStream(self.lexer.wrap(self._placed(source, state), name, filename), name, filename)

    def _placed(self, source: str, state: str | None) -> Iterator[tuple[int, str, str]]:
        position = 0
        try:
            for _, token, value in self.lexer.tokeniter(source, None, None, state):
                # A minus sign beside a delimiter takes blanks away before its token.
                position = source.index(value, position)
                yield position, token, value
                position += len(value)
        except TemplateSyntaxError as error:
            line_starts = [0, *(at + 1 for at, one in enumerate(source) if one == "\n")]
            start = line_starts[min(error.lineno, len(line_starts)) - 1]
            raise UnreadableError(f"Jinja: {error.message}", max(start, 0)) from error


class _Blocks(Extension):
    tags = {"test", "data_test", "materialization", "snapshot", "docs"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node:
        tag = next(parser.stream)
        node = nodes.Macro(lineno=tag.lineno)
        name = parser.stream.expect("name")
        node.name = f"{tag.value}:{name.value}"
        node.args, node.defaults = [], []
        if tag.value in ("test", "data_test"):
            parser.parse_signature(node)
        else:
            while parser.stream.current.type != "block_end":
                next(parser.stream)
        ends = (f"name:end{tag.value}", *(("name:endtest",) if tag.value == "data_test" else ()))
        node.body = parser.parse_statements(ends, drop_needle=True)
        return node


@cache
def _environment() -> Environment:
    return _Placed(
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", _Blocks], keep_trailing_newline=True
    )
