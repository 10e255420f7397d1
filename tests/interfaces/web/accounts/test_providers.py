"""Sign-in by an OpenID Connect provider, round and back; and that it takes over nobody's account."""

from __future__ import annotations

import re
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import SplitResult, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from milepost.foundation.identity.models import Account
from tests.factories import make_account
from tests.factories.people import PASSWORD

from .conftest import Outbox
from .provider import Provider
from .test_signing_in import CONFIRM, LOGIN, NEW, SIGNUP, sign_in, signed_in

pytestmark = pytest.mark.django_db

GO = "/accounts/oidc/house/login/"


def where_it_leads(address: str) -> SplitResult:
    """The redirect that an address answers with."""
    parts = urlsplit(address)
    with closing(HTTPConnection(parts.netloc, timeout=60)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        assert answer.status == 302
        return urlsplit(answer.headers["Location"])


def through(client: Client, query: str = "") -> Any:
    """The whole round: our page, the provider, and the way back; returns our answer to it."""
    page = client.post(f"{GO}{query}")
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.content.decode())
    assert found, page.content.decode()
    back = where_it_leads(found[1].replace("&amp;", "&"))
    return client.get(f"{back.path}?{back.query}")


def test_the_first_time_makes_an_account_with_what_the_provider_confirmed(client: Client, provider: Provider) -> None:
    answer = through(client)
    assert answer.headers["Location"] == "/"
    account = signed_in(client)
    assert (account.name, account.email) == ("Noor Rahimi", "noor@example.org")
    assert not account.has_usable_password()
    assert set(provider.seen[0]["scope"].split()) == {"openid", "profile", "email"}
    assert provider.seen[0]["code_challenge_method"] == "S256"


def test_the_second_time_signs_in_to_the_same_account(client: Client, provider: Provider) -> None:
    through(client)
    client.post("/accounts/logout/")
    provider.who["email"] = "noor.new@example.org"
    through(client)
    assert Account.objects.count() == 1
    assert signed_in(client).email == "noor@example.org"


def test_the_way_leads_on_but_to_no_other_site(client: Client, provider: Provider) -> None:
    assert through(client, "?next=/styleguide/").headers["Location"] == "/styleguide/"
    other = Client()
    assert through(other, "?next=https://evil.example/").headers["Location"] == "/"


def test_looking_at_the_address_starts_nothing(client: Client, provider: Provider) -> None:
    page = client.get(GO)
    assert page.status_code == 200
    assert "Sign in through House" in page.content.decode()
    assert provider.seen == []


def test_an_unconfirmed_address_of_the_provider_opens_no_account_that_has_it(
    client: Client, provider: Provider, outbox: Outbox
) -> None:
    owner = make_account("noor@example.org", password=PASSWORD)
    provider.who["email_verified"] = False
    through(client)
    assert signed_in(client) is None
    assert not SocialAccount.objects.exists()
    assert "You have an account here already" in outbox.to("noor@example.org")[0].subject
    assert Account.objects.get() == owner


def test_even_a_confirmed_address_does_not_open_it_without_its_owner(
    client: Client, provider: Provider, outbox: Outbox
) -> None:
    make_account("noor@example.org", password=PASSWORD)
    through(client)
    assert signed_in(client) is None
    assert not SocialAccount.objects.exists()


def test_whoever_signed_up_first_with_an_unconfirmed_address_gets_no_hold_of_the_provider_account(
    client: Client, provider: Provider, outbox: Outbox
) -> None:
    Client().post(SIGNUP, NEW)
    through(client)
    assert signed_in(client) is None
    assert not SocialAccount.objects.exists()
    squatter = Client()
    sign_in(squatter, "noor@example.org")
    assert signed_in(squatter) is None


def test_an_unconfirmed_address_is_confirmed_by_code_first(client: Client, provider: Provider, outbox: Outbox) -> None:
    provider.who["email_verified"] = False
    assert through(client).headers["Location"] == CONFIRM
    assert signed_in(client) is None
    client.post(CONFIRM, {"code": outbox.code("noor@example.org")})
    assert signed_in(client).email == "noor@example.org"


def test_a_provider_without_an_address_leads_to_a_form_that_keeps_the_name(
    client: Client, provider: Provider, outbox: Outbox
) -> None:
    del provider.who["email"]
    assert through(client).headers["Location"] == "/accounts/3rdparty/signup/"
    page = client.get("/accounts/3rdparty/signup/").content.decode()
    assert 'value="Noor Rahimi"' in page
    client.post("/accounts/3rdparty/signup/", {"name": "Noor R", "email": "noor@example.org"})
    client.post(CONFIRM, {"code": outbox.code("noor@example.org")})
    assert signed_in(client).name == "Noor R"


def test_a_member_connects_and_takes_away_a_provider(client: Client, provider: Provider, outbox: Outbox) -> None:
    account = make_account("lan@example.org", password=PASSWORD)
    sign_in(client, "lan@example.org")
    assert "Connect House" in client.get("/accounts/3rdparty/").content.decode()
    through(client, "?process=connect")
    held = SocialAccount.objects.get()
    assert (held.user, held.uid, held.provider) == (account, "u-1", "house")
    assert "House" in outbox.to("lan@example.org")[0].text
    assert EmailAddress.objects.filter(user=account).count() >= 1
    client.post("/accounts/3rdparty/", {"account": held.pk})
    assert not SocialAccount.objects.exists()


def test_the_last_way_in_is_not_taken_away(client: Client, provider: Provider) -> None:
    through(client)
    EmailAddress.objects.update(verified=False)
    held = SocialAccount.objects.get()
    page = client.post("/accounts/3rdparty/", {"account": held.pk})
    assert SocialAccount.objects.exists()
    assert "could not sign in any more" in page.content.decode()


def test_turning_round_and_errors_have_pages(client: Client, provider: Provider) -> None:
    provider.error = "access_denied"
    cancelled = through(client)
    assert cancelled.headers["Location"] == "/accounts/3rdparty/login/cancelled/"
    assert "Nothing has changed" in client.get(cancelled.headers["Location"]).content.decode()
    provider.error = "server_error"
    failed = through(client)
    assert failed.status_code == 401
    assert "did not let you through" in failed.content.decode()


def test_an_answer_that_was_not_asked_for_is_refused(client: Client, provider: Provider) -> None:
    answer = client.get(f"{GO}callback/?code=stolen&state=invented")
    assert answer.status_code == 401
    assert signed_in(client) is None


def test_a_second_step_is_asked_for_behind_a_provider_as_well(client: Client, provider: Provider) -> None:
    from .test_second_steps import switch_on_app

    through(client)
    switch_on_app(signed_in(client))
    client.post("/accounts/logout/")
    assert through(client).headers["Location"] == "/accounts/2fa/authenticate/"
    assert signed_in(client) is None


def test_a_provider_that_is_not_set_up_is_no_page(client: Client) -> None:
    assert client.post("/accounts/oidc/nobody/login/").status_code == 404
    assert client.get(LOGIN).status_code == 200
