"""A community leaves one site and arrives at another, on another database, equal row by row; and nothing is sent."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command

from milepost.foundation.activity import epochs, following
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Account, Community
from milepost.interfaces.cli.root import milepost
from milepost.outward.connectors.counting import stats
from milepost.outward.connectors.generate import write_slack_export
from milepost.outward.connectors.moving import bring_back, bringing, take_out
from tests.factories import make_attachment, make_award, make_cast, make_goal, make_post, make_space, make_thread
from tests.factories.celebrating import (
    make_badge,
    make_landmark,
    make_moment,
    make_outside_badge,
    make_wall,
    make_wording,
)
from tests.outward.connectors.stored import load
from tests.postgres import NoServer, throwaway_cluster
from tests.sites import Site

pytestmark = pytest.mark.django_db(transaction=True)
NEW_HERE = {"community.arrived"}
Rows = dict[str, list[dict[str, Any]]]


def contents(path: Path) -> Rows:
    """Every row of an export by table, in an order that does not depend on the database."""
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.endswith(".jsonl")]
        found = {n: [json.loads(line) for line in archive.read(n).splitlines()] for n in names}
    for name, rows in found.items():
        if not name.endswith(("activity.activity.jsonl", "activity.retraction.jsonl")):
            rows.sort(key=lambda row: json.dumps(row, sort_keys=True))
    return found


def arrived_equal(before: Rows, after: Rows) -> None:
    assert before.keys() == after.keys()
    for name, rows in before.items():
        known, there = ({json.dumps(row, sort_keys=True) for row in some} for some in (rows, after[name]))
        assert known <= there, name
        new = [json.loads(row) for row in there - known]
        assert {row.get("action") for row in new} <= NEW_HERE, name
    log = "tables/activity.activity.jsonl"
    assert before[log] == after[log], "the log keeps its order"


@dataclass
class Left:
    """A community that was taken out of a site; the site is empty now."""

    path: Path
    rows: Rows
    counts: dict[str, Any]


@pytest.fixture
def left(tmp_path: Path, settings: Any) -> Left:
    settings.MEDIA_ROOT = tmp_path / "uploads"
    cast = make_cast(name="Garden")
    community = cast.community
    write_slack_export(tmp_path / "slack.zip", 120, people=12, channels=3, days=20)
    load("slack", tmp_path / "slack.zip", community, follow=False)
    thread = make_thread(space=make_space(community, name="First gigs", goal=make_goal(community)), author=cast.soraya)
    post = make_post(thread, author=cast.ife, text="I can bring mine")
    make_attachment(post, file=ContentFile(b"a plan of the room", "plan.txt"), size=18)
    award = make_award(cast.soraya)
    make_moment(award, by=cast.ife, text="So good to hear.")
    make_badge(award)
    make_outside_badge(cast.ife)
    make_landmark(community)
    make_wall(community)
    make_wording(community)
    following.catch_up()
    take_out(community, tmp_path / "out.zip")
    there = Left(tmp_path / "out.zip", contents(tmp_path / "out.zip"), stats(community))
    _empty_site()
    return there


def _empty_site() -> None:
    call_command("flush", interactive=False, verbosity=0)
    epochs.settle()
    for name in default_storage.listdir("")[0]:
        import shutil

        shutil.rmtree(Path(default_storage.path(name)))


def again(folder: Path, slug: str = "garden") -> Rows:
    take_out(Community.objects.get(slug=slug), folder / "again.zip")
    return contents(folder / "again.zip")


def test_it_arrives_as_it_left(left: Left, tmp_path: Path, mailoutbox: list[Any]) -> None:
    done = CliRunner().invoke(milepost, ["import", "milepost", str(left.path), "--community", "garden"])
    assert done.exit_code == 0, done.output
    arrived_equal(left.rows, again(tmp_path))
    community = Community.objects.get()
    assert stats(community) == left.counts | {"community": "garden"}
    assert {row["behind"] for row in following.status()} == {0}
    assert mailoutbox == []
    (name,) = (row["file"] for row in left.rows["tables/spaces.attachment.jsonl"] if row["file"])
    with default_storage.open(name) as file:
        assert file.read() == b"a plan of the room"
    # Whoever had a sign-in sets a new password by mail.
    assert not any(account.has_usable_password() for account in Account.objects.all())


def test_twice_changes_nothing_and_a_taken_name_is_refused(left: Left, tmp_path: Path) -> None:
    for _ in range(2):
        bring_back(left.path, slug="garden")
    arrived_equal(left.rows, again(tmp_path))
    assert Community.objects.count() == 1
    _empty_site()
    Community.objects.create(slug="garden", name="Another garden")
    with pytest.raises(DomainError, match="another community"):
        bring_back(left.path, slug="garden")
    assert Community.objects.get().name == "Another garden"


class Cut(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("every", [1, 3])
def test_cut_off_anywhere_it_goes_on(left: Left, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int) -> None:
    monkeypatch.setattr(bringing, "BATCH", 40)
    steps = attempts = 0

    def cutting(done: int, total: int, note: str) -> None:
        nonlocal steps
        steps += 1
        if steps % every == 0:
            raise Cut

    while True:
        attempts += 1
        try:
            bring_back(left.path, slug="garden", progress=cutting if attempts < 40 else None)
            break
        except Cut:
            assert Community.objects.get().archived_at is not None, "hidden until it is whole"
    assert attempts > 5
    arrived_equal(left.rows, again(tmp_path))
    assert Community.objects.get().archived_at is None


def _harm(left: Left, harmed: Path, harm: str) -> None:
    data = left.path.read_bytes()
    if harm == "cut":
        harmed.write_bytes(data[: len(data) // 2])
        return
    with zipfile.ZipFile(left.path) as source, zipfile.ZipFile(harmed, "w") as target:
        for info in source.infolist():
            content = source.read(info)
            if harm == "changed" and info.filename.endswith("spaces.post.jsonl"):
                content = content.replace(b"the", b"THE")
            if harm != "no_manifest" or info.filename != "manifest.json":
                target.writestr(info.filename, content)
        if harm == "climbing":
            target.writestr("files/../../evil.txt", "x")


@pytest.mark.parametrize("harm", ["cut", "changed", "climbing", "no_manifest"])
def test_a_damaged_export_says_so_and_shows_nothing(left: Left, tmp_path: Path, harm: str) -> None:
    harmed = tmp_path / "harmed.zip"
    _harm(left, harmed, harm)
    done = CliRunner().invoke(milepost, ["import", "milepost", str(harmed), "--community", "garden"])
    assert done.exit_code == 1
    assert "harmed.zip" in done.stderr
    assert not (tmp_path / "evil.txt").exists()
    assert not Community.objects.filter(archived_at=None).exists()


HERE = """
import json, sys
from pathlib import Path
from milepost.foundation.activity import following
from milepost.foundation.identity.models import Community
from milepost.outward.connectors.counting import stats
from milepost.outward.connectors.generate import write_slack_export
from milepost.outward.connectors.moving import take_out
from milepost.interfaces.cli.site import prepare
prepare()
community = Community.objects.filter(slug="garden").first()
if community is None:
    from tests.outward.connectors.stored import load
    community = Community.objects.create(slug="garden", name="Garden")
    write_slack_export("{folder}/slack.zip", 120, people=12, channels=3, days=20)
    load("slack", Path("{folder}/slack.zip"), community)
take_out(community, Path("{out}"))
print(json.dumps([stats(community), [row["behind"] for row in following.status()]]))
"""


@pytest.mark.slow
def test_from_sqlite_to_postgresql(tmp_path: Path) -> None:
    """Two sites, each in processes of its own."""
    old = Site.prepared(tmp_path / "old")
    before = json.loads(old.python(HERE.format(folder=tmp_path, out=tmp_path / "out.zip")))
    try:
        with throwaway_cluster() as cluster:
            new = Site(tmp_path / "new", cluster.create_database("arrival"))
            new.json("import", "milepost", tmp_path / "out.zip", "--community", "garden")
            after = json.loads(new.python(HERE.format(folder=tmp_path, out=tmp_path / "again.zip")))
    except NoServer as reason:
        pytest.skip(str(reason))
    arrived_equal(contents(tmp_path / "out.zip"), contents(tmp_path / "again.zip"))
    assert before == after
    assert set(after[1]) == {0}
    assert not list((tmp_path / "new" / "outbox").glob("*"))
