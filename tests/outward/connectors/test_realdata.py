"""The real communities: what the sources read is what a plain script counts in the raw files."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from milepost.outward.connectors.records import Options
from milepost.outward.connectors.sources import detect_source, open_source
from tests.conftest import shared_folder
from tests.outward.connectors import plain_counts
from tests.outward.connectors.building import write_folder

pytestmark = pytest.mark.realdata
MEASURE = shared_folder() / "data" / "measure"
FIXTURES = MEASURE / "perceval-fixtures"


def counts(name: str, path: Path, **options: Any) -> dict[str, Any]:
    """As `plain_counts` has them, one batch at a time."""
    people: set[str] = set()
    threads: set[str] = set()
    months: Counter[str] = Counter()
    reactions = activities = 0
    quarantined: Counter[str] = Counter()
    for batch in open_source(name, str(path), Options(**options)).batches():
        people |= {person.key for person in batch.people}
        threads |= {message.thread for message in batch.messages}
        months.update(f"{message.at:%Y-%m}" for message in batch.messages)
        months.update(f"{activity.at:%Y-%m}" for activity in batch.activities)
        reactions += sum(reaction.count for reaction in batch.reactions)
        activities += len(batch.activities)
        quarantined.update(problem.reason for problem in batch.problems if not problem.noted)
    assert not quarantined
    if activities:
        return {"people": len(people), "activities": activities, "months": dict(sorted(months.items()))}
    return plain_counts.summary(people, threads, months, reactions)


def test_slack():
    path = MEASURE / "racket-slack-export.zip"
    assert detect_source(str(path)) == "slack"
    found = counts("slack", path)
    assert found == plain_counts.slack_zip(path)
    assert (found["messages"], found["threads"], found["people"]) == (22_172, 2_364, 326)


def test_the_same_slack_export_as_a_folder(tmp_path):
    with zipfile.ZipFile(MEASURE / "racket-slack-export.zip") as archive:
        archive.extractall(tmp_path / "export")
    assert counts("slack", tmp_path / "export") == counts("slack", MEASURE / "racket-slack-export.zip")


@pytest.mark.parametrize("name", ["all-messages-meta", "new-members-text"])
def test_zulip_as_a_table(name):
    path = MEASURE / "lean-zulip" / f"{name}.parquet"
    assert detect_source(str(path)) == "table"
    assert counts("table", path) == plain_counts.zulip_parquet(path)


def test_commits_as_activities():
    path = MEASURE / "sympy-git" / "commits.parquet"
    mapping = {
        "author": "raw_name+raw_email_hashed",
        "author_name": "raw_name",
        "time": "author_time_local",
        "text": "subject",
    }
    found = counts("table", path, kind="activities", verb="code.committed", mapping=mapping)
    assert found == plain_counts.git_commits(path)
    assert (found["people"], found["activities"]) == (1_914, 50_517)


def test_answers_of_slack(tmp_path):
    folder = FIXTURES / "slack"
    users = [json.loads(path.read_text())["user"] for path in sorted(folder.glob("slack_user_U000[123].json"))]
    files: dict[str, Any] = {
        "users.json": users,
        "channels.json": [json.loads((folder / "slack_info.json").read_text())["channel"]],
    }
    for at, name in enumerate(("slack_history", "slack_history_next", "slack_history_20150323"), 1):
        files[f"test channel/2017-01-0{at}.json"] = (folder / f"{name}.json").read_text()
    assert counts("slack", write_folder(tmp_path / "x", files)) == plain_counts.slack_answers(folder)


def test_discourse():
    assert detect_source(str(FIXTURES / "discourse")) == "discourse"
    assert counts("discourse", FIXTURES / "discourse") == plain_counts.discourse_answers(FIXTURES / "discourse")


@pytest.mark.parametrize("folder", ["pipermail", "hyperkitty", "mbox"])
def test_mail(folder):
    assert detect_source(str(FIXTURES / folder)) == "mbox"
    assert counts("mbox", FIXTURES / folder) == plain_counts.mail_archive(sorted((FIXTURES / folder).glob("*.mbox")))


def test_mail_in_a_zip():
    found = counts("mbox", FIXTURES / "groupsio" / "messages.zip")
    assert (found["messages"], found["people"]) == (49, 3)
