"""Milestones from a file: read, matched with reasons, kept as history, once however often."""

from __future__ import annotations

import datetime
import io
import json
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from milepost.domain.paths.describing import Details
from milepost.domain.paths.models import Milestone
from milepost.domain.people.erasure import erase
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.models import Activity
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import NotAllowed
from milepost.foundation.identity.models import Identity
from milepost.outward.connectors.awards import importing, reading
from milepost.outward.connectors.models import AwardImport, AwardRow
from milepost.outward.connectors.records import ConnectorError
from tests.factories import Cast, make_award, make_cast, make_identity, make_member, make_milestone, make_person

pytestmark = pytest.mark.django_db
DAY = datetime.date(2024, 3, 31)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def gig(cast: Cast) -> Milestone:
    return make_milestone(cast.community, slug="first-gig", name="First gig", way="import")


def table(*rows: str, head: str = "member,milestone,reached_on,note,link") -> io.BytesIO:
    return io.BytesIO("\n".join([head, *rows]).encode())


def begin(cast: Cast, file: io.BytesIO) -> AwardImport:
    return importing.begin(community=cast.community, file=file, file_name="gigs.csv", by=cast.lan)


def look(cast: Cast, file: io.BytesIO) -> list[importing.Seen]:
    return [one for some in importing.look(cast.community, file, "gigs.csv") for one in some]


def problems(cast: Cast, file: io.BytesIO) -> dict[int, str]:
    return {one.line: one.problem for one in look(cast, file) if one.problem}


def test_each_way_of_naming_a_member_is_matched_with_its_reason(cast: Cast, gig: Milestone) -> None:
    EmailAddress.objects.update_or_create(
        user=cast.lan.account, email=cast.lan.account.email, defaults={"verified": True, "primary": True}
    )
    slack = make_identity(make_person(cast.community, name="From Slack"), source="slack", source_key="U7")
    Identity.objects.filter(pk=slack.pk).update(mail="slack@example.org")
    make_member(cast.community, name="Same Name")
    make_member(cast.community, name="Same Name")
    words = [
        cast.lan.account.email.upper(), "SLACK@example.org", f"@{cast.soraya.handle}", "slack:U7", "Ife Adeyemi", "same name",
        "stranger@example.org", "slack:U8",
    ]  # fmt: skip
    seen = look(cast, table(*(f"{word},first-gig,2024-03-31,," for word in words)))
    assert [(one.person, one.reason) for one in seen] == [
        (cast.lan.pk, "confirmed_mail"), (slack.person_id, "known_mail"),
        (cast.soraya.pk, "handle"), (slack.person_id, "identity"), (cast.ife.pk, "member_name"), (None, "several"),
        (None, "nobody"), (None, "nobody"),
    ]  # fmt: skip


def test_twice_changes_nothing_and_nothing_is_announced(cast: Cast, gig: Milestone) -> None:
    file = table(
        f"@{cast.soraya.handle},first-gig,2024-03-31,The poster,https://example.org/p",
        f"@{cast.mateus.handle},First gig,2024-04-01,,",
        "stranger@example.org,first-gig,2024-04-02,,",
    )
    run = begin(cast, file)
    assert not Award.objects.exists(), "looked at only"
    assert importing.apply(run=run, by=cast.lan) == {"new": 2, "unmatched": 1, "unread": 0}
    award = Award.objects.get(person=cast.soraya)
    assert (award.reached_on, award.how, award.backfilled, award.awarded_by) == (DAY, "import", True, cast.lan)
    assert (award.evidence, award.link, award.brought_from) == (
        "The poster", "https://example.org/p", "gigs.csv, line 2",
    )  # fmt: skip
    told = Activity.objects.filter(verb="milestone.reached")
    assert {a.backfilled for a in told.filter(object_id=gig.pk)} == {True}
    assert told.earliest("happened_at").happened_at.date() == DAY
    entry = AuditEntry.objects.get(action="milestones.imported")
    assert (entry.person, entry.changes["new"], entry.changes["first-gig"]) == (cast.lan, ["", "2"], ["", "+2"])
    before = (list(Award.objects.order_by("pk").values()), told.count(), AuditEntry.objects.count())
    again = begin(cast, file)
    assert again.pk == run.pk
    assert importing.apply(run=again, by=cast.lan) == {"same": 2, "unmatched": 1, "unread": 0}
    assert before == (list(Award.objects.order_by("pk").values()), told.count(), AuditEntry.objects.count())
    other = table(f"@{cast.soraya.handle},first-gig,2024-05-31,Another file,")
    assert importing.apply(run=begin(cast, other), by=cast.lan)["same"] == 1
    assert told.count() == 2


