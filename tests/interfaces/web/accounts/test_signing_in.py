"""Sign-up, sign-in, reset, sessions: what is let through, what is not, and what is told to whom."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.test import Client

from milepost.foundation.identity.models import Account
from tests.factories import make_account
from tests.factories.people import PASSWORD

from .conftest import Outbox

pytestmark = pytest.mark.django_db

LOGIN, SIGNUP, RESET, BY_CODE = (
    f"/accounts/{tail}" for tail in ("login/", "signup/", "password/reset/", "login/code/")
)
CONFIRM = "/accounts/confirm-email/"
NEW = {"name": "Noor Rahimi", "email": "noor@example.org", "password1": PASSWORD}


def signed_in(client: Client) -> Account | None:
    key = client.session.get("_auth_user_id")
    return Account.objects.get(pk=key) if key else None


def sign_in(client: Client, mail: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post(LOGIN, {"login": mail, "password": password, **more})


def test_signing_up_takes_a_mailed_code(client: Client, outbox: Outbox) -> None:
    answer = client.post(SIGNUP, NEW)
    assert answer.status_code == 302
    assert answer.headers["Location"] == CONFIRM
    assert signed_in(client) is None
    wrong = client.post(CONFIRM, {"code": "AAAAAA"})
    assert "not the code" in wrong.content.decode()
    client.post(CONFIRM, {"code": outbox.code("noor@example.org")})
    account = signed_in(client)
    assert account is not None
    assert (account.name, account.email) == ("Noor Rahimi", "noor@example.org")
    assert EmailAddress.objects.get(user=account).verified


def test_signing_up_leads_on_to_where_someone_wanted_to_go(client: Client, outbox: Outbox) -> None:
    client.post(f"{SIGNUP}?next=/styleguide/", NEW)
    answer = client.post(CONFIRM, {"code": outbox.code("noor@example.org")})
    assert answer.headers["Location"] == "/styleguide/"


def test_who_mistyped_the_address_at_sign_up_begins_again(client: Client, outbox: Outbox) -> None:
    client.post(SIGNUP, NEW | {"email": "nor@example.org"})
    assert client.get(SIGNUP).headers["Location"] == CONFIRM
    client.post("/accounts/logout/", {"next": LOGIN})
    client.post(SIGNUP, NEW)
    client.post(CONFIRM, {"code": outbox.code("noor@example.org")})
    assert signed_in(client).email == "noor@example.org"


def test_a_weak_password_is_refused_and_the_rest_is_kept(client: Client) -> None:
    page = client.post(SIGNUP, NEW | {"password1": "password12"}).content.decode()
    assert 'value="Noor Rahimi"' in page
    assert 'class="errorlist"' in page
    assert not Account.objects.exists()


def test_a_mail_tells_of_a_sign_in_from_a_new_browser_and_only_of_that(client: Client, outbox: Outbox) -> None:
    make_account("lan@example.org", password=PASSWORD)
    client.post(
        LOGIN, {"login": "lan@example.org", "password": PASSWORD}, headers={"user-agent": "Mozilla Firefox/150 Linux"}
    )
    (mail,) = outbox.to("lan@example.org")
    assert "new to us" in mail.subject
    assert "Firefox on Linux" in mail.text
    client.post("/accounts/logout/")
    sign_in(client, "lan@example.org")
    assert signed_in(client)
    assert len(outbox.to("lan@example.org")) == 1


def test_signing_up_itself_is_no_news(client: Client, outbox: Outbox) -> None:
    client.post(SIGNUP, NEW)
    client.post(CONFIRM, {"code": outbox.code("noor@example.org")})
    assert ["new to us" in mail.subject for mail in outbox.mails()] == [False]


def test_a_forged_or_foreign_cookie_makes_no_browser_known(client: Client, outbox: Outbox) -> None:
    make_account("lan@example.org", password=PASSWORD)
    make_account("ife@example.org", password=PASSWORD)
    sign_in(client, "ife@example.org")
    client.post("/accounts/logout/")
    client.cookies["known"] = client.cookies["known"].value[:-3] + "abc"
    sign_in(client, "lan@example.org")
    assert len(outbox.to("lan@example.org")) == 1


@pytest.mark.parametrize(
    ("address", "field"), [(LOGIN, "login"), (RESET, "email"), (BY_CODE, "email"), (SIGNUP, "email")]
)
def test_known_and_unknown_addresses_get_the_same_answer(outbox: Outbox, address: str, field: str) -> None:
    make_account("known@example.org", password=PASSWORD)
    seen = []
    for mail in ("known@example.org", "stranger@example.org"):
        client = Client()
        data = {field: mail, "password": "not-the-password", "name": "Someone", "password1": PASSWORD}
        answer = client.post(address, data, follow=True)
        shown = answer.content.decode().replace(mail, "…")
        token = answer.context["csrf_token"]
        seen.append((answer.status_code, answer.redirect_chain, shown.replace(str(token), "") if token else shown))
    (status, chain, known), (other_status, other_chain, stranger) = seen
    assert (status, chain) == (other_status, other_chain)
    assert without_secrets(known) == without_secrets(stranger)


def test_the_time_does_not_tell_whether_an_address_is_known(outbox: Outbox, hashed: list[str]) -> None:
    make_account("known@example.org")
    Client().post(SIGNUP, NEW | {"email": "known@example.org"})
    Client().post(SIGNUP, NEW | {"email": "stranger@example.org"})
    assert hashed == [PASSWORD, PASSWORD]


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was hashed while the test ran."""
    seen: list[str] = []
    real = MD5PasswordHasher.encode

    def encode(self: MD5PasswordHasher, password: str, salt: str) -> str:
        seen.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    return seen


