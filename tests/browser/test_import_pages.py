"""The pages of imports and exports in a real browser, in every state that an import can be in.

With PICTURES=/some/folder each page is also kept as a picture, for looking at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community
from milepost.foundation.jobs.models import JobRun
from milepost.outward.connectors import intake, outgoing, tasks
from milepost.outward.connectors.importing import options_of
from milepost.outward.connectors.models import ImportRun, TableMapping
from tests.browser.test_sign_in_pages import cookie, opened, wrong_on
from tests.factories import Cast, make_cast, make_charter
from tests.outward.connectors.building import said, slack_files, write_zip

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "the-very-long-name-of-a-channel-that-somebody-made-in-the-spring-of-2019-for-beds-and-borders"
TABLE = b"nr,wann,wer,kanal,betrifft,worte\n1,2021-01-01,a,general,welcome,Hello\n2,2021-01-02,b,general,welcome,Hi\n"


@dataclass
class World:
    cast: Cast
    base: str
    slack: Path
    addresses: list[str]


def slack_export(folder: Path) -> Path:
    days: dict[str, Any] = {
        "general/2020-01-02": [
            said(
                "1577967001.000001",
                "Who has seeds to swap? I have *beans*, and too much mint.",
                reactions=[{"name": "seedling", "users": ["U2"]}],
            ),
            said("1577967002.000001", "I have some", "U2", thread_ts="1577967001.000001"),
            said("nonsense", "When was this?"),
            {"ts": "1577967004.000001", "text": "Nobody said this"},
            said("1577967005.000001", "joined", subtype="channel_topic"),
        ],
        f"{LONG}/2020-01-03": [said("1578053401.000001", "word " * 90)],
        "board/2020-01-03": [said("1578053402.000001", "The budget", "U2")],
        "D1/2020-01-03": [said("1578053403.000001", "Between us")],
    }
    channels = [
        {"id": f"C{at}", "name": name, "members": ["U1"]}
        for at, name in enumerate(["general", LONG, "seeds", "events"])
    ]
    groups, direct = [{"id": "G1", "name": "board", "members": ["U2"]}], [{"id": "D1", "members": ["U1", "U2"]}]
    return write_zip(
        folder / "garden slack export 2020.zip", slack_files(days, channels=channels, groups=groups, dms=direct)
    )


def received(cast: Cast, content: bytes, name: str, kind: str = "") -> ImportRun:
    return intake.receive(community=cast.community, by=cast.amara, kind=kind, upload=SimpleUploadedFile(name, content))


def ended(**fields: Any) -> None:
    JobRun.objects.unended().update(started_at=clock.now(), next_attempt_at=None, **fields)


@pytest.fixture
def world(live_server: Any, tmp_path: Path, settings: Any) -> World:
    settings.MILEPOST_HOME = tmp_path / "home"
    settings.MILEPOST_HOME.mkdir()
    cast = make_cast(name="Green Corners", tagline="A garden in every street")
    make_charter(cast.community)
    base, slack = f"/c/{cast.community.slug}/", slack_export(tmp_path)
    return World(cast, base, slack, [])


@pytest.fixture
def full(world: World) -> World:
    """An import in each state."""
    cast, content = world.cast, world.slack.read_bytes()
    TableMapping.objects.create(
        community=cast.community, name="The old forum", kind="messages", mapping={"author": "wer"}
    )
    empty = [f"{world.base}import/", f"{world.base}export/"]
    runs = {
        "choose": received(cast, content, "garden slack export 2020.zip"),
        "table": received(cast, TABLE, "forum.csv", "table"),
    }
    done = received(cast, content, "garden.zip")
    intake.let_in(done, by=cast.amara)
    tasks.carry_out_import(str(done.pk))
    ended(finished_at=clock.now())
    catch_up()
    failed = received(cast, content, "half.zip")
    intake.let_in(failed, by=cast.amara)
    ended(failed_at=clock.now(), error="The disk is full.")
    ImportRun.objects.filter(pk=failed.pk).update(
        failed_at=clock.now(), error="database or disk is full", done=40, total=100
    )
    stopped = received(cast, content, "stopped.zip")
    intake.let_in(stopped, by=cast.amara)
    intake.stop(stopped, by=cast.amara)
    waiting = received(cast, content, "waiting.zip")
    intake.let_in(waiting, by=cast.amara)
    outgoing.write(cast.community, "a-finished-export-of-it")
    outgoing.ask(community=cast.community, by=cast.amara)
    runs |= {"done": done, "failed": failed, "stopped": stopped, "waiting": waiting}
    tails = [f"import/{run.pk}/" for run in runs.values()]
    tails += [f"import/{done.pk}/kept-apart/", f"import/{waiting.pk}/kept-apart/"]
    world.addresses = [*empty, *(world.base + tail for tail in tails)]
    return world


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (768, "dark"), (1440, "light")])
def test_every_page_is_as_it_should_be(
    chromium: Browser, live_server: Any, full: World, width: int, scheme: Any
) -> None:
    with chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        context.add_cookies([cookie(live_server.url, full.cast.amara.account)])  # type: ignore[list-item]
        page, refused = opened(context)
        wrong = [line for address in full.addresses for line in wrong_on(page, live_server.url, address, refused)]
    assert wrong == [], "\n".join(wrong)


def test_an_upload_is_watched_to_its_end(chromium: Browser, live_server: Any, world: World) -> None:
    with chromium.new_context() as context:
        context.add_cookies([cookie(live_server.url, world.cast.lan.account)])  # type: ignore[list-item]
        page, refused = opened(context)
        page.goto(f"{live_server.url}{world.base}import/")
        page.get_by_label("Slack", exact=True).check()
        page.get_by_label("The file", exact=True).set_input_files(world.slack)
        page.get_by_role("button", name="Upload and look").click()
        page.get_by_label("board").select_option("out")
        page.get_by_role("button", name="Bring it in").click()
        page.get_by_text("It begins as soon as a worker is free").wait_for()
        run = ImportRun.objects.get()
        assert options_of(run).skip_channels == {"G1"}
        tasks.carry_out_import(str(run.pk))
        ended(finished_at=clock.now())
        # Nobody reloads: the page does it by itself.
        page.get_by_role("heading", name="The history is in").wait_for()
        page.get_by_role("link", name="general", exact=True).click()
        page.get_by_text("Who has seeds").first.wait_for()
    assert [text for text in refused if "Failed to load" not in text] == []


def test_without_scripts_it_works_by_reload(chromium: Browser, live_server: Any, world: World) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        context.add_cookies([cookie(live_server.url, world.cast.lan.account)])  # type: ignore[list-item]
        page, _ = opened(context)
        page.goto(f"{live_server.url}{world.base}import/")
        page.get_by_label("A table", exact=True).check()
        page.get_by_label("The file", exact=True).set_input_files(
            {"name": "forum.csv", "mimeType": "text/csv", "buffer": TABLE}
        )
        page.get_by_role("button", name="Upload and look").click()
        assert page.get_by_role("button", name="Bring it in").count() == 0
        page.locator('select[name="column-author"]').select_option("wer")
        page.locator('select[name="column-time"]').select_option("wann")
        page.locator('select[name="column-text"]').select_option("worte")
        page.get_by_role("button", name="Look again").click()
        page.get_by_role("button", name="Bring it in").click()
        tasks.carry_out_import(str(ImportRun.objects.get().pk))
        ended(finished_at=clock.now())
        page.get_by_role("link", name="See how far it is").click()
        page.get_by_role("heading", name="The history is in").wait_for()
    assert Community.objects.get().posts.count() == 2
