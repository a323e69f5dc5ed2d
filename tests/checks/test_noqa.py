"""What a `noqa` silences."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.checks.noqa import split, split_files
from dbt_isolation.outcome import Finding, Severity

CODES = ("DI01", "DI02", "DI04")


def finding(code: str, line: int = 1, path: str = "a.sql") -> Finding:
    """One in that line."""
    return Finding(code, Severity.ERROR, "no ref", "use ref", path=path, line=line)


def silenced(line: str, *, reason_required: bool = False) -> set[str]:
    """The codes that are silenced where each has a finding in the line."""
    kept, gone = split(line, [finding(code) for code in CODES], reason_required)
    assert len(kept) + len(gone) == len(CODES)
    return {one.code for one in gone}


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("from prod.orders -- noqa: DI01", {"DI01"}),
        ("from prod.orders --noqa:di01", {"DI01"}),
        ("from prod.orders -- NOQA : DI01", {"DI01"}),
        ("from prod.orders -- noqa: DI01,DI04", {"DI01", "DI04"}),
        ("from prod.orders -- noqa: DI01 , DI04\r", {"DI01", "DI04"}),
        ("from prod.orders -- noqa: DI01 DI04", {"DI01", "DI04"}),
        ("from prod.orders -- noqa: Isolation_DI01", {"DI01"}),
        ("from prod.orders -- noqa: LT05, isolation_di01, layout.long_lines, DI02", {"DI01", "DI02"}),
        ("from prod.orders -- noqa: LT05 -- noqa: DI04", {"DI04"}),
        ("from prod.orders {# noqa: DI01 #}", {"DI01"}),
        ("from prod.orders {#- noqa: DI01 -#}", {"DI01"}),
        ("{# noqa: DI01#} from {# noqa: DI04 #} prod.orders", {"DI01", "DI04"}),
        ("+database: prod  # noqa: DI02", {"DI02"}),
        ("# noqa: DI02", {"DI02"}),
        ("dbt.ref('x')  # type: ignore  # noqa: E501, DI01", {"DI01"}),
        # nothing of ours
        ("from prod.orders", set()),
        ("from prod.orders -- noqa", set()),
        ("from prod.orders -- noqa:", set()),
        ("from prod.orders -- noqa: LT05", set()),
        ("from prod.orders -- noqa: disable=DI01", set()),
        ("from prod.orders -- noqa: the vendor says DI01", set()),
        ("from prod.orders -- noqa: DI01x, DI011", set()),
        ("from prod.orders -- noqas: DI01", set()),
        ("from prod.orders -- see noqa: DI01", set()),
        ("from noqa.DI01", set()),
        ("+database: prod#noqa: DI01", set()),
    ],
)
def test_codes(line: str, codes: set[str]) -> None:
    """Ours, in each of the three comments, among those of other tools; never without a code."""
    assert silenced(line) == codes


@pytest.mark.parametrize(
    ("comment", "enough"),
    [
        ("-- noqa: DI01 because the vendor's table has no source yet", True),
        ("-- noqa: DI01 the vendor's table has no source yet", True),
        ("-- noqa: DI01 - the vendor's table", True),
        ("-- noqa: DI01 — the vendor's table", True),
        ("-- noqa: DI01: the vendor's table", True),
        ("-- noqa: DI01, because of the vendor", True),
        ("-- noqa: DI01 (vendor)", True),
        ("-- noqa: LT05,DI01,DI04 供应商", True),
        ("{# noqa: DI01 because of the vendor #}", True),
        ("# noqa: DI01  # noqa: DI01 vendor", True),
        ("-- noqa: DI01", False),
        ("-- noqa: DI01 --", False),
        ("-- noqa: DI01 because", False),
        ("-- noqa: DI01 -- because:", False),
        ("-- noqa: DI01, LT05", False),
        ("-- noqa: DI01 -- noqa: LT05 too long", False),
        ("{# noqa: DI01 #} -- the vendor's", False),
        ("{#- noqa: DI01 -#} x", False),
    ],
)
def test_reasons(comment: str, enough: bool) -> None:
    """What stands behind the codes; without one the remedy asks for it."""
    line = f"from prod.orders {comment}"
    assert "DI01" in silenced(line)
    assert ("DI01" in silenced(line, reason_required=True)) == enough
    kept, _ = split(line, [finding("DI01")], True)
    assert [one.remedy for one in kept] == (
        [] if enough else ["use ref\nits noqa needs a reason: noqa: DI01 because …"]
    )


def test_its_own_line_alone() -> None:
    """Lines end where the checks end them; what has no line, or one that is not there, is kept."""
    text = "select 1\u2028\x0c\r\nfrom prod.orders -- noqa: DI01\r\n"
    findings = [finding("DI01", line) for line in (0, 1, 2, 3, 4)]
    kept, gone = split(text, findings, False)
    assert [one.line for one in kept] == [0, 1, 3, 4]
    assert [one.line for one in gone] == [2]


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is read once; one that cannot be read keeps its findings, and their order stays."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models/my é.sql").write_text("a\nb -- noqa: DI01 é\n", encoding="utf-8")
    (tmp_path / "models/latin.sql").write_bytes(b"\xe9 -- noqa: DI01\n")
    (tmp_path / "models/loop.sql").symlink_to("loop.sql")
    findings = [
        finding("DI01", 2, "models/my é.sql"),
        finding("DI02", 2, "models/my é.sql"),
        finding("DI01", 1, "models/latin.sql"),
        finding("DI01", 2, "models/my é.sql"),
        finding("DI01", 1, "models/loop.sql"),
        finding("DI01", 1, "models/gone.sql"),
        finding("DI01", 1, "models"),
        finding("DI01", 1, "models/\0.sql"),
        finding("DI31", 0, "models/never read.sql"),
        finding("DI31", 1, ""),
    ]
    read: list[Path] = []
    read_bytes = Path.read_bytes

    def noted(file: Path) -> bytes:
        read.append(file)
        return read_bytes(file)

    monkeypatch.setattr(Path, "read_bytes", noted)
    kept, gone = split_files(tmp_path, findings, False)
    assert gone == [findings[0], findings[2], findings[3]]
    assert kept == [findings[1], *findings[4:]]
    assert len(read) == len(set(read)) == 6


_WORDS = st.sampled_from(
    [
        "--",
        "#",
        "{#",
        "#}",
        " ",
        "noqa",
        ":",
        ",",
        "DI01",
        "Isolation_DI04",
        "LT05",
        "because",
        "x",
        "\n",
        "é",
    ]
)


@given(
    st.lists(_WORDS | st.text(max_size=3), max_size=30).map("".join),
    st.lists(st.builds(finding, st.sampled_from(CODES), st.integers(0, 5)), max_size=6),
)
def test_any_text(text: str, findings: list[Finding]) -> None:
    """Every finding is kept or silenced, in order; only by its own line, which names it; a reason is more."""
    kept, gone = split(text, findings, False)
    assert sorted(map(repr, kept + gone)) == sorted(map(repr, findings))
    for part in (kept, gone):
        places = iter(findings)
        assert all(one in places for one in part)
    lines = text.split("\n")
    for one in gone:
        line = lines[one.line - 1].upper()
        assert "NOQA" in line
        assert one.code in line
        assert not split(lines[one.line - 1], [finding(one.code)], False)[0]
    still, with_reason = split(text, findings, True)
    assert len(still) + len(with_reason) == len(findings)
    assert all(one in gone for one in with_reason)
    assert all("needs a reason" in one.remedy for one in still if one not in kept)