def without_secrets(page: str) -> str:
    """Without what is new in every answer: nonces and CSRF tokens."""
    return re.sub(r'(nonce|value)="[\w+/=-]{22,}"|"csrfmiddlewaretoken":"\w+"', "", page)


@pytest.mark.parametrize("address", [LOGIN, SIGNUP])
@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "https:evil.example", "javascript:alert(1)", "/\\evil.example"],
)
def test_nobody_is_led_to_another_site(client: Client, outbox: Outbox, address: str, target: str) -> None:
    make_account("lan@example.org", password=PASSWORD)
    if address == LOGIN:
        answer = sign_in(client, "lan@example.org", next=target)
    else:
        client.post(f"{SIGNUP}?next={target}", NEW | {"next": target})
        answer = client.post(f"{CONFIRM}?next={target}", {"code": outbox.code("noor@example.org"), "next": target})
    assert signed_in(client)
    assert answer.headers["Location"] == "/"


def test_a_forgotten_password_is_changed_by_code_and_does_not_sign_in(client: Client, outbox: Outbox) -> None:
    account = make_account("lan@example.org", password=PASSWORD)
    elsewhere = Client()
    sign_in(elsewhere, "lan@example.org")
    client.post(RESET, {"email": "lan@example.org"})
    done = client.post(f"{RESET}complete/", {"password1": "x" * 20, "password2": "x" * 20})
    assert done.headers["Location"] == f"{RESET}confirm/", "no new password without the code"
    client.post(f"{RESET}confirm/", {"code": outbox.code("lan@example.org")})
    client.post(f"{RESET}complete/", {"password1": "otters-plant-slow-kites", "password2": "otters-plant-slow-kites"})
    assert signed_in(client) is None
    account.refresh_from_db()
    assert account.check_password("otters-plant-slow-kites")
    assert elsewhere.get("/accounts/email/").status_code == 302, "other browsers are signed out"
    assert "Someone with a code" in outbox.to("lan@example.org")[0].text


def test_a_code_for_a_reset_is_worth_few_guesses(client: Client, outbox: Outbox) -> None:
    make_account("lan@example.org", password=PASSWORD)
    client.post(RESET, {"email": "lan@example.org"})
    code = outbox.code("lan@example.org")
    for guess in ("BBBBBB", "CCCCCC", "DDDDDD"):
        client.post(f"{RESET}confirm/", {"code": guess})
    assert client.post(f"{RESET}confirm/", {"code": code}).headers["Location"] == LOGIN


def test_signing_in_by_a_mailed_code(client: Client, outbox: Outbox) -> None:
    make_account("lan@example.org")
    client.post(BY_CODE, {"email": "lan@example.org"})
    client.post(f"{BY_CODE}confirm/", {"code": outbox.code("lan@example.org")})
    assert signed_in(client).email == "lan@example.org"


def test_who_signed_up_with_a_strangers_address_gets_nothing_of_theirs(outbox: Outbox) -> None:
    squatter, owner = Client(), Client()
    squatter.post(SIGNUP, NEW)
    owner.post(BY_CODE, {"email": "noor@example.org"})
    owner.post(f"{BY_CODE}confirm/", {"code": outbox.code("noor@example.org")})
    assert signed_in(owner), "the address is theirs"
    late = Client()
    sign_in(late, "noor@example.org")
    assert signed_in(late) is None, "the password that the stranger chose opens nothing"


def test_the_password_of_ones_own_sign_up_stays_good(client: Client, outbox: Outbox) -> None:
    client.post(SIGNUP, NEW)
    client.post(CONFIRM, {"code": outbox.code("noor@example.org")})
    later = Client()
    sign_in(later, "noor@example.org")
    assert signed_in(later)


def test_an_unconfirmed_account_that_signs_in_with_its_password_keeps_it(client: Client, outbox: Outbox) -> None:
    Client().post(SIGNUP, NEW)
    cache.clear()
    sign_in(client, "noor@example.org")
    assert signed_in(client) is None
    client.post(CONFIRM, {"code": outbox.code("noor@example.org")})
    assert signed_in(client).check_password(PASSWORD)


def test_a_revoked_session_is_over_and_only_that_one() -> None:
    make_account("lan@example.org", password=PASSWORD)
    here, there, third = Client(), Client(), Client()
    for browser in (here, there, third):
        sign_in(browser, "lan@example.org")
    page = here.get("/accounts/sessions/")
    others = [s for s in page.context["sessions"] if s.session_key != here.session.session_key]
    assert len(others) == 2
    gone = next(s for s in others if s.session_key == there.session.session_key)
    here.post(f"/accounts/sessions/{gone.pk}/end/")
    assert there.get("/accounts/").status_code == 302
    assert third.get("/accounts/").status_code == 200
    assert here.get("/accounts/").status_code == 200
    here.post("/accounts/sessions/")
    assert third.get("/accounts/").status_code == 302
    assert here.get("/accounts/").status_code == 200


def test_who_signed_in_long_ago_is_asked_once_more_before_security_changes(client: Client, outbox: Outbox) -> None:
    make_account("lan@example.org", password=PASSWORD)
    sign_in(client, "lan@example.org")
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()
    asked = client.post("/accounts/email/", {"action_add": "", "email": "lan@new.example"})
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    assert outbox.to("lan@new.example") == []
    client.post(asked.headers["Location"], {"password": "wrong"})
    assert outbox.to("lan@new.example") == []
    client.post(asked.headers["Location"], {"password": PASSWORD})
    assert outbox.code("lan@new.example"), "what was sent before is done now"


def test_nobody_ends_the_session_of_another() -> None:
    make_account("lan@example.org", password=PASSWORD)
    make_account("ife@example.org", password=PASSWORD)
    mine, theirs = Client(), Client()
    sign_in(mine, "lan@example.org")
    sign_in(theirs, "ife@example.org")
    (session,) = theirs.get("/accounts/sessions/").context["sessions"]
    assert mine.post(f"/accounts/sessions/{session.pk}/end/").status_code == 404
    assert theirs.get("/accounts/").status_code == 200


def test_too_many_attempts_at_one_account_are_stopped_for_all(client: Client) -> None:
    make_account("lan@example.org", password=PASSWORD)
    for _attempt in range(5):
        assert "do not belong together" in sign_in(client, "lan@example.org", "wrong").content.decode()
    page = sign_in(client, "lan@example.org")
    assert "Too many attempts" in page.content.decode()
    assert signed_in(client) is None


def test_too_many_requests_get_a_page_that_says_so(client: Client) -> None:
    answers = [sign_in(client, f"someone{n}@example.org", "wrong") for n in range(31)]
    assert {answer.status_code for answer in answers[:30]} == {200}
    assert answers[30].status_code == 429
    assert "That was a lot at once" in answers[30].content.decode()
    assert answers[30].headers["Retry-After"] == "60"


def test_a_closed_account_stays_out(client: Client) -> None:
    make_account("lan@example.org", password=PASSWORD, is_active=False)
    sign_in(client, "lan@example.org")
    assert signed_in(client) is None
    assert "is closed" in client.get("/accounts/inactive/").content.decode()


def test_changing_the_password_asks_for_the_old_one_and_signs_others_out(client: Client, outbox: Outbox) -> None:
    make_account("lan@example.org", password=PASSWORD)
    other = Client()
    sign_in(client, "lan@example.org")
    sign_in(other, "lan@example.org")
    new = {"password1": "otters-plant-slow-kites", "password2": "otters-plant-slow-kites"}
    wrong = client.post("/accounts/password/change/", new | {"oldpassword": "guess"})
    assert "not your password" in wrong.content.decode()
    client.post("/accounts/password/change/", new | {"oldpassword": PASSWORD})
    assert client.get("/accounts/").status_code == 200
    assert other.get("/accounts/").status_code == 302
    assert outbox.to("lan@example.org")[0].subject == "Your password was changed"


def test_another_address_is_confirmed_by_code_and_can_become_the_first(client: Client, outbox: Outbox) -> None:
    account = make_account("lan@example.org", password=PASSWORD)
    sign_in(client, "lan@example.org")
    client.post("/accounts/email/", {"action_add": "", "email": "lan@new.example"})
    assert not EmailAddress.objects.filter(email="lan@new.example", verified=True).exists()
    client.post(CONFIRM, {"code": outbox.code("lan@new.example")})
    client.post("/accounts/email/", {"action_primary": "", "email": "lan@new.example"})
    account.refresh_from_db()
    assert account.email == "lan@new.example"
    client.post("/accounts/email/", {"action_remove": "", "email": "lan@example.org"})
    assert [a.email for a in EmailAddress.objects.filter(user=account)] == ["lan@new.example"]


def test_a_relay_that_does_not_answer_is_said_where_a_code_is_needed(
    client: Client, settings: Any, tmp_path: Any
) -> None:
    backend = {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": {"host": "127.0.0.1", "port": 9}}
    settings.MAILERS = {"default": backend}
    make_account("lan@example.org", password=PASSWORD)
    page = client.post(BY_CODE, {"email": "lan@example.org"})
    assert page.status_code == 503
    assert "could not be sent" in page.content.decode()
    sign_in(client, "lan@example.org")
    assert signed_in(client), "a notice that is not sent keeps nobody out"