def test_an_earlier_day_moves_back_with_a_trace_but_not_what_people_said_themselves(cast: Cast, gig: Milestone) -> None:
    make_award(cast.ife, gig, reached_on=datetime.date(2025, 1, 1))
    importing.apply(run=begin(cast, table(f"@{cast.soraya.handle},first-gig,2024-03-31,,")), by=cast.lan)
    earlier = table(f"@{cast.soraya.handle},first-gig,2023-01-02,,", f"@{cast.ife.handle},first-gig,2023-01-02,,")
    counts = importing.apply(run=begin(cast, earlier), by=cast.lan)
    assert counts == {"earlier": 1, "same": 1, "unmatched": 0, "unread": 0}
    days = dict(Award.objects.values_list("person__name", "reached_on"))
    assert days == {cast.soraya.name: datetime.date(2023, 1, 2), cast.ife.name: datetime.date(2025, 1, 1)}
    assert AuditEntry.objects.get(action="milestone.day_moved").changes == {"reached_on": ["2024-03-31", "2023-01-02"]}


def test_what_a_steward_revoked_stays_revoked(cast: Cast, gig: Milestone) -> None:
    make_award(cast.soraya, gig).revoke(by=cast.lan, reason="It was somebody else")
    line = f"@{cast.soraya.handle},first-gig,2024-03-31,,"
    assert importing.apply(run=begin(cast, table(line)), by=cast.lan)["revoked"] == 1
    assert not Award.objects.standing().exists()


def test_one_milestone_twice_in_a_file_counts_once_from_the_earliest_day(cast: Cast, gig: Milestone) -> None:
    lines = [f"@{cast.soraya.handle},first-gig,{day},," for day in ("2024-05-01", "2024-03-31", "2024-06-01")]
    counts = importing.apply(run=begin(cast, table(*lines)), by=cast.lan)
    assert (counts["new"], counts["same"]) == (1, 2)
    assert Award.objects.get().reached_on == DAY


def test_who_is_not_known_is_matched_later(cast: Cast, gig: Milestone) -> None:
    lines = [
        "ghost@example.org,first-gig,2024-03-31,,",
        "Stage Name,first-gig,2024-03-31,,",
        "ghost@example.org,first-gig,2024-04-01,,",
    ]
    run = begin(cast, table(*lines))
    assert importing.apply(run=run, by=cast.lan)["unmatched"] == 3
    make_identity(cast.soraya, mail="ghost@example.org")
    assert importing.match_again(run=run, by=cast.lan) == 2
    stage = run.rows.get(who="Stage Name")
    importing.choose(run=run, people={stage.pk: cast.ife.pk}, by=cast.lan)
    counts = importing.apply(run=run, by=cast.lan)
    assert (counts["new"], counts["same"], counts["unmatched"]) == (2, 1, 0)
    assert set(Award.objects.values_list("person", flat=True)) == {cast.soraya.pk, cast.ife.pk}
    assert run.rows.get(who="Stage Name").reason == "chosen"


