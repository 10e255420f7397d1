"""The ways into a community as pages: by each policy, by invitation; and what a steward decides."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from milepost.domain.charter.models import Agreement, CharterVersion
from milepost.domain.people import inviting, joining
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Account, Community, Invitation, JoinRequest, Membership
from tests.factories import (
    make_account,
    make_cast,
    make_charter,
    make_community,
    make_identity,
    make_member,
    make_value,
)

from .browsing import as_, url

pytestmark = pytest.mark.django_db

QUESTIONS = [{"key": "why", "question": "Why do you want to join?"}, {"key": "what", "question": "What do you play?"}]


@pytest.fixture
def noor() -> Account:
    return make_account("noor@example.org", name="Noor Rahimi")


def membership(account: Account, community: Community) -> Membership | None:
    return Membership.objects.of(account, community)


def shown(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


# --- by policy --------------------------------------------------------------------------------------


def test_an_open_community_is_joined_by_one_click(noor: Account) -> None:
    community = make_community()
    make_charter(community)
    client = as_(noor)
    page = shown(client, url(community, "join/"))
    assert "can live from it" in page
    assert page.index("can live from it") < page.index("Join Community")
    answer = client.post(url(community, "join/"), {"came_from": ""})
    assert answer.headers["Location"] == url(community, "welcome/")
    assert membership(noor, community)


def test_where_someone_came_from_is_kept(noor: Account) -> None:
    one, other, third = make_community(), make_community(), make_community()
    client = as_(noor)
    for community, query, headers, kept in (
        (one, "?from=The+poster+in+the+library", {}, "The poster in the library"),
        (other, "", {"referer": "https://news.example.org/article?id=1"}, "news.example.org"),
        (third, "", {"referer": "http://testserver/"}, ""),
    ):
        page = client.get(url(community, f"join/{query}"), headers=headers)
        said = page.context["form"].initial["came_from"]
        client.post(url(community, "join/"), {"came_from": said})
        assert membership(noor, community).came_from == kept


def test_a_visitor_reads_first_and_comes_back_by_sign_up_with_where_they_came_from() -> None:
    community = make_community()
    make_charter(community)
    page = shown(Client(), url(community, "join/?from=poster"))
    assert "can live from it" in page
    back = re.search(r'href="/accounts/signup/\?next=([^"]+)"', page)[1]
    assert back == f"%2Fc%2F{community.slug}%2Fjoin%2F%3Ffrom%3Dposter"
    sent = Client().post(url(community, "join/"), {})
    assert sent.headers["Location"].startswith("/accounts/login/?next=")
    assert not Membership.objects.filter(community=community).exists()


def test_agreeing_is_kept_with_the_version_that_was_read(noor: Account) -> None:
    community = make_community(join_policy="agree")
    version = make_charter(community, agreements="We **answer** newcomers first.")
    make_value(community, name="Every room is a stage", meaning="No gig is too small.")
    client = as_(noor)
    page = shown(client, url(community, "join/"))
    for said in ("<strong>answer</strong>", "Every room is a stage", "No gig is too small."):
        assert said in page
    refused = client.post(url(community, "join/"), {"version": version.pk})
    assert refused.status_code == 422
    assert membership(noor, community) is None
    client.post(url(community, "join/"), {"version": version.pk, "agree": "on"})
    assert Agreement.objects.get().version == version


def test_a_version_that_changed_meanwhile_is_read_again(noor: Account) -> None:
    community = make_community(join_policy="agree")
    read = make_charter(community)
    make_charter(community, mission="Another one")
    answer = as_(noor).post(url(community, "join/"), {"version": read.pk, "agree": "on"})
    assert answer.status_code == 422
    assert "while you were reading" in answer.content.decode()
    assert membership(noor, community) is None


def test_a_version_of_another_community_is_none(noor: Account) -> None:
    community = make_community(join_policy="agree")
    make_charter(community)
    other = make_charter()
    as_(noor).post(url(community, "join/"), {"version": other.pk, "agree": "on"})
    assert membership(noor, community) is None


def test_answers_go_to_the_stewards_and_the_decision_by_mail(
    noor: Account, django_capture_on_commit_callbacks: Any
) -> None:
    cast = make_cast(join_policy="questions", join_questions=QUESTIONS)
    make_charter(cast.community)
    client, join = as_(noor), url(cast.community, "join/")
    missing = client.post(join, {"answer_why": "To find a band"})
    assert missing.status_code == 422
    assert "To find a band" in missing.content.decode()
    client.post(join, {"answer_why": "To find a band", "answer_what": "The oud", "came_from": "radio"})
    assert "with the stewards" in shown(client, join)
    asked = JoinRequest.objects.get()
    steward = as_(cast.lan)
    assert "Noor Rahimi" in shown(steward, url(cast.community, "requests/"))
    page = shown(steward, url(cast.community, f"requests/{asked.pk}/"))
    for said in ("Why do you want to join?", "The oud", "can live from it", "came from: radio"):
        assert said in page
    with django_capture_on_commit_callbacks(execute=True):
        steward.post(url(cast.community, f"requests/{asked.pk}/"), {"decision": "admit", "note": "Come on Friday."})
    assert membership(noor, cast.community).came_from == "radio"
    assert mail.outbox[-1].to == ["noor@example.org"]
    assert "Come on Friday." in mail.outbox[-1].body


def test_a_request_that_is_not_let_in_stays_out(noor: Account, django_capture_on_commit_callbacks: Any) -> None:
    cast = make_cast(join_policy="questions", join_questions=QUESTIONS)
    asked = joining.ask(account=noor, community=cast.community, answers={"why": "a", "what": "b"})
    with django_capture_on_commit_callbacks(execute=True):
        as_(cast.lan).post(url(cast.community, f"requests/{asked.pk}/"), {"decision": "decline", "note": ""})
    assert membership(noor, cast.community) is None
    assert "not to let you in" in mail.outbox[-1].body
    late = as_(cast.amara).post(url(cast.community, f"requests/{asked.pk}/"), {"decision": "admit"})
    assert "decided this meanwhile" in late.content.decode()
    assert membership(noor, cast.community) is None


def test_nobody_walks_into_a_community_by_invitation(noor: Account) -> None:
    community = make_community(join_policy="invited")
    client = as_(noor)
    assert "joined by invitation" in shown(client, url(community, "join/"))
    assert client.post(url(community, "join/"), {"came_from": ""}).status_code == 403
    assert membership(noor, community) is None


def test_a_member_who_opens_the_page_is_at_home(noor: Account) -> None:
    community = make_community()
    make_member(community, account=noor)
    assert as_(noor).get(url(community, "join/")).headers["Location"] == url(community, "")


def test_who_was_here_before_is_led_to_what_they_did(noor: Account) -> None:
    community = make_community()
    make_identity(community=community, mail="noor@example.org", name="Noor")
    answer = as_(noor).post(url(community, "join/"), {})
    assert answer.headers["Location"] == url(community, "before/")


def test_joining_is_limited(noor: Account) -> None:
    client, community = as_(noor), make_community(join_policy="agree")
    make_charter(community)
    answers = [client.post(url(community, "join/"), {}).status_code for _attempt in range(21)]
    assert answers == [422] * 20 + [429]


# --- by invitation ----------------------------------------------------------------------------------


def test_an_ambassador_makes_a_link_that_is_shown_once(noor: Account) -> None:
    cast = make_cast(join_policy="invited")
    make_charter(cast.community)
    client = as_(cast.ife)
    made = client.post(
        url(cast.community, "invitations/?kind=link"),
        {"label": "The poster", "role": "member", "days": "30", "max_uses": "2"},
    ).content.decode()
    token = re.search(r"/i/([\w-]+)/", made)[1]
    assert token not in shown(client, url(cast.community, "invitations/"))
    landing = shown(as_(noor), f"/i/{token}/")
    assert landing.index("can live from it") < landing.index("Ife Adeyemi") < landing.index("Join Open Strings")
    as_(noor).post(f"/i/{token}/", {})
    joined = membership(noor, cast.community)
    assert (joined.came_from, joined.invited_by) == ("The poster", cast.ife)
    assert "used 1 time" in shown(client, url(cast.community, "invitations/"))


def test_a_landing_is_for_no_search_engine_and_no_cache() -> None:
    cast = make_cast()
    _invitation, token = inviting.invite_link(community=cast.community, by=cast.lan)
    page = Client().get(f"/i/{token}/")
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert page.headers["Cache-Control"] == "no-store"
    assert f"next=%2Fi%2F{token}%2F" in page.content.decode()


def test_an_invitation_asks_for_agreement_where_joining_does(noor: Account) -> None:
    cast = make_cast(join_policy="agree")
    version = make_charter(cast.community)
    _invitation, token = inviting.invite_link(community=cast.community, by=cast.lan)
    assert as_(noor).post(f"/i/{token}/", {"version": version.pk}).status_code == 422
    as_(noor).post(f"/i/{token}/", {"version": version.pk, "agree": "on"})
    assert Agreement.objects.get().person.account == noor


def test_an_invitation_passes_by_the_questions(noor: Account) -> None:
    cast = make_cast(join_policy="questions", join_questions=QUESTIONS)
    _invitation, token = inviting.invite_link(community=cast.community, by=cast.lan)
    assert QUESTIONS[0]["question"] not in shown(as_(noor), f"/i/{token}/")
    as_(noor).post(f"/i/{token}/", {})
    assert membership(noor, cast.community)


def test_a_mail_invitation_is_for_its_address_only(noor: Account) -> None:
    cast = make_cast(join_policy="invited")
    answer = as_(cast.lan).post(
        url(cast.community, "invitations/?kind=mail"),
        {"mail": "noor@example.org", "note": "Bring your oud.", "role": "steward", "days": "7"},
    )
    assert answer.status_code == 302
    sent = mail.outbox[-1]
    assert "Bring your oud." in sent.body
    token = re.search(r"/i/([\w-]+)/", str(sent.body))[1]
    refused = as_(make_account("other@example.org")).post(f"/i/{token}/", {})
    assert refused.status_code == 422
    assert "another mail address" in refused.content.decode()
    as_(noor).post(f"/i/{token}/", {})
    assert membership(noor, cast.community).role == "steward"


def test_a_domain_invitation_says_for_whom(noor: Account) -> None:
    cast = make_cast(join_policy="invited")
    page = (
        as_(cast.lan)
        .post(
            url(cast.community, "invitations/?kind=domain"),
            {"domain": "library.example.org", "label": "", "role": "member", "days": "0"},
        )
        .content.decode()
    )
    token = re.search(r"/i/([\w-]+)/", page)[1]
    assert "@library.example.org" in shown(Client(), f"/i/{token}/")
    refused = as_(cast.lan).post(
        url(cast.community, "invitations/?kind=domain"),
        {"domain": "gmail.com", "label": "", "role": "member", "days": "0"},
    )
    assert refused.status_code == 422
    assert "Anyone can have an address" in refused.content.decode()


@pytest.mark.parametrize("state", ["revoked", "run out", "used up", "unknown", "no inviter"])
def test_an_invitation_that_is_over_says_so(noor: Account, state: str) -> None:
    cast = make_cast(join_policy="invited")
    invitation, token = inviting.invite_link(community=cast.community, by=cast.ife, max_uses=1)
    rows = Invitation.objects.filter(pk=invitation.pk)
    if state == "revoked":
        as_(cast.ife).post(url(cast.community, f"invitations/{invitation.pk}/revocation/"))
    elif state == "run out":
        rows.update(expires_at=clock.now() - datetime.timedelta(days=1))
    elif state == "used up":
        rows.update(uses=1)
    elif state == "no inviter":
        Membership.objects.filter(person=cast.ife).update(role="member")
    else:
        token = "not-a-token"
    for client in (as_(noor), Client()):
        assert "This invitation is over" in shown(client, f"/i/{token}/", 404)
        assert client.post(f"/i/{token}/", {}).status_code == 404
    assert membership(noor, cast.community) is None


def test_one_sees_and_takes_back_ones_own_invitations_and_stewards_all() -> None:
    cast = make_cast()
    Membership.objects.filter(person=cast.soraya).update(role="ambassador")
    theirs, _token = inviting.invite_link(community=cast.community, by=cast.ife, label="Ife's")
    other = as_(cast.soraya)
    assert "Ife" not in shown(other, url(cast.community, "invitations/")).split("<main")[1]
    assert other.post(url(cast.community, f"invitations/{theirs.pk}/revocation/")).status_code == 403
    theirs.refresh_from_db()
    assert theirs.revoked_at is None
    steward = as_(cast.lan)
    assert "Ife" in shown(steward, url(cast.community, "invitations/"))
    steward.post(url(cast.community, f"invitations/{theirs.pk}/revocation/"))
    theirs.refresh_from_db()
    assert theirs.revoked_at is not None


def test_nobody_offers_a_role_above_their_own() -> None:
    cast = make_cast()
    page = as_(cast.ife).get(url(cast.community, "invitations/"))
    assert [value for value, _label in page.context["form"].fields["role"].choices] == ["member", "ambassador"]
    refused = as_(cast.ife).post(
        url(cast.community, "invitations/"), {"label": "", "role": "owner", "days": "30", "max_uses": ""}
    )
    assert refused.status_code == 422
    assert not Invitation.objects.exists()


# --- who may see what -------------------------------------------------------------------------------

PAGES = {
    "invitations/": "ambassador",
    "requests/": "steward",
    "claims/": "steward",
    "claims/suggestions/": "steward",
    "claims/merges/": "steward",
    "membership/": "member",
    "leave/": "member",
    "before/": "member",
    "keys/": "member",
    "membership/erasure/": "member",
}


@pytest.mark.parametrize(("tail", "lowest"), PAGES.items())
def test_each_page_is_for_its_roles_and_no_stranger(tail: str, lowest: str) -> None:
    cast, elsewhere = make_cast(), make_cast()
    address = url(cast.community, tail)
    assert Client().get(address).headers["Location"].startswith("/accounts/login/")
    assert as_(cast.noor).get(address).status_code == 404
    assert as_(elsewhere.amara).get(address).status_code == 404, "an owner of another community is a stranger here"
    ranks = ["member", "ambassador", "moderator", "steward"]
    for person, role in (
        (cast.soraya, "member"),
        (cast.ife, "ambassador"),
        (cast.mateus, "moderator"),
        (cast.lan, "steward"),
    ):
        status = as_(person).get(address).status_code
        allowed = ranks.index(role) >= ranks.index(lowest)
        # Whoever has no password and no second step cannot be asked again.
        assert status == (200 if allowed else 403), (role, status)


def test_rows_of_another_community_are_not_there() -> None:
    cast, elsewhere = make_cast(), make_cast(join_policy="questions", join_questions=QUESTIONS)
    theirs, _token = inviting.invite_link(community=elsewhere.community, by=elsewhere.lan)
    asked = joining.ask(account=cast.noor, community=elsewhere.community, answers={"why": "a", "what": "b"})
    client = as_(cast.amara)
    assert client.post(url(cast.community, f"invitations/{theirs.pk}/revocation/")).status_code == 404
    assert client.get(url(cast.community, f"requests/{asked.pk}/")).status_code == 404
    assert client.post(url(cast.community, f"requests/{asked.pk}/"), {"decision": "admit"}).status_code == 404
    assert asked.is_open
    assert CharterVersion.objects.count() == 0
