"""Where a node is read: the rules as pure functions, and what holds whatever the evidence is."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.artifacts.consumers import DependsOn
from dbt_isolation.artifacts.manifest import Manifest, Metadata, Node, NodeConfig
from dbt_isolation.environments import Relation
from dbt_isolation.lineage.fingerprint import Fingerprint
from dbt_isolation.lineage.reach import read_by
from dbt_isolation.reads.announce import announcements
from dbt_isolation.reads.decide import Evidence, Place, Read, command_that_builds, reads
from dbt_isolation.records.evidence import Mode, Record
from dbt_isolation.state.release import Release, ReleasedNode

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
A, B = "model.shop.a", "model.shop.b"
PRESENT = Fingerprint("d" * 20, "p" * 20)


def model(unique_id: str = A, parents: Iterable[str] = (), **more: Any) -> Node:
    """A model of development."""
    name = unique_id.split(".")[2]
    return Node(
        unique_id=unique_id,
        resource_type=unique_id.split(".")[0],
        name=name,
        package_name="shop",
        database="w",
        schema_="dev",
        alias=name,
        original_file_path=f"models/{name}.sql",
        depends_on=DependsOn(nodes=list(parents)),
        **more,
    )


def manifest(*nodes: Node) -> Manifest:
    """A manifest of ``nodes``."""
    return Manifest(metadata=Metadata(), nodes={one.unique_id: one for one in nodes})


def release(fingerprint: str | None) -> Release:
    """A release that has A at ``fingerprint``, or not at all."""
    node = ReleasedNode(
        fingerprint=fingerprint or "",
        resource_type="model",
        database="w",
        schema_="prod",
        identifier="a",
        relation_name=None,
        materialized="table",
        built_at="",
        release=3,
    )
    return Release(
        number=3,
        project="shop",
        environment="prod",
        created_at="",
        actor="",
        commit="",
        dirty=False,
        previous=2,
        invocation_id="",
        dbt_version="",
        adapter_type="duckdb",
        built=[],
        files={},
        nodes={A: node} if fingerprint is not None else {},
    )


def built(**more: str) -> Record:
    """A build of A an hour ago, fine unless ``more`` says otherwise."""
    said = {
        "unique_id": A,
        "about": "",
        "status": "success",
        "fingerprint": str(PRESENT),
        "mode": "full",
        "relation": "w.dev.a",
        "recorded_at": (NOW - timedelta(hours=1)).isoformat(),
        "recorded_by": "alice",
        "invocation_id": "i",
        **more,
    }
    return Record(**said)


def outcome(status: str, minutes: int = 30, **more: str) -> Record:
    """The result of a test of A so many minutes ago."""
    at = (NOW - timedelta(minutes=minutes)).isoformat()
    return built(**{"unique_id": "test.shop.t", "about": A, "status": status, "recorded_at": at, **more})


def decide(
    released: str | None,
    records: Iterable[Record] = (),
    existing: Iterable[Relation] | None = (Relation("w", "dev", "a"),),
    mode: Mode = Mode.FULL,
    max_age: timedelta | None = None,
) -> Read:
    """Where A is read."""
    return reads(
        manifest(model()),
        {A: PRESENT},
        release(released),
        Evidence.of(records, None if existing is None else tuple(existing)),
        mode=mode,
        now=NOW,
        max_age=max_age,
    )[A]


OTHER = "1:" + "x" * 20 + ":" + "p" * 20


def test_unchanged_is_read_in_production() -> None:
    """Built here or not."""
    for records in ((), (built(),)):
        read = decide(str(PRESENT), records)
        assert (read.place, str(read.relation), read.changed) == (Place.RELEASE, "w.prod.a", False)
        assert read.why == "unchanged against release 3"


@pytest.mark.parametrize(
    ("records", "options", "why"),
    [
        ((), {}, "it is not built here"),
        ((built(status="error"),), {}, "its last build here failed (2026-01-20 11:00)"),
        ((built(status="cloned"),), {}, "it was cloned here, not built (2026-01-20 11:00)"),
        ((built(fingerprint=OTHER),), {}, "it has changed since it was built here (2026-01-20 11:00)"),
        (
            (built(fingerprint=f"1:{PRESENT.data}:{'x' * 20}"),),
            {},
            "what it reads has changed since it was built here (2026-01-20 11:00)",
        ),
        (
            (built(fingerprint=f"0:{PRESENT.data}:{PRESENT.parents}"),),
            {},
            "dbt-isolation makes fingerprints in another way since it was built here (2026-01-20 11:00)",
        ),
        ((built(relation="w.old.a"),), {}, "it was built as w.old.a"),
        (
            (built(mode="empty"),),
            {},
            "it was built with only a part of its input (mode empty, 2026-01-20 11:00)",
        ),
        ((built(), outcome("fail")), {}, "its tests failed here: test.shop.t"),
        ((built(), outcome("error")), {}, "its tests failed here: test.shop.t"),
        (
            (built(), outcome("fail", 90, unique_id="unit_test.shop.u")),
            {},
            "its tests failed here: unit_test",
        ),
        ((built(),), {"max_age": timedelta(minutes=30)}, "it was built 1 hours ago, and max_age is 0 hours"),
        ((built(),), {"existing": ()}, "it was built here (2026-01-20 11:00), and its relation is gone"),
        ((built(recorded_at="2026-02-20T12:00:00Z"),), {"max_age": timedelta(days=7)}, "31 days ago"),
        ((built(recorded_at="yesterday"),), {"max_age": timedelta(days=7)}, "and max_age is 7 days"),
    ],
)
def test_what_does_not_count_as_built(records: tuple[Record, ...], options: dict[str, Any], why: str) -> None:
    """A changed node falls back to production, a new one is nowhere; each says why."""
    changed = decide(OTHER, records, **options)
    assert (changed.place, changed.stands_in) == (Place.RELEASE, True)
    assert changed.why.startswith("changed, but ")
    assert why in changed.why
    new = decide(None, records, **options)
    assert (new.place, new.stands_in) == (Place.NOWHERE, False)
    assert why in new.why


@pytest.mark.parametrize(
    ("records", "options"),
    [
        ((built(),), {}),
        ((built(),), {"existing": None}),
        ((built(mode="empty"),), {"mode": Mode.EMPTY}),
        ((built(),), {"mode": Mode.EMPTY}),
        ((built(), outcome("pass")), {}),
        ((built(), outcome("warn")), {}),
        ((built(), outcome("fail"), outcome("pass", 10)), {}),
        ((built(), outcome("fail", 90)), {}),
        ((built(), outcome("fail", fingerprint=OTHER)), {}),
        ((built(status="error", recorded_at="2026-01-01T00:00:00+00:00"), built()), {}),
        ((built(),), {"max_age": timedelta(hours=2)}),
        ((built(),), {"existing": (Relation("W", "DEV", "A"),)}),
    ],
)
def test_what_counts_as_built(records: tuple[Record, ...], options: dict[str, Any]) -> None:
    """Changed or new, it is read at home."""
    for released in (OTHER, None):
        read = decide(released, records, **options)
        assert (read.place, str(read.relation)) == (Place.HOME, "w.dev.a"), read.why


RECORDS = st.lists(
    st.builds(
        built,
        status=st.sampled_from(["success", "error", "skipped", "partial success", "cloned", ""]),
        fingerprint=st.sampled_from([str(PRESENT), OTHER, "", "1:", "::"]),
        mode=st.sampled_from([*Mode, ""]),
        relation=st.sampled_from(["w.dev.a", "w.prod.a", ""]),
        recorded_at=st.one_of(st.datetimes().map(datetime.isoformat), st.text(max_size=9)),
    )
    | st.builds(outcome, st.sampled_from(["pass", "fail", "warn", "error", ""]), st.integers(0, 200)),
    max_size=5,
)


@given(RECORDS, st.sampled_from([None, OTHER, str(PRESENT)]), st.booleans(), st.booleans())
def test_whatever_the_evidence(records: list[Record], released: str | None, there: bool, aged: bool) -> None:
    """Home needs a change and its last build, fine; production needs a release; nothing ever raises."""
    existing = (Relation("w", "dev", "a"),) if there else ()
    read = decide(released, records, existing, max_age=timedelta(days=1) if aged else None)
    if read.place is Place.HOME:
        assert there
        assert released != str(PRESENT)
        assert any(one.status == "success" and one.fingerprint == str(PRESENT) for one in records)
    elif read.place is Place.RELEASE:
        assert released is not None
        assert read.relation == Relation("w", "prod", "a")
    else:
        assert released is None
    assert read.why


def test_ephemeral_models_are_read_through() -> None:
    """What a node reads is behind them, each once, in order."""
    ephemeral = NodeConfig(materialized="ephemeral")
    found = manifest(
        model("model.shop.e1", ["model.shop.e2", A], config=ephemeral),
        model("model.shop.e2", ["source.shop.raw.t", B], config=ephemeral),
        model(A),
        model(B),
        model("model.shop.c", ["model.shop.e1", B]),
    )
    assert read_by(found, found.nodes["model.shop.c"]) == ["source.shop.raw.t", B, A]


def test_the_command_that_builds() -> None:
    """By kind and version."""
    assert command_that_builds(model()) == "dbt run -s a"
    assert command_that_builds(model(version=2)) == "dbt run -s a.v2"
    assert command_that_builds(model("seed.shop.s")) == "dbt seed -s s"
    assert command_that_builds(model("snapshot.shop.s")) == "dbt snapshot -s s"


def test_only_what_is_read_is_announced() -> None:
    """A change that nothing selected reads, or that the run builds or reads at home, is not."""
    found = manifest(model(A), model(B, [A]))
    read = {A: decide(OTHER), B: decide(OTHER)}

    def said(chosen: set[str], homes: Iterable[str] = ()) -> tuple[str, ...]:
        return announcements(found, read, chosen=chosen, homes=set(homes), reads_from="prod").unbuilt_changes

    assert len(said({B})) == 1
    assert said({A}) == said({A, B}) == said({B}, {A}) == ()