def test_a_name_alone_needs_a_tick(cast: Cast, gig: Milestone) -> None:
    run = begin(cast, table(f"{cast.ife.name},first-gig,2024-03-31,,"))
    assert importing.apply(run=run, by=cast.lan)["unmatched"] == 1
    row = run.rows.get()
    assert importing.apply(run=run, choices={row.pk: importing.TAKE}, by=cast.lan)["new"] == 1


def test_each_bad_line_is_named_with_its_number(cast: Cast, gig: Milestone) -> None:
    make_milestone(cast.community, slug="other", name="Other")
    who = f"@{cast.soraya.handle}"
    tomorrow = clock.today(cast.community.time_zone) + datetime.timedelta(days=1)
    file = table(
        f"{who},first-gigg,2024-03-31,,", "", f"{who},first-gig,yesterday,,", f"{who},first-gig,{tomorrow},,",
        f"{who},first-gig,1950-01-01,,", ",first-gig,2024-03-31,,", f'{who},first-gig,2024-03-31,"two\nlines",',
        f"{who},first-gig,2024-03-31,,javascript:alert(1)", f"{who},first-gig,45382,,", f"{who},first-gig,2024-02-30,,",
        f"{who},first-gig,2024-03-31,a\0b,", f"{who},first-gig,2024-03-31,{'x' * 20_000},", f"{who},first-gig,03/04/2024,,",
    )  # fmt: skip
    assert problems(cast, file) == {
        2: "There is no milestone “first-gigg”. Did you mean “first-gig”?",
        4: "“yesterday” is no day that we can read. Write it as in 2024-03-31.",
        5: f"{tomorrow} is still to come.",
        6: "1950-01-01 is too long ago for us. Days from 1970 on are kept.",
        7: "Nothing stands in the column member.",
        10: "“javascript:alert(1)” is no address of a page.",
        11: "“45382” is no day that we can read. Write it as in 2024-03-31.",
        12: "“2024-02-30” is no day that we can read. Write it as in 2024-03-31.",
        13: "This line has a broken character in it (NUL).",
        14: "This line cannot be read: a field is longer than any should be.",
        15: "“03/04/2024” can mean two days. Write the year first, as in 2024-03-31.",
    }
    counts = importing.apply(run=begin(cast, file), by=cast.lan)
    assert (counts["new"], counts["unread"]) == (1, 11), "the good line of two comes in"


def test_days_are_read_as_the_file_writes_them(cast: Cast, gig: Milestone) -> None:
    who = f"@{cast.soraya.handle}"
    for days, first in (
        (["03/31/2024", "04/05/2024"], [DAY, datetime.date(2024, 4, 5)]),
        (["31/03/2024", "04/05/2024"], [DAY, datetime.date(2024, 5, 4)]),
        (["31.03.2024", "2024-03-31T23:30:00"], [DAY, DAY]),
    ):
        assert [one.reached_on for one in look(cast, table(*(f"{who},first-gig,{day},," for day in days)))] == first


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "This file is empty."),
        (b"who,what\na,b\n", "There is no column member, milestone, reached_on. The first line has: who, what."),
        (b"member,milestone\na,b\n", "There is no column reached_on. The first line has: member, milestone."),
        (b"PK\x03\x04" + bytes(4_000), "This is not a text file."),
        (b'["a list"]\n', "Line 1 is no object of JSON."),
        (b'{"member": "a"}\n', "There is no column milestone, reached_on. The first line has: member."),
        (b'"member\n' + b"x" * 30_000, None),
    ],
)
def test_what_is_no_such_table_is_refused_and_nothing_is_kept(
    cast: Cast, gig: Milestone, content: bytes, message: str | None
) -> None:
    with pytest.raises(ConnectorError) as refusal:
        begin(cast, io.BytesIO(content))
    assert message is None or refusal.value.message == message
    assert not AwardImport.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_of_spreadsheets(cast: Cast, gig: Milestone, encoding: str) -> None:
    words = f"sep=;\r\nE-Mail;Milestone;Date;Note\r\n@{cast.soraya.handle};first-gig;2024-03-31;Bühne é\r\n"
    (one,) = look(cast, io.BytesIO(words.encode(encoding)))
    assert (one.line, one.problem, one.note, one.person) == (3, "", "Bühne é", cast.soraya.pk)


