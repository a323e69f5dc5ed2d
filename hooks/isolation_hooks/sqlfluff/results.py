"""A check's findings as results of a rule, at their own places of the file, with fixes of its source."""

from sqlfluff.core.errors import SQLLintError
from sqlfluff.core.parser import BaseSegment, PositionMarker, RawSegment, SourceFix
from sqlfluff.core.rules import BaseRule, LintFix, LintResult, RuleContext
from sqlfluff.core.templaters import TemplatedFile

from dbt_isolation.outcome import Edit, Finding, Severity
from isolation_hooks.sqlfluff.findings import findings


class Result(LintResult):
    """One that is only a warning where the project's configuration says so."""

    def __init__(self, finding: Finding, anchor: BaseSegment, fixes: list[LintFix]) -> None:
        remedy = finding.remedy.split("\n")[0]
        super().__init__(anchor, fixes, description=f"{finding.message}; {remedy}.")
        self._warns = finding.severity is Severity.WARN

    def to_linting_error(self, rule: BaseRule) -> SQLLintError | None:
        """As sqlfluff does it, and with the weight."""
        error = super().to_linting_error(rule)
        if error is not None and self._warns:
            error.warning = True
        return error


def results(context: RuleContext, code: str) -> list[LintResult]:
    """Those of one code in the file, whatever of it is rendered."""
    templated = context.templated_file
    if templated is None:
        return []
    profiles_dir = str(context.config.get_section(("templater", "dbt", "profiles_dir")) or "")
    found = findings(context.path, templated.source_str, context.dialect.name, profiles_dir)
    mine = [one for one in found if one.code == code]
    if not mine:
        return []
    starts = _line_starts(templated.source_str)
    return [
        Result(one, _anchor(one, starts, context.segment, templated), _fixes(one.edit, context, templated))
        for one in mine
    ]


def _anchor(finding: Finding, starts: list[int], tree: BaseSegment, templated: TemplatedFile) -> BaseSegment:
    """A segment at the finding's own place: what stands in Jinja has none in the tree, or a wider one."""
    start = starts[max(finding.line - 1, 0)] + max(finding.column - 1, 0)
    there = _raw_at(tree, start)
    at = there.pos_marker.templated_slice.start if there is not None else 0
    source = slice(start, start + finding.length)
    return RawSegment(
        templated.source_str[source], PositionMarker(source, slice(at, at), templated), type="isolation"
    )


def _fixes(edit: Edit | None, context: RuleContext, templated: TemplatedFile) -> list[LintFix]:
    """The edit of the source. Nothing when it is made already: sqlfluff asks again after each fix."""
    there = _raw_at(context.segment, edit.start) if edit is not None else None
    if edit is None or there is None:
        return []
    place = slice(edit.start, edit.end)
    if any(one.source_slice == place for one in there.source_fixes):
        return []
    if context.fix:
        _set_apart(edit, templated)
    fix = SourceFix(edit.text, place, there.pos_marker.templated_slice)
    # Another rule may have changed the name, and sqlfluff then drops the fix of its source.
    raw = templated.templated_str[there.pos_marker.templated_slice]
    edited = there.edit(source_fixes=[*there.source_fixes, fix])
    if there.raw != raw:
        edited = there.edit(raw, source_fixes=[*there.source_fixes, fix])
    return [LintFix.replace(there, [edited])]


def _set_apart(edit: Edit, templated: TemplatedFile) -> None:
    """Tells sqlfluff that the name is no literal SQL, which it soon will not be.

    Else it writes what other rules change around the name as one text, and the fix of the name is lost.
    """
    slices = templated.raw_sliced
    for number, one in enumerate(slices):
        start, end = edit.start - one.source_idx, edit.end - one.source_idx
        if one.slice_type == "literal" and start >= 0 and end <= len(one.raw):
            parts = (
                one._replace(raw=one.raw[:start]),
                one._replace(raw=one.raw[start:end], slice_type="templated", source_idx=edit.start),
                one._replace(raw=one.raw[end:], source_idx=edit.end),
            )
            slices[number : number + 1] = [part for part in parts if part.raw]
            return


def _raw_at(tree: BaseSegment, start: int) -> RawSegment | None:
    """The raw segment of this place of the source, or of the nearest before it; the first where none is."""
    best: RawSegment | None = None
    for one in tree.raw_segments:
        source = one.pos_marker.source_slice if one.pos_marker else None
        # What other rules have put in stands nowhere in the source.
        if source is None or (source.start == source.stop and not one.is_meta):
            continue
        if source.start <= start < source.stop:
            return one
        if best is None or best.pos_marker.source_slice.start < source.start <= start:
            best = one
    return best


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts
