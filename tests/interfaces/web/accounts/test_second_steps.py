"""The second step: an app's codes, recovery codes, and that no other way in goes past it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from milepost.foundation.identity.models import Account
from tests.factories import make_account
from tests.factories.people import PASSWORD

from .conftest import Outbox
from .test_signing_in import BY_CODE, RESET, sign_in, signed_in

pytestmark = pytest.mark.django_db

STEP = "/accounts/2fa/authenticate/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def step_now() -> int:
    """The number of the 30 seconds in which we are."""
    return int(time.time() // 30)


def code_now(secret: str = SECRET) -> str:
    """What an authenticator app would show (RFC 6238: SHA-1, 30 seconds, six digits), worked out apart from allauth."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, step_now().to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


def switch_on_app(account: Account) -> None:
    totp.TOTP.activate(account, SECRET)
    RecoveryCodes.activate(account)


def test_setting_up_an_app_and_signing_in_with_its_code(
    client: Client, outbox: Outbox, django_capture_on_commit_callbacks: Any
) -> None:
    make_account("lan@example.org", password=PASSWORD)
    sign_in(client, "lan@example.org")
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    secret = re.search(r'<code class="key">(\w+)</code>', page)[1]
    assert "does not fit" in client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    assert done.headers["Location"] == "/accounts/2fa/recovery-codes/"
    assert "second step" in outbox.to("lan@example.org")[0].subject
    client.post("/accounts/logout/")
    assert sign_in(client, "lan@example.org").headers["Location"] == STEP
    assert signed_in(client) is None
    assert client.get("/accounts/").status_code == 302
    # A code works once, so the one used a moment ago is taken back for the test.
    cache.clear()
    client.post(STEP, {"code": code_now(secret)})
    assert signed_in(client)


def test_a_recovery_code_opens_once(client: Client) -> None:
    account = make_account("lan@example.org", password=PASSWORD)
    switch_on_app(account)
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    sign_in(client, "lan@example.org")
    client.post(STEP, {"code": code})
    assert signed_in(client)
    again = Client()
    sign_in(again, "lan@example.org")
    again.post(STEP, {"code": code})
    assert signed_in(again) is None


def test_recovery_codes_are_shown_downloaded_and_made_anew(client: Client, outbox: Outbox) -> None:
    account = make_account("lan@example.org", password=PASSWORD)
    client.force_login(account)
    switch_on_app(account)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    shown = re.findall(r"<li><code>(\d+)</code>", client.get("/accounts/2fa/recovery-codes/").content.decode())
    assert len(shown) == 10
    file = client.get("/accounts/2fa/recovery-codes/download/")
    assert file.content.decode().split() == shown
    client.post("/accounts/2fa/recovery-codes/generate/")
    assert set(Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()).isdisjoint(shown)


def test_no_other_way_in_goes_past_the_second_step(outbox: Outbox) -> None:
    switch_on_app(make_account("lan@example.org", password=PASSWORD))
    by_code = Client()
    by_code.post(BY_CODE, {"email": "lan@example.org"})
    answer = by_code.post(f"{BY_CODE}confirm/", {"code": outbox.code("lan@example.org")})
    assert answer.headers["Location"] == STEP
    assert signed_in(by_code) is None
    by_reset = Client()
    by_reset.post(RESET, {"email": "lan@example.org"})
    by_reset.post(f"{RESET}confirm/", {"code": outbox.code("lan@example.org")})
    new = "otters-plant-slow-kites"
    by_reset.post(f"{RESET}complete/", {"password1": new, "password2": new})
    assert signed_in(by_reset) is None
    assert sign_in(by_reset, "lan@example.org", new).headers["Location"] == STEP
    assert signed_in(by_reset) is None
    for address in ("/accounts/", "/accounts/email/", "/accounts/2fa/", "/accounts/2fa/totp/deactivate/"):
        assert by_reset.get(address).status_code in {302, 404}, address
    by_reset.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(type="totp").exists()


def test_guessing_codes_is_stopped(client: Client) -> None:
    switch_on_app(make_account("lan@example.org", password=PASSWORD))
    sign_in(client, "lan@example.org")
    for _guess in range(5):
        client.post(STEP, {"code": "000000"})
    page = client.post(STEP, {"code": code_now()})
    assert signed_in(client) is None
    assert "Too many attempts" in page.content.decode()


def test_an_app_is_taken_away_only_after_being_asked_again(client: Client, outbox: Outbox) -> None:
    account = make_account("lan@example.org", password=PASSWORD)
    switch_on_app(account)
    client.force_login(account)
    asked = client.post("/accounts/2fa/totp/deactivate/")
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    assert Authenticator.objects.filter(type="totp").exists()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(type="totp").exists()
    assert "taken away" in outbox.to("lan@example.org")[0].subject


def test_the_overview_counts_what_there_is(client: Client) -> None:
    account = make_account("lan@example.org", password=PASSWORD)
    client.force_login(account)
    assert "You have none yet" in client.get("/accounts/2fa/").content.decode()
    switch_on_app(account)
    Authenticator.objects.create(
        user=account, type="webauthn", data={"name": "my phone", "credential": {}}, created_at=timezone.now()
    )
    page = client.get("/accounts/2fa/").content.decode()
    assert "You have 1 passkey." in page
    assert "You have 10 codes left" in page


def test_asking_again_offers_every_way_that_there_is(client: Client) -> None:
    account = make_account("lan@example.org", password=PASSWORD)
    switch_on_app(account)
    client.force_login(account)
    page = client.get("/accounts/reauthenticate/").content.decode()
    assert "/accounts/2fa/reauthenticate/" in page
    client.post("/accounts/2fa/reauthenticate/?next=/accounts/", {"code": code_now()})
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 200