def test_objects_a_line(cast: Cast, gig: Milestone) -> None:
    given = {"member": f"@{cast.soraya.handle}", "milestone": "first-gig", "reached_on": "2024-03-31", "note": "\ud83d"}
    file = io.BytesIO((json.dumps(given) + "\n\nnot one\n" + json.dumps(given | {"member": None}) + "\n").encode())
    seen = look(cast, file)
    assert [(one.line, one.problem) for one in seen] == [
        (1, ""), (3, "This line is no object of JSON."), (4, "Nothing stands in the column member."),
    ]  # fmt: skip
    assert importing.apply(run=begin(cast, file), by=cast.lan)["new"] == 1


def test_levels_are_named_by_number_or_name(cast: Cast) -> None:
    rule = {"did": "thread.started", "at_least": 1}
    levels = ({"name": "Bronze", "rule": rule}, {"name": "Silver", "rule": rule | {"at_least": 5}})
    details = Details(way="rule", levels=levels)
    Milestone.define(community=cast.community, slug="host", name="Host", by=None, details=details)
    head, who = "member,milestone,reached_on,level", f"@{cast.soraya.handle}"
    file = table(*(f"{who},host,2024-03-31,{level}" for level in ("silver", "1", "", "Gold")), head=head)
    seen = look(cast, file)
    assert [one.occurrence for one in seen[:2]] == ["level-2", "level-1"]
    assert {one.problem for one in seen[2:]} == {"“Host” has levels. Say which in the column level: Bronze, Silver."}


def test_lengths_have_an_end(cast: Cast, gig: Milestone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST", 3)
    with pytest.raises(ConnectorError, match="At most 3 lines"):
        look(cast, table(*["@a,first-gig,2024-03-31,,"] * 4))
    monkeypatch.setattr(reading, "LARGEST", 10)
    with pytest.raises(ConnectorError, match="too large"):
        look(cast, table("@a,first-gig,2024-03-31,,"))


def test_many_lines_cost_a_constant_number_of_queries_each(
    cast: Cast, gig: Milestone, django_assert_max_num_queries: Any
) -> None:
    """3,000 lines: some twenty statements a thousand, whoever they name."""
    lines = [f"p{n}@example.org,first-gig,2024-03-31,," for n in range(3_000)]
    with django_assert_max_num_queries(60):
        assert len(look(cast, table(*lines))) == 3_000


def test_members_do_not_import(cast: Cast, gig: Milestone) -> None:
    with pytest.raises(NotAllowed):
        importing.begin(
            community=cast.community, file=table("@a,first-gig,2024-03-31"), file_name="x.csv", by=cast.soraya
        )
    run = begin(cast, table("@a,first-gig,2024-03-31"))
    for act in (
        lambda: importing.apply(run=run, by=cast.soraya),
        lambda: importing.match_again(run=run, by=cast.soraya),
        lambda: importing.choose(run=run, people={}, by=cast.soraya),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_whoever_is_erased_leaves_no_line_behind(cast: Cast, gig: Milestone) -> None:
    mail = cast.soraya.account.email
    run = begin(cast, table(f"{mail},first-gig,2024-03-31,,", f"@{cast.ife.handle},first-gig,2024-03-31,,"))
    importing.apply(run=run, by=cast.lan)
    erase(person=cast.soraya, by=cast.soraya)
    assert not AwardRow.objects.filter(who=mail).exists()
    assert set(Award.objects.filter(person=cast.soraya).values_list("evidence", "brought_from")) <= {("", "")}
    with clock.moved(importing.KEPT + datetime.timedelta(days=1)):
        assert importing.forget_lines() == 1
