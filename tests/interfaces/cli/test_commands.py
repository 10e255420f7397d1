"""Communities, accounts, readers and jobs by command."""

from __future__ import annotations

import uuid

import pytest
from allauth.account.models import EmailAddress
from django.utils.translation import gettext_lazy

from milepost.foundation.activity import following
from milepost.foundation.activity.models import MemberDay, ReaderCursor
from milepost.foundation.common import schema
from milepost.foundation.identity.models import Account, Community, Membership
from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.worker import run_pending
from tests.factories.cast import make_cast
from tests.factories.people import make_community, make_member

pytestmark = pytest.mark.django_db
PHRASE = "a long pass phrase\n"


def test_a_community_is_created_once(command, answer):
    made = answer("community", "create", "garden", "--name", "Garden", "--time-zone", "Europe/Lisbon", "--members-only")
    community = Community.objects.get(slug="garden")
    assert made == {"slug": "garden", "name": "Garden", "id": str(community.pk)}
    assert (community.time_zone, community.is_public) == ("Europe/Lisbon", False)
    again = command("community", "create", "garden", "--name", "Garden")
    assert again.exit_code == 1
    assert "slug" in again.stderr


def test_communities_are_listed_with_their_members(command, answer):
    assert "community create" in command("community", "list").stdout
    make_cast(make_community("garden"))
    make_community("attic")
    rows = answer("community", "list")
    assert [(row["slug"], row["members"]) for row in rows] == [("attic", 0), ("garden", 5)]
    assert "garden" in command("community", "list").stdout


def test_an_account_made_here_can_sign_in(answer, client):
    make_community("garden")
    words = ("Amara@Example.org", "--password-stdin", "--name", "Amara", "--role", "owner", "--community", "garden")
    made = answer("account", "create", *words, given=PHRASE)
    assert made["created"] is True
    account = Account.objects.get(email="amara@example.org")
    assert EmailAddress.objects.get(user=account).verified
    assert account.check_password(PHRASE.strip())
    assert Membership.objects.get(person__account=account).role == "owner"


def test_an_account_that_is_there_keeps_its_password_and_takes_the_role(answer):
    community = make_community("garden")
    person = make_member(community, role="member")
    before = person.account.password
    made = answer(
        "account", "create", person.account.email, "--password-stdin", "--role", "owner", "--community", "garden",
        given=PHRASE,
    )  # fmt: skip
    assert made["created"] is False
    person.account.refresh_from_db()
    assert person.account.password == before
    assert Membership.objects.get(person=person).role == "owner"


@pytest.mark.parametrize(
    ("words", "given", "status", "said"),
    [
        (["a@example.org", "--password-stdin"], "short\n", 1, "too short"),
        (["a@example.org", "--password-stdin"], "", 1, "standard input"),
        (["no address"], None, 1, "valid email"),
        (["a@example.org", "--community", "nowhere"], None, 1, "no community"),
        (["a@example.org", "--role", "owner"], None, 2, "--community"),
        (["a@example.org", "--role", "queen", "--community", "x"], None, 2, "queen"),
    ],
)
def test_what_will_not_do_makes_no_account(command, words, given, status, said):
    done = command("account", "create", *words, given=given)
    assert done.exit_code == status
    assert said in done.stderr
    assert not Account.objects.exists()


def test_readers_run_and_are_rewound(command, answer):
    answer("community", "create", "garden", "--name", "Garden")
    answer("account", "create", "a@example.org", "--community", "garden")
    behind = {row["reader"]: row["behind"] for row in answer("readers", "status")["readers"]}
    assert behind["rollup"] > 0
    assert answer("readers", "run")["read"] >= behind["rollup"]
    assert all(row["behind"] == 0 for row in answer("readers", "status")["readers"])
    days = MemberDay.objects.count()
    assert days > 0
    assert answer("readers", "rewind", "rollup", "--no-run")["read"] == 0
    assert not MemberDay.objects.exists()
    assert ReaderCursor.objects.get(reader="rollup").position == following.START
    answer("readers", "run", "rollup")
    assert MemberDay.objects.count() == days


@pytest.mark.parametrize("word", ["run", "rewind"])
def test_a_reader_that_is_not_there(command, word):
    done = command("readers", word, "nobody")
    assert done.exit_code == 1
    assert "There is no reader “nobody”" in done.stderr


@job(label=gettext_lazy("Fail for a test"), retries=0)
def fails() -> None:
    raise ValueError("on purpose")


def test_failed_work_is_listed_and_run_again(command, answer):
    fails.enqueue()
    run_pending()
    rows = answer("jobs", "list")
    assert [(row["label"], row["state"]) for row in rows] == [("Fail for a test", "failed")]
    assert "on purpose" in rows[0]["error"]
    first = answer("jobs", "again", rows[0]["id"])
    assert answer("jobs", "again", rows[0]["id"]) == first
    assert answer("jobs", "list") == []
    waiting = answer("jobs", "list", "--state", "waiting")
    assert [row["id"] for row in waiting] == [first["id"]]
    refused = command("jobs", "again", first["id"])
    assert refused.exit_code == 1
    assert "has not failed" in refused.stderr


def test_work_that_is_not_there(command):
    done = command("jobs", "again", str(uuid.uuid4()))
    assert done.exit_code == 1
    assert "jobs list" in done.stderr
    assert command("jobs", "again", "7").exit_code == 2


def test_an_older_database_is_not_worked_with(command, monkeypatch):
    monkeypatch.setattr(schema, "pending", lambda: [("spaces", "0002_more")])
    done = command("community", "list")
    assert done.exit_code == 1
    assert "milepost upgrade" in done.stderr


def test_a_newer_database_is_not_worked_with(command, monkeypatch):
    monkeypatch.setattr(schema, "ahead", lambda: [("spaces", "0099_beyond")])
    for words in (["community", "list"], ["upgrade"]):
        done = command(*words)
        assert done.exit_code == 1
        assert "spaces.0099_beyond" in done.stderr
