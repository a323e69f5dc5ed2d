"""Evidence as it is kept: rows of a table and JSON lines."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.environments import Relation
from dbt_isolation.records import evidence
from dbt_isolation.records.evidence import LINES, Lines, Record, newest

HERE = Relation("w", "dev", evidence.TABLE)
RECORDS = st.builds(Record, *(st.text(max_size=12) for _ in evidence.COLUMNS))


@given(RECORDS)
def test_a_row_comes_back_as_it_was(record: Record) -> None:
    """And holds nothing that an engine might take for the end of a text, whatever a name or a var holds."""
    row = evidence.row(record)
    assert not set("'\\%").intersection("".join(row).replace("%", "")) - {"%"}
    assert all("'" not in value and "\\" not in value for value in row)
    assert evidence.of_row(row) == record


@given(st.lists(RECORDS, max_size=6), st.binary(max_size=30))
def test_lines_come_back_whatever_stands_between(
    tmp_path_factory: object, records: list[Record], garbage: bytes
) -> None:
    """A line that was cut off, or is no line, counts for nothing."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        lines = Lines(Path(name), HERE)
        for record in records:
            lines.append(record)
            with (Path(name) / LINES).open("ab") as stream:
                stream.write(garbage.replace(b"\n", b"") + b"\n")
        assert lines.read() == records


def test_each_instance_has_its_own(tmp_path: Path) -> None:
    """Two developers' or two targets' evidence does not mix; commands that only read see all."""
    first, second = Lines(tmp_path, HERE), Lines(tmp_path, Relation("w", "ci", evidence.TABLE))
    one, two = (Record(name, *[""] * (len(evidence.COLUMNS) - 1)) for name in "ab")
    first.append(one)
    second.append(two)
    assert (first.read(), second.read(), Lines(tmp_path, None).read()) == ([one], [two], [one, two])


def test_the_newest_counts() -> None:
    """By its time; what cannot be read as one is oldest; of two at one time the later line."""

    def at(time: str, status: str) -> Record:
        return Record("a", "", status, "", "", "", time, "", "")

    found = newest([at("2026-01-02T00:00:00Z", "b"), at("2026-01-01", "a"), at("no time", "x")])
    assert found[("a", "")].status == "b"
    assert newest([at("2026-01-02", "a"), at("2026-01-02T00:00:00+00:00", "b")])[("a", "")].status == "b"


def test_superseded_lines_go_away(tmp_path: Path, monkeypatch: object) -> None:
    """The file does not grow for ever."""
    lines = Lines(tmp_path, HERE)
    record = Record("a", *[""] * (len(evidence.COLUMNS) - 1))
    lines.append(record)
    file = tmp_path / LINES
    file.write_bytes(file.read_bytes() * 30_000)
    assert len(lines.read()) == 30_000
    assert lines.read() == [record]
