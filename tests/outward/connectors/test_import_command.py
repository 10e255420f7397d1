"""`milepost import` on the command line: what it says, and what it answers to files as they should not be."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.db import connection

from milepost.domain.spaces.models import Post, Space
from milepost.foundation.identity.models import Community, Identity, Person
from milepost.interfaces.cli.root import milepost
from milepost.outward.connectors.models import ImportRun, QuarantinedRow
from tests.factories import make_community
from tests.outward.connectors import test_table as tables
from tests.outward.connectors.building import USERS, said, slack_files, write_zip
from tests.outward.connectors.stored import facts, load

pytestmark = pytest.mark.django_db

GENERAL = "general/2020-01-02"


@pytest.fixture
def garden() -> Community:
    return make_community("garden", name="Garden")


@pytest.fixture
def run(garden) -> Callable[..., Result]:
    """`milepost import … --community garden`, in this process."""

    def command(*words: Any, slug: str = "garden") -> Result:
        return CliRunner().invoke(milepost, ["import", *map(str, words), "--community", slug])

    return command


@pytest.fixture
def answer(run) -> Callable[..., Any]:
    def command(*words: Any) -> Any:
        done = run(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return command


def slack(folder: Path, days: Any, name: str = "export.zip", **lists: Any) -> Path:
    return write_zip(folder / name, slack_files(days, **lists))


def refused(done: Result, *words: str) -> None:
    assert done.exit_code == 1, done.output
    for word in words:
        assert word in done.stderr, done.stderr
    assert "Traceback" not in done.output
    # An error, and on the next line what to do about it.
    assert len(done.stderr.strip().splitlines()) >= 2, done.stderr


# --- what it says -------------------------------------------------------------------------------------


def test_the_report_has_the_words_that_are_promised(answer, tmp_path):
    report = answer("slack", slack(tmp_path, {GENERAL: [said("1577967001.000001"), said("x")]}))
    promised = "people channels threads messages reactions activities skipped quarantined first_at last_at".split()
    assert set(promised) <= set(report)
    assert (report["messages"], report["quarantined"], report["first_at"]) == (1, 1, "2020-01-02T12:10:01.000001+00:00")
    stored = CliRunner().invoke(milepost, ["stats", "--community", "garden", "--json"])
    counts = json.loads(stored.stdout)
    for name in ("people", "channels", "threads", "messages", "reactions", "activities", "first_at", "last_at"):
        assert counts[name] == report[name], name


def test_in_words(run, tmp_path):
    done = run("slack", slack(tmp_path, {GENERAL: [said("1577967001.000001"), said("x")]}))
    assert done.exit_code == 0
    assert "New in Garden:" in done.stdout
    assert "Messages                     1" in done.stdout
    assert "general/2020-01-02.json:2" in done.stdout
    assert "The time cannot be read." in done.stdout


def test_a_preview_stores_nothing(answer, tmp_path):
    seen = answer(
        "slack", slack(tmp_path, {GENERAL: [said("1577967001.000001"), {"subtype": "channel_topic"}]}), "--preview"
    )
    assert (seen["messages"], seen["people"], seen["skipped"]) == (1, 3, {"system_message": 1})
    assert not Person.objects.exists()
    assert not ImportRun.objects.exists()


def test_options_reach_the_source(answer, tmp_path):
    days = {GENERAL: [said("1577967001.000001")], "D1/2020-01-02": [said("1577967002.000001", "Between us")]}
    path = slack(tmp_path, days, dms=[{"id": "D1", "members": ["U1", "U2"]}])
    assert answer("slack", path, "--skip", "general")["messages"] == 0
    report = answer("slack", path, "--private", "general", "--direct", "amara, João Silva", "--source", "slack:b")
    assert report["messages"] == 2
    assert set(Space.objects.filter(source="slack:b").values_list("kind", flat=True)) == {"private"}


def test_a_mapping_can_be_kept_and_used_again(answer, run, tmp_path):
    rows = "nr,wann,wer,worte\n1,2021-01-01,a,Hello\n"
    path, kept = tables.table(tmp_path, rows), tmp_path / "columns.json"
    given = "id=nr,time=wann,author=wer,text=worte"
    assert answer("table", path, "--as", "messages", "--map", given, "--save-map", kept)["messages"] == 1
    more = tables.table(tmp_path, rows.replace("1,2021", "2,2021"), "y.csv")
    assert answer("table", more, "--as", "messages", "--map-file", kept)["messages"] == 1
    refused(run("table", more, "--map", "author"), "“author” is no mapping.", "--map field=column")
    refused(run("table", more, "--as", "messages", "--map", "author=nobody"), "nobody")


def test_an_unknown_community_and_a_missing_file(run, tmp_path):
    path = slack(tmp_path, {GENERAL: [said("1577967001.000001")]})
    refused(run("slack", path, slug="gardn"), "There is no community “gardn”.", "There are: garden.")
    assert run("slack", tmp_path / "nothing.zip").exit_code == 2
    assert run("teams", path).exit_code == 2


# --- files as they should not be ----------------------------------------------------------------------


def test_a_zip_that_broke_off(run, tmp_path):
    whole = slack(tmp_path, {GENERAL: [said("1577967001.000001")]}).read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    refused(run("slack", tmp_path / "half.zip"), "is not a complete zip file", "Download it again")
    assert not Space.objects.exists()


def test_a_path_that_climbs_out(run, tmp_path):
    path = write_zip(tmp_path / "x.zip", slack_files({GENERAL: []}) | {"../../evil.json": "[]"})
    refused(run("slack", path), "leads out of it", "nothing was read")
    assert not (tmp_path.parent / "evil.json").exists()


def test_a_bomb(run, tmp_path, monkeypatch):
    from milepost.outward.connectors import archive

    monkeypatch.setattr(archive, "BOMB_SIZE", 1 << 20)
    path = write_zip(tmp_path / "x.zip", slack_files({GENERAL: "[" + " " * (64 << 20) + "]"}))
    assert path.stat().st_size < 1 << 20
    refused(run("slack", path), "looks like an attack", "unpack it yourself")


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("slack", b"", "is empty"),
        ("slack", b"not a zip at all", "This is not a Slack export"),
        ("mbox", b"", "is empty"),
        ("mbox", b"\x89PNG\r\n\x1a\n", "mbox"),
        ("discord", b"{}", ""),
        ("discourse", b"[]", ""),
        ("table", b"\x00\x01\x02" * 100, "is not a table"),
        ("table", b"one,two\n1,2\n", "It is not clear what the table"),
        ("milepost", b"not a zip", "no whole zip file"),
    ],
)
def test_a_file_of_another_type(run, tmp_path, kind, content, words):
    (tmp_path / "x").write_bytes(content)
    refused(run(kind, tmp_path / "x"), words)
    assert not Person.objects.exists()


def test_an_export_of_an_empty_period(run, tmp_path):
    refused(run("slack", slack(tmp_path, {}, users=[], channels=[])), "There is nothing to import", "empty period")
    assert run("slack", slack(tmp_path, {}, "people.zip")).exit_code == 0, "people without a word are people"


def test_json_that_breaks_off_keeps_what_came_before(answer, tmp_path):
    good = json.dumps([said("1577967001.000001"), said("1577967002.000001")])
    files = slack_files({"general/2020-01-03": [said("1578053401.000001")]})
    report = answer("slack", write_zip(tmp_path / "x.zip", files | {f"{GENERAL}.json": good[:-20]}))
    assert (report["messages"], report["quarantined"]) == (2, 1)
    row = QuarantinedRow.objects.get()
    assert (row.place, row.line, row.reason) == (f"{GENERAL}.json", 2, "broken_file")


def test_a_wrong_encoding_is_read_as_best_as_possible(answer, tmp_path):
    raw = json.dumps([said("1577967001.000001", "Grüße")], ensure_ascii=False).encode("latin-1")
    report = answer("slack", write_zip(tmp_path / "x.zip", slack_files({}) | {f"{GENERAL}.json": raw}))
    assert (report["messages"], report["noted"]) == (1, 1)
    assert Post.objects.get().text == "Grüße"


def test_times_that_cannot_be(answer, tmp_path):
    stamps = ["-5.000001", "0", "4102444800.000001", "1577967001.000001", "nan", "1e400", ""]
    report = answer("slack", slack(tmp_path, {GENERAL: [said(stamp) for stamp in stamps]}))
    assert (report["messages"], report["quarantined"]) == (1, len(stamps) - 1)
    assert dict(QuarantinedRow.objects.values_list("line", "reason")) == {
        1: "before_1970",
        2: "before_1970",
        3: "in_future",
        5: "bad_time",
        6: "bad_time",
        7: "no_time",
    }


def test_the_same_identifier_twice_is_one_message(answer, tmp_path):
    days = {GENERAL: [said("1577967001.000001", "First"), said("1577967001.000001", "Second")]}
    users = [*USERS, USERS[0]]
    report = answer("slack", slack(tmp_path, days, users=users))
    assert (report["messages"], report["people"], report["skipped_by_reason"]) == (1, 3, {"duplicate": 1})
    assert Post.objects.get().text == "First"


def test_whoever_is_in_no_list_is_known_by_what_they_did(answer, tmp_path):
    days = {
        GENERAL: [
            said("1577967001.000001", user="U77", user_profile={"real_name": "Ngozi Eze"}),
            said("1577967002.000001", user="U78"),
        ]
    }
    assert answer("slack", slack(tmp_path, days))["people"] == 5
    assert Identity.objects.get(source_key="U77").name == "Ngozi Eze"
    assert Identity.objects.get(source_key="U78").name == "U78"


@pytest.mark.slow
def test_a_message_of_50_mb(answer, tmp_path):
    days = {
        GENERAL: [said("1577967001.000001"), said("1577967002.000001", "x" * 50_000_000), said("1577967003.000001")]
    }
    report = answer("slack", slack(tmp_path, days))
    assert (report["messages"], report["quarantined"]) == (2, 1)
    assert len(QuarantinedRow.objects.get().excerpt) <= 500


def test_a_text_that_is_too_long_is_cut_and_said(answer, tmp_path):
    report = answer("slack", slack(tmp_path, {GENERAL: [said("1577967001.000001", "word " * 60_000)]}))
    assert (report["messages"], report["noted"], report["quarantined"]) == (1, 1, 0)
    assert len(Post.objects.get().text) == 200_000


@pytest.mark.slow
def test_100_000_channels(answer, garden, tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("users.json", json.dumps(USERS))
        archive.writestr(
            "channels.json", json.dumps([{"id": f"C{at:07}", "name": "same name"} for at in range(100_000)])
        )
        archive.writestr("C0000007/2020-01-02.json", json.dumps([said("1577967001.000001")]))
    report = answer("slack", path, "--no-readers")
    assert (report["channels"], report["messages"]) == (100_000, 1)
    assert Space.objects.values("slug").distinct().count() == 100_000
    again = answer("slack", path, "--no-readers")
    assert (again["channels"], again["messages"]) == (0, 0)


def test_hostile_names_stay_text(answer, tmp_path):
    users = [{"id": "U1", "name": "x", "profile": {"real_name": "<script>alert(1)</script>\x00\ud800"}}]
    channels = [{"id": "C1", "name": "../../etc/passwd", "members": ["U1"] * 3}]
    answer(
        "slack",
        slack(
            tmp_path, {"C1/2020-01-02": [said("1577967001.000001", "\x00 <b>\ud83d")]}, users=users, channels=channels
        ),
    )
    assert Space.objects.get().slug == "etcpasswd"
    assert "\x00" not in Post.objects.get().text + Person.objects.get().name


# --- faults in the middle -----------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_a_full_disk_says_so_and_the_next_run_goes_on(run, answer, garden, tmp_path, monkeypatch):
    from milepost.outward.connectors import importing

    monkeypatch.setattr(importing, "BATCH", 50)
    path = slack(tmp_path, {f"general/2020-01-{day:02}": [said(f"{1577836800 + day * 86400 + n}.000001", "word " * 400) for n in range(50)] for day in range(2, 20)})  # fmt: skip
    whole = make_community("whole")
    load("slack", path, whole)
    with connection.cursor() as cursor:
        # Pages that earlier tests left free would be room enough.
        cursor.execute("CREATE TABLE filler AS SELECT zeroblob(freelist_count * page_size) AS room FROM pragma_freelist_count(), pragma_page_size()")  # fmt: skip
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages + 300}")
        try:
            refused(run("slack", path), "disk is full", "Make room")
            half = Post.objects.filter(community=garden).count()
            assert 0 < half < 900
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
            cursor.execute("DROP TABLE filler")
    assert "no room left on the disk" in ImportRun.objects.get(community=garden).error
    done = run("slack", path)
    assert done.exit_code == 0, done.output
    assert "Going on where an earlier import" in done.stderr
    assert facts(garden) == facts(whole)


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_a_locked_database_says_so_and_nothing_is_lost(run, answer, garden, tmp_path):
    import sqlite3

    path = slack(tmp_path, {GENERAL: [said("1577967001.000001")]})
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
        other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            refused(run("slack", path), "database is locked", "in a moment")
        finally:
            other.close()
            cursor.execute("PRAGMA busy_timeout = 20000")
    assert answer("slack", path)["messages"] == 1
