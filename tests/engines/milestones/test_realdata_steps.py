"""Real communities, imported by the command line: their participation steps, person by person, are those of a plain script."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from click.testing import CliRunner

from milepost.interfaces.cli.root import milepost
from tests.conftest import shared_folder
from tests.engines.milestones import plain_steps
from tests.factories import make_community

pytestmark = [pytest.mark.realdata, pytest.mark.django_db]
MEASURE = shared_folder() / "data" / "measure"
COMMITS = "author=raw_name+raw_email_hashed,author_name=raw_name,time=author_time_local,text=subject"


def command(*words: Any) -> Any:
    done = CliRunner().invoke(milepost, [*map(str, words), "--community", "real", "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def found_by_milepost() -> plain_steps.Steps:
    found: plain_steps.Steps = {}
    for award in command("milestones", "awards"):
        (identity,) = award["member"]["identities"]
        person = identity.partition(":")[2]
        found.setdefault(award["milestone"], {})[person] = datetime.date.fromisoformat(award["reached_on"])
        assert award["rule_version"] == 1
        assert award["backfilled"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "path", "words", "least"),
    [
        ("slack", "racket-slack-export.zip", ("slack",), 14),
        ("git", "sympy-git/commits.parquet", ("table", "--as", "activities", "--verb", "contribution.made", "--map", COMMITS), 9),
        ("zulip", "lean-zulip/new-members-text.parquet", ("table",), 14),
    ],
)  # fmt: skip
@pytest.mark.parametrize("order", ["history first", "rules first"])
def test_steps_are_those_of_a_plain_script(
    source: str, path: str, words: tuple[str, ...], least: int, order: str
) -> None:
    if order == "rules first" and source != "slack":
        pytest.skip("one of them by the readers is enough")
    make_community("real")
    kind, *options = words
    if order == "rules first":
        command("milestones", "load", "participation-steps")
        command("import", kind, MEASURE / path, *options)
    else:
        command("import", kind, MEASURE / path, *options)
        command("milestones", "load", "participation-steps")
        command("milestones", "backfill")
    raw = plain_steps.steps(plain_steps.SOURCES[source](MEASURE / path), datetime.datetime.now(datetime.UTC).date())
    raw = {step: people for step, people in raw.items() if people}
    found = found_by_milepost()
    assert len(raw) >= least
    assert found.keys() == raw.keys()
    for step, people in raw.items():
        assert found[step] == people, step
