"""A check's findings as results of a rule, at their own places of the file, with fixes of its source."""

from weakref import WeakKeyDictionary

from sqlfluff.core.errors import SQLLintError
from sqlfluff.core.parser import BaseSegment, PositionMarker, RawSegment, SourceFix
from sqlfluff.core.rules import BaseRule, LintFix, LintResult, RuleContext
from sqlfluff.core.templaters import TemplatedFile

from dbt_isolation.checks.noqa import split
from dbt_isolation.outcome import Edit, Finding, Severity
from isolation_hooks.sqlfluff.findings import findings

#: What each rule was first asked about: each file has its own, and may be rendered several times.
_FIRST: WeakKeyDictionary[BaseRule, TemplatedFile] = WeakKeyDictionary()


class Result(LintResult):
    """One that is only a warning where the project's configuration says so.

    ``again``: it was given already, for another rendering of the file, and only its fixes count.
    """

    def __init__(self, finding: Finding, anchor: BaseSegment, fixes: list[LintFix], again: bool) -> None:
        remedy = finding.remedy.split("\n")[0]
        super().__init__(anchor, fixes, description=f"{finding.message}; {remedy}.")
        self._warns = finding.severity is Severity.WARN
        self._again = again

    def to_linting_error(self, rule: BaseRule) -> SQLLintError | None:
        """As sqlfluff does it, and with the weight."""
        error = super().to_linting_error(rule)
        if error is not None:
            error.warning = error.warning or self._warns
            error.ignore = error.ignore or self._again
        return error


def results(rule: BaseRule, context: RuleContext) -> list[LintResult]:
    """Those of the rule's code in the file, whatever of it is rendered."""
    templated = context.templated_file
    if templated is None:
        return []
    profiles_dir = str(context.config.get_section(("templater", "dbt", "profiles_dir")) or "")
    found = findings(context.path, templated.source_str, context.dialect.name, profiles_dir)
    mine = [one for one in found if rule.code.endswith(one.code)]
    if mine and not context.config.get("disable_noqa"):
        # sqlfluff itself sees no comment that is Jinja's, or that is not rendered.
        mine, _ = split(templated.source_str, mine, reason_required=False)
    if not mine:
        return []
    first = _FIRST.setdefault(rule, templated)
    again = first is not templated and first.source_str == templated.source_str
    starts = _line_starts(templated.source_str)
    return [
        Result(
            one,
            _anchor(one, starts, context.segment, templated),
            _fixes(one.edit, context, templated),
            again,
        )
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
    restored = _restored(edit, there, context.segment, templated)
    raw = restored.pop(0)[1].raw if restored else there.raw
    fixes = [LintFix.replace(there, [there.edit(raw, source_fixes=[*there.source_fixes, fix])])]
    for one, original in restored:
        again = LintFix.replace(one, [original])
        if again.edit is not None:
            # sqlfluff takes it away, and would guess another.
            again.edit[0].pos_marker = original.pos_marker
        fixes.append(again)
    return fixes


def _restored(
    edit: Edit, there: RawSegment, tree: BaseSegment, templated: TemplatedFile
) -> list[tuple[RawSegment, RawSegment]]:
    """The name's segments as they were, where another rule has changed the case of one.

    Else sqlfluff does not know what to do with a change of what a fix of the source replaces.
    """
    source, shown = there.pos_marker.source_slice.start, there.pos_marker.templated_slice.start
    name = templated.source_str[edit.start : edit.end]
    raws = [one for one in tree.raw_segments[tree.raw_segments.index(there) :] if one.raw]
    found: list[tuple[RawSegment, RawSegment]] = []
    at = 0
    for one in raws:
        original = name[at : at + len(one.raw)]
        if source != edit.start or one.raw.lower() != original.lower():
            return []
        if one is there or one.raw != original:
            end = at + len(original)
            marker = PositionMarker(
                slice(source + at, source + end), slice(shown + at, shown + end), templated
            )
            segment = one.edit(original)
            segment.pos_marker = marker
            found.append((one, segment))
        at += len(original)
        if at == len(name):
            return found
    return []


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
