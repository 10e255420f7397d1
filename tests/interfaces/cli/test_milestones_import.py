"""`milepost milestones import`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from milepost.engines.milestones.models import Award
from milepost.foundation.audit.models import AuditEntry
from milepost.interfaces.cli import milestones as command
from tests.factories import Cast, make_cast, make_milestone

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own, which is open already."""
    monkeypatch.setattr(command, "open_database", lambda _terminal: None)


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    make_milestone(cast.community, slug="live", name="First live gig")
    return cast


def run(*words: Any) -> Any:
    return CliRunner().invoke(command.milestones, [str(word) for word in words])


def table(folder: Path, text: str) -> Path:
    path = folder / "awards.csv"
    path.write_text(text, "utf-8")
    return path


def test_a_file_is_looked_at_and_brought_in_once(cast: Cast, tmp_path: Path) -> None:
    assert cast.soraya.account is not None
    rows = [
        "Member,Milestone,Reached on,Note",
        f"{cast.soraya.account.email},live,2019-05-04,The Kettle",
        f"@{cast.ife.handle},live,2020-02-29,",
        "nobody@example.org,live,2020-01-01,",
        f"@{cast.ife.handle},no-such-stone,2020-01-01,",
        f"@{cast.ife.handle},live,2999-01-01,",
    ]
    file = table(tmp_path, "\n".join(rows))
    words = ("import", file, "--community", cast.community.slug, "--json")
    looked = run(*words, "--dry-run")
    assert looked.exit_code == 0, looked.output
    told = json.loads(looked.stdout)
    assert told["dry_run"] is True
    assert [one["line"] for one in told["errors"]] == [5, 6]
    assert not Award.objects.exists()

    done = run(*words)
    assert done.exit_code == 0, done.output
    awards = {a.person: a for a in Award.objects.all()}
    assert set(awards) == {cast.soraya, cast.ife}
    assert str(awards[cast.soraya].reached_on) == "2019-05-04"
    assert (awards[cast.soraya].how, awards[cast.soraya].backfilled) == ("import", True)
    trail = AuditEntry.objects.count()
    again = run(*words)
    assert again.exit_code == 0, again.output
    assert Award.objects.count() == 2
    assert AuditEntry.objects.count() == trail


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "empty"), ("who,what\na,b\n", "column"), ("\x00\x01\x02", "")],
    ids=["empty", "other columns", "no text"],
)
def test_what_is_no_such_table_is_refused(text: str, said: str, cast: Cast, tmp_path: Path) -> None:
    answer = run("import", table(tmp_path, text), "--community", cast.community.slug)
    assert answer.exit_code != 0
    assert said in answer.output
    assert "Traceback" not in answer.output
    assert not Award.objects.exists()
