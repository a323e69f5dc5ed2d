"""What a change of a query does to its result, from the two texts alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from dbt_isolation.compare.change import Change, ChangeKind
from dbt_isolation.compare.queries.keys import Keys, UnprovableError
from dbt_isolation.compare.queries.names import Names, Schema, read_dialect
from dbt_isolation.compare.queries.reader import Reader
from dbt_isolation.compare.queries.relations import Relation
from dbt_isolation.compare.queries.text import read_query


def classify(
    old: str,
    new: str,
    *,
    dialect: str,
    schema: Schema,
    relation_map: Mapping[str, str] | None = None,
) -> Change:
    """Says what happens to a query's result when its text changes from ``old`` to ``new``.

    ``dialect`` is a dbt adapter type or a sqlglot dialect. ``schema`` is ``{table: {column: type}}``, a table
    by its dotted name as the SQL writes it; tables that it does not have make less provable.
    ``relation_map`` is ``{name in the SQL: logical table}``: names of one logical table are one table.

    Never raises for any text: what cannot be read or proved is ``unknown``, with the reason. The answer is
    never less than the truth; where the proof is hard it may be more.
    """
    if old.strip() == new.strip():
        return Change(ChangeKind.NONE, reason="The text is the same.")
    name, trees = "", list[exp.Expr]()
    try:
        name = read_dialect(dialect)
        trees = [read_query(text, name, which) for text, which in ((old, "old"), (new, "new"))]
        names = Names(name, schema, relation_map)
        before, after = _results(trees, names, Keys())
        if before.rows != after.rows:
            loose = _results(trees, names, Keys(loose=True))
            before, after = (
                replace(of, columns=by.columns) for of, by in zip((before, after), loose, strict=True)
            )
    except UnprovableError as error:
        if trees and _alike(trees, Names(name, schema, relation_map)):
            return Change(ChangeKind.NONE, reason="The text is the same but for its format.")
        return Change(ChangeKind.UNKNOWN, reason=f"It cannot be told: {error}.")
    except RecursionError:
        return Change(ChangeKind.UNKNOWN, reason="It cannot be told: a query is nested too deeply.")
    except Exception as error:
        # A parser's or our own mistake in one model must not take the comparison of all others with it.
        return Change(
            ChangeKind.UNKNOWN, reason=f"It cannot be told: reading failed ({type(error).__name__})."
        )
    return _compared(before, after)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    shown: str
    key: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class _Result:
    rows: int
    columns: list[_Column]
    parts: dict[str, int]


def _alike(trees: list[exp.Expr], names: Names) -> bool:
    """Whether what nothing can be proved of says the same in both, word by word."""
    texts = []
    for tree in trees:
        plain = tree.copy()
        for table in plain.find_all(exp.Table):
            if isinstance(table.this, exp.Identifier) and table.args.get("db") is not None:
                # One that is called otherwise behind its schema is written otherwise where it is meant.
                logical = f"{names.table(table)}.{table.name}"
                table.set("this", exp.to_identifier(logical, quoted=True))
                table.set("db", None)
                table.set("catalog", None)
        texts.append(plain.sql(dialect=names.dialect, comments=False))
    return texts[0] == texts[1]


def _results(trees: list[exp.Expr], names: Names, keys: Keys) -> tuple["_Result", "_Result"]:
    old, new = (_result(tree, Reader(names, keys)) for tree in trees)
    return old, new


def _result(tree: exp.Expr, reader: Reader) -> _Result:
    relation: Relation = reader.query(tree, None)
    sealed = relation.seal(None)
    columns = []
    seen: dict[str, int] = {}
    for place, out in enumerate(relation.outs):
        name, shown = out.name, out.shown
        # Two columns of one name: engines that allow it number the later ones.
        count = seen.get(name, 0)
        seen[name] = count + 1
        if count:
            name, shown = f"{name}_{count}", f"{shown}_{count}"
        columns.append(_Column(name, shown, sealed.column(place), out.open is not None))
    return _Result(sealed.rows, columns, relation.parts)


def _compared(old: _Result, new: _Result) -> Change:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    gone = [column for column in old.columns if column.name not in after]
    added = [column for column in new.columns if column.name not in before]
    changed = [
        column for column in new.columns if column.name in before and before[column.name].key != column.key
    ]
    touched = {column.name for column in (*changed, *added)}
    removed = tuple(column.shown for column in gone if not column.is_open)
    columns = tuple(column.shown for column in new.columns if column.name in touched and not column.is_open)
    columns += removed
    if old.rows != new.rows:
        part = next((one for one, key in new.parts.items() if old.parts.get(one) != key), "the query")
        return Change(ChangeKind.MODEL_WIDE, columns, removed, f"Rows may change, by {part}.")
    if any(column.is_open for column in (*gone, *added, *changed)):
        return Change(
            ChangeKind.UNKNOWN, columns, removed, "It cannot be told: a star's columns are not known."
        )
    kept = [column.name for column in old.columns if column.name in after]
    if kept != [column.name for column in new.columns if column.name in before]:
        return Change(ChangeKind.MODEL_WIDE, columns, removed, "The output columns stand in another order.")
    if removed or changed:
        return Change(ChangeKind.COLUMN, columns, removed, _said(columns, removed))
    if added:
        return Change(ChangeKind.ADDITIVE, columns, (), f"New: {', '.join(columns)}; all else is the same.")
    return Change(ChangeKind.NONE, reason="Names, types and rows are the same.")


def _said(columns: tuple[str, ...], removed: tuple[str, ...]) -> str:
    rest = [column for column in columns if column not in removed]
    parts = [f"{', '.join(rest)} may have other values or are new"] if rest else []
    parts += [f"{', '.join(removed)} removed"] if removed else []
    return f"The rows are the same; {'; '.join(parts)}."
