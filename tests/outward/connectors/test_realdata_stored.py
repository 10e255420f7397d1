"""The real communities, each brought in by one command: what is stored is what a plain script counts in the raw files."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.db.models import Count
from django.db.models.functions import TruncMonth

from milepost.domain.spaces.models import Post, Reaction, Thread
from milepost.foundation.activity.models import Activity, MemberDay
from milepost.foundation.identity.models import Community, Identity, Person
from milepost.foundation.search.models import SearchDocument
from milepost.interfaces.cli.root import milepost
from tests.conftest import shared_folder
from tests.factories import make_community
from tests.outward.connectors import plain_counts
from tests.outward.connectors.building import write_folder
from tests.sites import Site

pytestmark = [pytest.mark.realdata, pytest.mark.django_db]
MEASURE = shared_folder() / "data" / "measure"
FIXTURES = MEASURE / "perceval-fixtures"
ZULIP = "author=sender_id,time=ts,channel=stream,thread=topic,id=message_id"


@pytest.fixture
def community() -> Community:
    return make_community("real")


def command(*words: Any) -> Any:
    done = CliRunner().invoke(milepost, [*map(str, words), "--community", "real", "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def stored(community: Community) -> dict[str, Any]:
    """As `plain_counts` has them, from the tables."""
    posts = Post.objects.filter(community=community)
    months = posts.annotate(month=TruncMonth("posted_at")).values_list("month").annotate(n=Count("pk"))
    unnamed: Counter[str] = Counter()
    for counts in posts.exclude(reactions={}).values_list("reactions", flat=True):
        unnamed.update(counts)
    threads = Thread.objects.filter(community=community)
    assert sum(threads.values_list("post_count", flat=True)) == posts.count()
    return {
        "people": Person.objects.filter(community=community).count(),
        "threads": threads.count(),
        "messages": posts.count(),
        "replies": Activity.objects.filter(community=community, verb="reply.posted").count(),
        "months": {f"{month:%Y-%m}": n for month, n in sorted(months)},
        "reactions": sum(unnamed.values()),
    }


def agrees(report: dict[str, Any], counts: dict[str, Any]) -> None:
    """The report, and `milepost stats`, say the same."""
    assert report["quarantined"] == 0
    now = command("stats")
    for name in ("people", "channels", "threads", "messages", "reactions", "activities", "first_at", "last_at"):
        assert report[name] == now[name], name
    assert (report["people"], report["threads"], report["messages"]) == tuple(
        counts[name] for name in ("people", "threads", "messages")
    )
    assert report["reactions"] + report["unnamed_reactions"] == counts["reactions"]


def test_slack(community: Community) -> None:
    path = MEASURE / "racket-slack-export.zip"
    raw = plain_counts.slack_zip(path)
    report = command("import", "slack", path)
    assert stored(community) == raw
    agrees(report, raw)
    assert (raw["messages"], raw["threads"], raw["people"]) == (22_172, 2_364, 326)
    assert not Person.objects.claimed().exists()
    again = command("import", "slack", path)
    assert (again["people"], again["messages"], again["activities"]) == (0, 0, 0)
    assert stored(community) == raw
    days = MemberDay.objects.filter(verb__in=["thread.started", "reply.posted"]).values_list("count", flat=True)
    assert sum(days) == raw["messages"]
    assert SearchDocument.objects.filter(kind="post").count() == Post.objects.exclude(text="").count()


def test_commits(community: Community) -> None:
    path = MEASURE / "sympy-git" / "commits.parquet"
    raw = plain_counts.git_commits(path)
    columns = "author=raw_name+raw_email_hashed,author_name=raw_name,time=author_time_local,text=subject"
    report = command("import", "table", path, "--as", "activities", "--verb", "contribution.made", "--map", columns)
    months = Activity.objects.annotate(month=TruncMonth("happened_at")).values_list("month").annotate(n=Count("pk"))
    assert {f"{month:%Y-%m}": n for month, n in sorted(months)} == raw["months"]
    assert (report["activities"], report["people"], report["messages"]) == (raw["activities"], raw["people"], 0)
    assert command("stats")["activities"] == 50_517
    assert Identity.objects.count() == 1_914
    assert sum(MemberDay.objects.values_list("count", flat=True)) == 50_517


def test_answers_of_slack(community: Community, tmp_path: Path) -> None:
    folder = FIXTURES / "slack"
    users = [json.loads(path.read_text())["user"] for path in sorted(folder.glob("slack_user_U000[123].json"))]
    files: dict[str, Any] = {
        "users.json": users,
        "channels.json": [json.loads((folder / "slack_info.json").read_text())["channel"]],
    }
    for at, name in enumerate(("slack_history", "slack_history_next", "slack_history_20150323"), 1):
        files[f"test channel/2017-01-0{at}.json"] = (folder / f"{name}.json").read_text()
    raw = plain_counts.slack_answers(folder)
    report = command("import", "slack", write_folder(tmp_path / "x", files))
    assert stored(community) == raw
    agrees(report, raw)


def test_discourse(community: Community) -> None:
    raw = plain_counts.discourse_answers(FIXTURES / "discourse")
    report = command("import", "discourse", FIXTURES / "discourse")
    assert stored(community) == raw
    agrees(report, raw)
    assert Reaction.objects.count() == 0, "Discourse tells how many liked a post, not who"


@pytest.mark.parametrize("folder", ["pipermail", "hyperkitty", "mbox"])
def test_mail(community: Community, folder: str) -> None:
    raw = plain_counts.mail_archive(sorted((FIXTURES / folder).glob("*.mbox")))
    report = command("import", "mbox", FIXTURES / folder)
    assert stored(community) == raw
    agrees(report, raw)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "spaces"), [("new-members-text", [], 1), ("all-messages-meta", ["--map", ZULIP], 93)]
)
def test_zulip_in_one_command(tmp_path: Path, name: str, options: list[str], spaces: int) -> None:
    """190,000 messages of one stream, whose columns are recognised; 948,000 of all. In processes of their own, with readers."""
    path = MEASURE / "lean-zulip" / f"{name}.parquet"
    raw = plain_counts.zulip_parquet(path)
    site = Site.prepared(tmp_path / "home")
    site.json("community", "create", "lean", "--name", "Lean")
    running = site.start("import", "table", path, "--community", "lean", *options, "--json")
    answer, said = running.communicate(timeout=3_600)
    assert running.returncode == 0, said
    report = json.loads(answer)
    found = json.loads(site.python(COUNTS))
    assert found == raw
    stats = site.json("stats", "--community", "lean")
    for key in ("people", "channels", "threads", "messages", "reactions", "activities", "first_at", "last_at"):
        assert report[key] == stats[key], key
    assert report["quarantined"] == 0
    assert (report["messages"], report["channels"]) == (raw["messages"], spaces)


COUNTS = """
import json
from milepost.foundation.identity.models import Community
from tests.outward.connectors.test_realdata_stored import stored
print(json.dumps(stored(Community.objects.get(slug="lean"))))
"""
