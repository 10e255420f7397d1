"""The import pages over HTTP: upload, look, choose, watch, stop, go on, report; and taking everything out."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client

from milepost.domain.spaces.models import Post, Space
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.jobs.models import JobRun
from milepost.foundation.jobs.progress import JobCancelled
from milepost.outward.connectors import importing, intake, outgoing, tasks, uploading
from milepost.outward.connectors.models import ImportRun, TableMapping
from tests.factories import Cast, make_cast, make_member
from tests.outward.connectors import test_table as tables
from tests.outward.connectors.building import said, slack_files, write_zip

pytestmark = pytest.mark.django_db

DAYS = {
    "general/2020-01-02": [
        said("1577967001.000001", "Who has seeds?"),
        said("1577967002.000001", "Me", "U2"),
        {"x": 1},
    ],
    "seeds/2020-01-02": [said("1577967003.000001", "Beans")],
    "D1/2020-01-02": [said("1577967004.000001", "Between us")],
}
LISTS = {
    "channels": [{"id": "C1", "name": "general", "members": ["U1"]}, {"id": "C2", "name": "seeds", "members": ["U1"]}],
    "dms": [{"id": "D1", "members": ["U1", "U2"]}],
}


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def base(cast) -> str:
    return f"/c/{cast.community.slug}/"


@pytest.fixture
def steward(client: Client, cast) -> Client:
    client.force_login(cast.lan.account)
    return client


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    settings.MILEPOST_HOME = tmp_path / "home"
    settings.MILEPOST_HOME.mkdir()


@pytest.fixture
def slack(tmp_path):
    return write_zip(tmp_path / "garden.zip", slack_files(DAYS, **LISTS))


def upload(client, base, path, kind="slack", name="garden.zip", **more):
    file = SimpleUploadedFile(name, path if isinstance(path, bytes) else path.read_bytes())
    return client.post(f"{base}import/", {"kind": kind, "upload": file, **more})


def uploaded(client, base, path, **more) -> ImportRun:
    answer = upload(client, base, path, **more)
    assert answer.status_code == 302, text(answer)
    return ImportRun.objects.get(pk=answer.url.rstrip("/").rpartition("/")[2])


def text(response) -> str:
    return str(response.content.decode())


def at_work(run) -> None:
    """As a worker does it."""
    tasks.carry_out_import(str(run.pk))
    JobRun.objects.unended().update(finished_at=clock.now(), started_at=clock.now(), next_attempt_at=None)
    run.refresh_from_db()


def test_who_may(client, cast, base, slack, steward):
    run = uploaded(steward, base, slack)
    addresses = ["import/", f"import/{run.pk}/", f"import/{run.pk}/kept-apart/", f"import/{run.pk}/kept-apart.csv"]
    for person, status in ((cast.lan, 200), (cast.amara, 200), (cast.mateus, 403), (cast.soraya, 403)):
        client.force_login(person.account)
        for tail in addresses:
            assert client.get(base + tail).status_code == status, (person, tail)
    for person, status in ((cast.amara, 200), (cast.lan, 403)):
        client.force_login(person.account)
        assert client.get(f"{base}export/").status_code == status
    client.force_login(make_cast().lan.account)
    for tail in addresses:
        assert client.get(base + tail).status_code == 404
    client.logout()
    for tail in addresses:
        assert client.get(base + tail).status_code == 302


def test_nobody_else_uploads_and_another_communitys_import_is_nothing(client, cast, base, slack, steward):
    run = uploaded(steward, base, slack)
    client.force_login(cast.soraya.account)
    assert upload(client, base, slack).status_code == 403
    other = make_cast()
    client.force_login(other.lan.account)
    theirs = f"/c/{other.community.slug}/import/{run.pk}/"
    assert client.get(theirs).status_code == 404
    for action in ("choices", "start", "stop", "discard"):
        assert client.post(f"{theirs}{action}/").status_code == 404
    assert ImportRun.objects.count() == 1


def test_a_forged_upload_is_refused(cast, base, slack):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.lan.account)
    assert upload(client, base, slack).status_code == 403
    assert not ImportRun.objects.exists()
    assert not list(uploading.folder().rglob("*.*"))


def test_from_upload_to_report(steward, cast, base, slack):
    run = uploaded(steward, base, slack)
    page = text(steward.get(f"{base}import/{run.pk}/"))
    assert "This is in the file" in page
    assert "Who has seeds?" in page
    assert "Direct messages" in page
    assert not Post.objects.exists(), "looking stores nothing"
    # general comes in, seeds only for who was in it, the talk between two stays out.
    answer = steward.post(
        f"{base}import/{run.pk}/choices/",
        {"channel-0": "members", "channel-1": "private", "channel-2": "out", "start": "1"},
    )
    assert answer.status_code == 302
    page = text(steward.get(f"{base}import/{run.pk}/"))
    assert "It begins as soon as a worker is free" in page
    assert 'hx-trigger="every 2s"' in page
    at_work(run)
    page = text(steward.get(f"{base}import/{run.pk}/"))
    assert "The history is in" in page
    assert "Kept apart" in page
    assert "still being counted" in page
    assert set(Space.objects.values_list("name", "kind")) == {("general", "members"), ("seeds", "private")}
    assert Post.objects.count() == 3
    assert not list(uploading.folder().rglob("*.*")), "the file is gone when it is done"
    assert JobRun.objects.named("milepost.domain.people.tasks.suggest_merges").exists()
    history = text(steward.get(f"{base}import/"))
    assert "garden.zip" in history
    assert "3 messages" in history


def test_a_direct_conversation_comes_in_by_name_only(steward, base, slack):
    run = uploaded(steward, base, slack)
    steward.post(
        f"{base}import/{run.pk}/choices/",
        {"channel-0": "out", "channel-1": "out", "channel-2": "private", "start": "1"},
    )
    at_work(run)
    assert set(Space.objects.values_list("source_key", "kind")) == {("D1", "private")}
    assert Post.objects.get().text == "Between us"


def test_looking_again_keeps_the_choices(steward, base, slack):
    run = uploaded(steward, base, slack)
    chosen = {"channel-0": "out", "channel-1": "private", "channel-2": "private"}
    steward.post(f"{base}import/{run.pk}/choices/", chosen)
    page = text(steward.get(f"{base}import/{run.pk}/"))
    for choice in ("out", "private"):
        assert f'<option value="{choice}" selected' in page
    run.refresh_from_db()
    assert run.started_at is None
    # What is sent unchanged changes nothing.
    before = dict(run.options)
    shown = {field: value for field, value in chosen.items() if f'name="{field}"' in page}
    run.refresh_from_db()
    order = [channel["key"] for channel in run.preview["channels"]]
    by_key = {"C1": "out", "C2": "private", "D1": "private"}
    steward.post(f"{base}import/{run.pk}/choices/", {f"channel-{at}": by_key[key] for at, key in enumerate(order)})
    run.refresh_from_db()
    assert shown
    assert run.options == before


@pytest.mark.parametrize(
    ("content", "kind", "name", "says"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "slack", "picture.png", "is not what you said it is"),
        (b"PK\x03\x04" + b"x" * 50, "slack", "half.zip", "is not a complete zip file"),
        (b"id,name\n1,Amara\n", "mbox", "list.csv", "It looks like: table"),
        (b"", "slack", "empty.zip", "empty"),
    ],
)
def test_a_wrong_file_is_refused_with_words(steward, base, content, kind, name, says):
    answer = upload(steward, base, content, kind=kind, name=name)
    assert answer.status_code == 422
    assert says in text(answer)
    assert not ImportRun.objects.exists()
    assert not list(uploading.folder().rglob("*.*"))


def test_a_file_above_the_limit_is_refused_before_it_is_read(steward, base, slack, settings):
    settings.IMPORT_LIMIT = 100
    answer = upload(steward, base, slack)
    assert answer.status_code == 413
    assert "larger than this site takes" in text(answer)
    assert not ImportRun.objects.exists()


def test_a_large_upload_is_moved_and_not_copied(cast, slack, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    big = TemporaryUploadedFile("garden.zip", "application/zip", slack.stat().st_size, None)
    big.write(slack.read_bytes())
    big.seek(0)
    place = big.temporary_file_path()
    run = intake.receive(community=cast.community, by=cast.lan, kind="", upload=big)
    assert run.kind == "slack"
    with pytest.raises(FileNotFoundError):
        Path(place).read_bytes()
    big.close()


def test_a_table_asks_which_column_is_what(steward, base, tmp_path):
    rows = (
        b"nr,wann,wer,kanal,betrifft,worte\n1,2021-01-01,a,general,welcome,Hello\n2,2021-01-02,b,general,welcome,Hi\n"
    )
    run = uploaded(steward, base, rows, kind="table", name="rows.csv")
    page = text(steward.get(f"{base}import/{run.pk}/"))
    assert "Which column is what" in page
    assert 'name="start"' not in page, "it cannot begin without knowing who and when"
    chosen = {
        "kind": "messages", "column-id": "nr", "column-author": "wer", "column-time": "wann", "column-channel": "kanal",
        "column-thread": "betrifft", "column-text": "worte", "timezone": "Europe/Berlin", "day_first": "",
        "save_as": "Our old forum",
    }  # fmt: skip
    assert steward.post(f"{base}import/{run.pk}/choices/", chosen).status_code == 302
    page = text(steward.get(f"{base}import/{run.pk}/"))
    assert 'name="start"' in page
    assert "Hello" in page
    steward.post(f"{base}import/{run.pk}/choices/", chosen | {"start": "1", "channel-0": "members"})
    at_work(run)
    assert Post.objects.order_by("posted_at").first().posted_at.isoformat() == "2020-12-31T23:00:00+00:00"
    assert [p.thread.title for p in Post.objects.all()] == ["welcome", "welcome"]
    kept = TableMapping.objects.get()
    assert (kept.name, kept.kind, kept.mapping["author"]) == ("Our old forum", "messages", "wer")
    # The next table of this shape.
    more = rows.replace(b"1,2021", b"7,2022").replace(b"2,2021", b"8,2022")
    run = uploaded(steward, base, more, kind="table", name="more.csv")
    steward.post(f"{base}import/{run.pk}/choices/", {"saved": str(kept.pk), "kind": "messages", "timezone": "UTC"})
    run.refresh_from_db()
    assert run.preview["messages"] == 2


def test_a_mapping_that_does_not_fit_is_said_and_keeps_what_was_chosen(steward, base, tmp_path):
    run = uploaded(steward, base, tables.MESSAGES.encode(), kind="table", name="rows.csv")
    chosen = {"kind": "messages", "column-author": "", "column-time": "ts", "timezone": "UTC", "start": "1"}
    chosen |= {"channel-0": "members", "channel-1": "members"}
    answer = steward.post(f"{base}import/{run.pk}/choices/", chosen)
    assert answer.status_code == 422
    assert "No column was found for: author" in text(answer)
    run.refresh_from_db()
    assert run.started_at is None


def test_stopped_it_keeps_what_is_stored_and_goes_on(steward, base, slack, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 1)
    run = uploaded(steward, base, slack)
    steward.post(
        f"{base}import/{run.pk}/choices/",
        {"channel-0": "members", "channel-1": "members", "channel-2": "out", "start": "1"},
    )

    def stopping(done: int, total: int, note: str = "") -> None:
        raise JobCancelled

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "progress", stopping)
        with pytest.raises(JobCancelled):
            tasks.carry_out_import(str(run.pk))
    JobRun.objects.unended().update(cancelled_at=clock.now(), next_attempt_at=None)
    page = text(steward.get(f"{base}import/{run.pk}/"))
    assert "nothing is lost and nothing comes twice" in page
    run.refresh_from_db()
    assert run.state == "cancelled"
    steward.post(f"{base}import/{run.pk}/start/")
    run.refresh_from_db()
    assert run.state == "running"
    at_work(run)
    assert (run.state, Post.objects.count()) == ("finished", 3)


def test_what_has_not_begun_stops_at_once(steward, base, slack):
    run = uploaded(steward, base, slack)
    chosen = {"channel-0": "members", "channel-1": "members", "channel-2": "out", "start": "1"}
    steward.post(f"{base}import/{run.pk}/choices/", chosen)
    steward.post(f"{base}import/{run.pk}/stop/")
    run.refresh_from_db()
    assert run.state == "cancelled"
    tasks.carry_out_import(str(run.pk))
    assert not Post.objects.exists()
    steward.post(f"{base}import/{run.pk}/discard/")
    assert not Path(run.path).exists()
    assert ImportRun.objects.filter(pk=run.pk).exists(), "that it was tried stays on record"
    answer = steward.post(f"{base}import/{run.pk}/start/", follow=True, headers={"referer": f"{base}import/"})
    assert "The file of this import is not here any more" in text(answer)


def test_starting_twice_asks_once(steward, base, slack):
    run = uploaded(steward, base, slack)
    chosen = {"channel-0": "members", "channel-1": "members", "channel-2": "out", "start": "1"}
    for _ in range(2):
        steward.post(f"{base}import/{run.pk}/choices/", chosen)
        steward.post(f"{base}import/{run.pk}/start/")
    assert JobRun.objects.named(tasks.carry_out_import.name).count() == 1
    assert steward.post(f"{base}import/{run.pk}/discard/", follow=True).status_code == 200
    assert ImportRun.objects.filter(pk=run.pk).exists(), "what is under way is not thrown away"


def test_what_failed_says_why_and_can_go_on(steward, base, slack, monkeypatch):
    run = uploaded(steward, base, slack)
    steward.post(
        f"{base}import/{run.pk}/choices/",
        {"channel-0": "members", "channel-1": "members", "channel-2": "out", "start": "1"},
    )
    with monkeypatch.context() as patch:
        patch.setattr(importing, "learn_statistics", lambda *tables: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tasks.carry_out_import(str(run.pk))
    page = text(steward.get(f"{base}import/{run.pk}/"))
    assert "Stopped by an error" in page
    assert "division by zero" in page
    at_work(run)
    assert run.state == "finished"


def test_somebody_watching_gets_the_whole_page_when_it_ends(steward, base, slack):
    run = uploaded(steward, base, slack)
    steward.post(
        f"{base}import/{run.pk}/choices/",
        {"channel-0": "members", "channel-1": "members", "channel-2": "out", "start": "1"},
    )
    watched = steward.get(f"{base}import/{run.pk}/", headers={"HX-Request": "true"})
    assert "<h1" not in text(watched)
    assert "hx-get" in text(watched)
    at_work(run)
    assert steward.get(f"{base}import/{run.pk}/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_rows_kept_apart_can_be_taken_along(steward, base, tmp_path):
    days = {
        "general/2020-01-02": [
            said("1577967001.000001"),
            said("nonsense", "=1+1"),
            {"ts": "1577967002.000001", "text": "x"},
        ]
    }
    run = uploaded(steward, base, write_zip(tmp_path / "g.zip", slack_files(days)))
    steward.post(f"{base}import/{run.pk}/choices/", {"channel-0": "members", "start": "1"})
    at_work(run)
    page = text(steward.get(f"{base}import/{run.pk}/kept-apart/"))
    assert "The time cannot be read." in page
    assert "It does not say who wrote it." in page
    answer = steward.get(f"{base}import/{run.pk}/kept-apart.csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert rows[0][:3] == ["File", "Line", "Why"]
    assert [(row[0], row[1]) for row in rows[1:]] == [
        ("general/2020-01-02.json", "2"),
        ("general/2020-01-02.json", "3"),
    ]
    assert 'filename="garden-kept-apart.csv"' in answer["Content-Disposition"]


def test_what_nobody_let_in_goes_after_a_week(cast, slack):
    file = SimpleUploadedFile("garden.zip", slack.read_bytes())
    intake.receive(community=cast.community, by=cast.lan, kind="slack", upload=file)
    assert intake.forget_old() == 0
    ImportRun.objects.update(created_at=clock.now() - intake.FORGOTTEN * 2)
    assert intake.forget_old() == 1
    assert not ImportRun.objects.exists()
    assert not list(uploading.folder().rglob("*.*"))


def test_another_import_in_the_way_comes_back_later(cast, slack, monkeypatch):
    from milepost.foundation.common.errors import Conflict
    from milepost.foundation.jobs.job import RetryLater

    def busy(*args: object, **options: object) -> None:
        raise Conflict("Another import is running.")

    run = importing.start("slack", str(slack), community=cast.community)
    monkeypatch.setattr(importing, "carry_out", busy)
    with pytest.raises(RetryLater):
        tasks.carry_out_import(str(run.pk))


# --- taking everything out ---------------------------------------------------------------------------


def test_an_owner_takes_everything_out(client, cast, base):
    client.force_login(cast.amara.account)
    assert "None yet" in text(client.get(f"{base}export/"))
    assert client.post(f"{base}export/").status_code == 302
    client.post(f"{base}export/")
    job = JobRun.objects.named(tasks.carry_out_export.name).get()
    assert AuditEntry.objects.filter(action="community.exported").count() == 1
    assert "begins as soon as a worker is free" in text(client.get(f"{base}export/"))
    tasks.carry_out_export(*job.arguments["args"])
    JobRun.objects.update(finished_at=clock.now(), started_at=clock.now(), next_attempt_at=None)
    (export,) = outgoing.finished(cast.community)
    page = text(client.get(f"{base}export/"))
    address = f"{base}export/{export.name}.zip"
    assert address in page
    answer = client.get(address)
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert "manifest.json" in archive.namelist()
    client.force_login(cast.lan.account)
    assert client.get(address).status_code == 403
    other = make_cast()
    client.force_login(other.amara.account)
    assert client.get(f"/c/{other.community.slug}/export/{export.name}.zip").status_code == 404
    client.force_login(cast.amara.account)
    assert client.get(f"{base}export/..%2F..%2Fsecrets.zip").status_code == 404
    with clock.moved(outgoing.KEPT * 2):
        assert client.get(address).status_code == 404
        assert outgoing.forget_old() == 1
    assert not list(outgoing.folder(cast.community).iterdir())


def test_an_export_that_failed_says_why(client, cast, base):
    client.force_login(cast.amara.account)
    client.post(f"{base}export/")
    JobRun.objects.update(
        failed_at=clock.now(), started_at=clock.now(), next_attempt_at=None, error="No room on the disk."
    )
    assert "No room on the disk." in text(client.get(f"{base}export/"))


def test_a_member_without_a_role_sees_no_way_in(client, cast, base):
    client.force_login(make_member(cast.community).account)
    assert "import/" not in text(client.get(base))
