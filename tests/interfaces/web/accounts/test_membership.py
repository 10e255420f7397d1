"""One's own membership and account: breaks, leaving, data, erasure, keys, closing; and claiming what one did before."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from milepost.domain.people import linking
from milepost.foundation.common import clock
from milepost.foundation.identity.models import (
    Account,
    ApiToken,
    Claim,
    Identity,
    Membership,
    MergeSuggestion,
    Person,
    PersonMerge,
)
from tests.factories import Cast, make_account, make_cast, make_identity, make_member
from tests.factories.people import PASSWORD

from .browsing import as_, url
from .conftest import Outbox
from .test_signing_in import sign_in, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def own(person: Person) -> Membership:
    return Membership.objects.get(person=person)


# --- belonging --------------------------------------------------------------------------------------


def test_a_break_begins_and_ends(cast: Cast) -> None:
    client, page = as_(cast.soraya), url(cast.community, "membership/")
    day = clock.today("UTC") + datetime.timedelta(days=9)
    client.post(page, {"until": day.isoformat()})
    assert own(cast.soraya).paused_until == day
    assert "I am back" in client.get(page).content.decode()
    client.post(url(cast.community, "membership/return/"))
    assert own(cast.soraya).paused_at is None


def test_a_break_into_the_past_is_refused_and_says_why(cast: Cast) -> None:
    answer = as_(cast.soraya).post(url(cast.community, "membership/"), {"until": "2020-01-01"})
    assert answer.status_code == 422
    assert "a day to come" in answer.content.decode()
    assert own(cast.soraya).paused_at is None


def test_leaving_asks_once_and_coming_back_is_joining(cast: Cast) -> None:
    client = as_(cast.soraya)
    assert "Leave Open Strings?" in client.get(url(cast.community, "leave/")).content.decode()
    client.post(url(cast.community, "leave/"))
    assert own(cast.soraya).left_at is not None
    assert client.get(url(cast.community, "membership/")).status_code == 404
    client.post(url(cast.community, "join/"), {})
    assert own(cast.soraya).left_at is None


def test_the_last_owner_is_told_before_and_refused_after(cast: Cast) -> None:
    client = as_(cast.amara)
    assert "You are the only owner" in client.get(url(cast.community, "membership/")).content.decode()
    answer = client.post(url(cast.community, "leave/"))
    assert answer.status_code == 422
    assert "Make someone else an owner first" in answer.content.decode()
    assert own(cast.amara).left_at is None


def test_a_member_takes_out_their_own_data(cast: Cast) -> None:
    answer = as_(cast.soraya).post(url(cast.community, "membership/data/"))
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="{cast.community.slug}-')
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    assert cast.soraya.account.email in archive.read("account.jsonl").decode()
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert cast.lan.account.email not in everything
    answer.close()


def test_erasing_names_what_happens_and_needs_the_name(cast: Cast) -> None:
    client, page = as_(cast.soraya), url(cast.community, "membership/erasure/")
    shown = client.get(page).content.decode()
    assert "Your account goes as well" in shown
    wrong = client.post(page, {"name": "Somebody"})
    assert wrong.status_code == 422
    assert client.post(page, {"name": "soraya haddad"}).headers["Location"] == "/"
    gone = Person.objects.get(pk=cast.soraya.pk)
    assert gone.erased_at is not None
    assert gone.name == "Former member"
    assert signed_in(client) is None
    assert not Account.objects.filter(email=cast.soraya.account.email).exists()


def test_erasing_asks_who_it_is_where_there_is_a_password(cast: Cast) -> None:
    account = make_account("lan@example.org", name="Lan", password=PASSWORD)
    make_member(cast.community, account=account, name="Lan")
    client = Client()
    client.force_login(account)
    asked = client.post(url(cast.community, "membership/erasure/"), {"name": "Lan"})
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    assert Person.objects.get(account=account).erased_at is None


# --- the account ------------------------------------------------------------------------------------


def test_name_language_and_zone_of_the_account(client: Client) -> None:
    make_account("lan@example.org", name="Lan", password=PASSWORD)
    sign_in(client, "lan@example.org")
    client.post("/accounts/", {"name": "  Lan   Nguyễn ", "language": "de", "time_zone": "Europe/Lisbon"})
    account = signed_in(client)
    assert (account.name, account.language, account.time_zone) == ("Lan Nguyễn", "de", "Europe/Lisbon")
    assert client.post("/accounts/", {"name": "", "language": "xx", "time_zone": "Moon"}).status_code == 200
    assert signed_in(client).language == "de"


def test_the_hub_shows_where_one_belongs(cast: Cast) -> None:
    page = as_(cast.soraya).get("/accounts/").content.decode()
    assert "Open Strings" in page
    assert url(cast.community, "membership/") in page
    assert "Sign-in by others" not in page, "no provider is set up"


def test_closing_an_account_erases_it_everywhere(cast: Cast) -> None:
    account = cast.soraya.account
    second = make_member(account=account, name="Soraya")
    client = as_(account)
    assert "Open Strings" in client.get("/accounts/close/").content.decode()
    assert client.post("/accounts/close/", {"mail": "wrong@example.org"}).status_code == 200
    client.post("/accounts/close/", {"mail": account.email})
    assert not Account.objects.filter(pk=account.pk).exists()
    assert all(p.erased_at for p in Person.objects.filter(pk__in=[cast.soraya.pk, second.pk]))
    assert not EmailAddress.objects.filter(email=account.email).exists()


def test_closing_is_all_or_nothing(cast: Cast) -> None:
    account = cast.amara.account
    elsewhere = make_member(account=account, name="Amara")
    page = as_(account).post("/accounts/close/", {"mail": account.email}).content.decode()
    assert "Open Strings: There is no other owner" in page
    assert all(p.erased_at is None for p in Person.objects.filter(pk__in=[cast.amara.pk, elsewhere.pk]))


def test_who_looks_after_the_site_hands_it_over_first() -> None:
    account = make_account("op@example.org", is_operator=True)
    page = as_(account).post("/accounts/close/", {"mail": "op@example.org"}).content.decode()
    assert "looks after the installation" in page
    assert Account.objects.filter(pk=account.pk).exists()


# --- keys -------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_taken_away(cast: Cast) -> None:
    client, page = as_(cast.soraya), url(cast.community, "keys/")
    made = client.post(page, {"name": "Our form", "scopes": ["people.view"]})
    secret = re.search(r'<code class="secret">(mp_[\w-]+)</code>', made.content.decode())[1]
    key = ApiToken.find(secret)
    assert (key.account, key.community, key.scopes) == (cast.soraya.account, cast.community, ["people.view"])
    assert made.headers["Cache-Control"] == "no-store"
    assert secret not in client.get(page).content.decode()
    client.post(url(cast.community, f"keys/{key.pk}/revocation/"))
    assert ApiToken.find(secret) is None


def test_a_key_has_no_more_than_its_owner(cast: Cast) -> None:
    client, page = as_(cast.soraya), url(cast.community, "keys/")
    offered = {value for value, _label in client.get(page).context["form"].fields["scopes"].choices}
    assert "people.view" in offered
    assert not {"people.erase", "community.settings", "people.link"} & offered
    assert client.post(page, {"name": "More", "scopes": ["people.erase"]}).status_code == 422
    assert client.post(page, {"name": "None", "scopes": []}).status_code == 422
    assert not ApiToken.objects.exists()


def test_nobody_takes_away_the_key_of_another(cast: Cast) -> None:
    key, _secret = ApiToken.issue(
        account=cast.soraya.account, community=cast.community, name="x", scopes=["people.view"]
    )
    assert as_(cast.amara).post(url(cast.community, f"keys/{key.pk}/revocation/")).status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None


# --- claiming ---------------------------------------------------------------------------------------


def test_a_confirmed_address_claims_with_one_click(cast: Cast) -> None:
    identity = make_identity(community=cast.community, name="S. Haddad", mail=cast.soraya.account.email)
    client = as_(cast.soraya)
    page = client.get(url(cast.community, "before/")).content.decode()
    assert "S. Haddad" in page
    assert "your mail address" in page
    client.post(url(cast.community, f"before/{identity.pk}/proven/"))
    identity.refresh_from_db()
    assert identity.person == cast.soraya
    assert "Yours already" in client.get(url(cast.community, "before/")).content.decode()


def test_what_is_not_proven_is_not_claimed_by_one_click(cast: Cast) -> None:
    answer = as_(cast.soraya).post(url(cast.community, f"before/{cast.joao.pk}/proven/"))
    assert answer.status_code == 404
    assert not Claim.objects.exists()


def test_a_name_is_found_and_a_steward_decides(cast: Cast) -> None:
    client = as_(cast.soraya)
    assert "Three letters at least" in client.get(url(cast.community, "before/?q=jo")).content.decode()
    found = client.get(url(cast.community, "before/?q=joão")).content.decode()
    assert f"before/{cast.joao.pk}/" in found
    assert "@example" not in found.split("<main")[1], "addresses of others are nobody's business"
    assert client.post(url(cast.community, f"before/{cast.joao.pk}/"), {"reason": ""}).status_code == 422
    client.post(url(cast.community, f"before/{cast.joao.pk}/"), {"reason": "I started the oud thread."})
    claim = Claim.objects.get()
    assert claim.granted_at is None
    steward = as_(cast.lan)
    assert "I started the oud thread." in steward.get(url(cast.community, "claims/")).content.decode()
    steward.post(url(cast.community, f"claims/{claim.pk}/decision/"), {"decision": "grant"})
    cast.joao.refresh_from_db()
    assert cast.joao.person == cast.soraya


def test_claimed_people_and_programs_are_not_found(cast: Cast) -> None:
    make_identity(cast.lan, name="Lan of Slack")
    make_identity(community=cast.community, name="Lan the bot", is_bot=True)
    page = as_(cast.soraya).get(url(cast.community, "before/?q=lan")).content.decode()
    assert "Nobody of that name is unclaimed" in page


def test_a_refused_claim_leaves_the_identity_where_it_was(cast: Cast) -> None:
    claim = linking.claim(identity=cast.joao, person=cast.soraya)
    as_(cast.lan).post(url(cast.community, f"claims/{claim.pk}/decision/"), {"decision": "refuse"})
    cast.joao.refresh_from_db()
    assert cast.joao.person != cast.soraya
    again = as_(cast.amara).post(
        url(cast.community, f"claims/{claim.pk}/decision/"), {"decision": "grant"}, follow=True
    )
    assert "decided this meanwhile" in again.content.decode()


def test_suggestions_are_merged_taken_apart_and_dismissed(cast: Cast) -> None:
    for source in ("slack", "forum"):
        make_identity(community=cast.community, source=source, name="Wanjiru Kamau", mail="wanjiru@example.org")
    assert linking.suggest(cast.community) >= 1
    suggestion = MergeSuggestion.objects.get()
    steward, page = as_(cast.lan), url(cast.community, "claims/suggestions/")
    shown = steward.get(page).content.decode()
    assert "The same mail address in forum, slack." in shown
    steward.post(f"{page}{suggestion.pk}/decision/", {"decision": "merge"})
    merge = PersonMerge.objects.get()
    assert "mail address" in merge.reason
    assert Identity.objects.filter(name="Wanjiru Kamau").values("person").distinct().count() == 1
    assert "Take apart" in steward.get(url(cast.community, "claims/merges/")).content.decode()
    steward.post(url(cast.community, f"claims/merges/{merge.pk}/split/"))
    assert Identity.objects.filter(name="Wanjiru Kamau").values("person").distinct().count() == 2
    assert "taken apart" in steward.get(url(cast.community, "claims/merges/")).content.decode()
    assert linking.suggestions(cast.community).count() == 0, "whoever took them apart is not asked again"


def test_a_dismissed_suggestion_does_not_come_back(cast: Cast) -> None:
    for source in ("slack", "forum"):
        make_identity(community=cast.community, source=source, name="Wanjiru Kamau", mail="wanjiru@example.org")
    linking.suggest(cast.community)
    suggestion = MergeSuggestion.objects.get()
    steward = as_(cast.lan)
    steward.post(url(cast.community, f"claims/suggestions/{suggestion.pk}/decision/"), {"decision": "dismiss"})
    linking.suggest(cast.community)
    assert "Nobody looks like another" in steward.get(url(cast.community, "claims/suggestions/")).content.decode()


def test_who_is_who_in_another_community_is_none_of_ones_business(cast: Cast) -> None:
    other = make_cast()
    claim = linking.claim(identity=other.joao, person=other.soraya)
    client = as_(cast.amara)
    assert client.post(url(cast.community, f"claims/{claim.pk}/decision/"), {"decision": "grant"}).status_code == 404
    assert as_(cast.soraya).get(url(cast.community, f"before/{other.joao.pk}/")).status_code == 404
    assert "João" not in client.get(url(cast.community, "claims/")).content.decode()


@pytest.mark.parametrize("query", ["?q=joão", ""])
def test_lists_take_few_queries_however_long(cast: Cast, django_assert_max_num_queries: Any, query: str) -> None:
    for n in range(12):
        make_identity(community=cast.community, name=f"João {n}", mail=f"joao{n}@example.org")
        make_identity(community=cast.community, name=f"João {n}", source="forum", mail=f"joao{n}@example.org")
    linking.suggest(cast.community)
    client = as_(cast.lan)
    with django_assert_max_num_queries(22):
        client.get(url(cast.community, f"before/{query}"))
    with django_assert_max_num_queries(16):
        client.get(url(cast.community, "claims/suggestions/"))


def test_the_data_of_a_sent_mail_is_not_needed_here(outbox: Outbox, cast: Cast) -> None:
    """Claims send nothing: the member sees the answer on the page."""
    linking.claim(identity=cast.joao, person=cast.soraya)
    assert outbox.mails() == []
