"""Sign-in in a real browser: passkeys with Chromium's own virtual authenticator, passwords, a provider, without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth

from milepost.foundation.identity.models import Account
from tests.factories import make_account
from tests.factories.people import PASSWORD
from tests.interfaces.web.accounts.conftest import Outbox
from tests.interfaces.web.accounts.provider import Provider
from tests.interfaces.web.accounts.test_second_steps import code_now, step_now, switch_on_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

INSIDE = "internal"
DEVICE = {
    "protocol": "ctap2",
    "transport": INSIDE,
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Device:
    """A phone with a lock, as Chromium plays it (the DevTools protocol's WebAuthn domain)."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        self.id = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return found

    def refuse(self) -> None:
        """The person's finger does not match any more."""
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": False})


def sign_in(page: Page, url: str, mail: str = "lan@example.org", password: str = PASSWORD) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Mail address").fill(mail)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()


def add_passkey(page: Page, url: str, *, alone: bool = True) -> None:
    page.goto(f"{url}/accounts/2fa/webauthn/add/")
    page.get_by_label("Name of this passkey").fill("my phone")
    page.get_by_label("Let me sign in with it alone").set_checked(alone)
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/recovery-codes/")


@pytest.fixture
def lan(live_server: Any) -> Account:
    return make_account("lan@example.org", name="Lan Nguyễn", password=PASSWORD)


def test_a_passkey_is_made_and_opens_the_account_alone(
    page: Page, live_server: Any, lan: Account, outbox: Outbox
) -> None:
    device = Device(page)
    sign_in(page, live_server.url)
    add_passkey(page, live_server.url)
    assert page.get_by_text("Your passkey is added.").is_visible()
    (held,) = device.credentials()
    assert held["isResidentCredential"] is True
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/")
    assert page.get_by_role("listitem").filter(has_text="my phone").get_by_text("not used yet").is_visible()
    assert any(mail.subject == "A passkey was added" for mail in outbox.to(lan.email))

    sign_out(page, live_server.url)
    page.goto(f"{live_server.url}/accounts/login/?next=/styleguide/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{live_server.url}/styleguide/")
    page.goto(f"{live_server.url}/accounts/")
    assert page.get_by_role("heading", name="Your account", level=1).is_visible()
    assert Authenticator.objects.get(type="webauthn").last_used_at is not None


def test_a_device_that_says_no_leaves_everything_as_it_is(page: Page, live_server: Any, lan: Account) -> None:
    device = Device(page)
    sign_in(page, live_server.url)
    add_passkey(page, live_server.url)
    sign_out(page, live_server.url)
    device.refuse()
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    assert "was not used" in page.get_by_role("alert").inner_text()
    page.goto(f"{live_server.url}/accounts/")
    assert "/accounts/login/" in page.url


def test_a_passkey_is_the_second_step_where_it_may_not_open_alone(page: Page, live_server: Any, lan: Account) -> None:
    Device(page)
    sign_in(page, live_server.url)
    add_passkey(page, live_server.url, alone=False)
    sign_out(page, live_server.url)
    sign_in(page, live_server.url)
    page.wait_for_url("**/2fa/authenticate/")
    page.goto(f"{live_server.url}/accounts/")
    assert page.url == f"{live_server.url}/accounts/2fa/authenticate/", "the pages of the account stay shut until then"
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{live_server.url}/")
    page.goto(f"{live_server.url}/accounts/2fa/")
    assert page.get_by_text("You have 1 passkey.").is_visible()


def test_a_passkey_is_renamed_and_removed_after_being_asked_again(page: Page, live_server: Any, lan: Account) -> None:
    Device(page)
    sign_in(page, live_server.url)
    add_passkey(page, live_server.url)
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/")
    page.get_by_role("link", name="Rename my phone").click()
    page.get_by_label("Name of this passkey").fill("the key on my ring")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Remove the key on my ring").click()
    assert page.get_by_role("heading", name="Remove “the key on my ring”?").is_visible()
    page.get_by_role("button", name="Remove it").click()
    assert page.get_by_text("The passkey is removed.").is_visible()
    assert not Authenticator.objects.filter(type="webauthn").exists()


def test_asking_again_takes_a_passkey_too(page: Page, live_server: Any, lan: Account) -> None:
    Device(page)
    sign_in(page, live_server.url)
    add_passkey(page, live_server.url)
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/reauthenticate/?next=/accounts/close/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/accounts/close/")
    assert page.get_by_role("button", name="Close it for good").is_visible()


def test_a_code_from_an_app_and_a_recovery_code(
    page: Page, live_server: Any, lan: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A browser may take longer than the 30 seconds of a code have left: they stand still.
    step = step_now()
    monkeypatch.setattr(auth, "yield_hotp_counters_from_time", lambda: iter([step]))
    code = code_now()
    switch_on_app(lan)
    recovery = Authenticator.objects.get(type="recovery_codes").wrap()
    for given in (code, recovery.get_unused_codes()[0]):
        sign_in(page, live_server.url)
        assert page.url == f"{live_server.url}/accounts/2fa/authenticate/"
        page.get_by_label("Code from your app, or a recovery code").fill(given)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"{live_server.url}/")
        page.goto(f"{live_server.url}/accounts/")
        assert page.url == f"{live_server.url}/accounts/", "one's own account is open"
        sign_out(page, live_server.url)
    sign_in(page, live_server.url)
    page.get_by_label("Code from your app, or a recovery code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert page.get_by_text("does not fit").is_visible(), "a code opens once"


def test_a_provider_in_a_browser_which_lets_no_form_lead_elsewhere(
    page: Page,
    live_server: Any,
    provider: Provider,
) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_role("button", name="Continue with House").click()
    page.wait_for_url(f"{live_server.url}/")
    page.goto(f"{live_server.url}/accounts/")
    assert page.get_by_label("Your name").input_value() == "Noor Rahimi"
    assert refused == []


def test_the_password_can_be_looked_at(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}/accounts/signup/")
    field = page.get_by_label("Password", exact=True)
    field.fill("four-quiet-herons-wade")
    assert field.get_attribute("type") == "password"
    page.get_by_role("button", name="Show password").click()
    assert field.get_attribute("type") == "text"
    page.get_by_role("button", name="Hide password").click()
    assert field.get_attribute("type") == "password"


def test_all_of_it_works_without_scripts(chromium: Browser, live_server: Any, outbox: Outbox) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/accounts/signup/")
        page.get_by_label("Your name").fill("Noor Rahimi")
        page.get_by_label("Mail address").fill("noor@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Make my account").click()
        page.get_by_label("The code from the mail").fill(outbox.code("noor@example.org"))
        page.get_by_role("button", name="Go on").click()
        page.goto(f"{live_server.url}/accounts/")
        assert page.get_by_label("Your name").input_value() == "Noor Rahimi"
        sign_out(page, live_server.url)
        page.goto(f"{live_server.url}/accounts/login/")
        assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()
        sign_in(page, live_server.url, "noor@example.org")
        page.goto(f"{live_server.url}/accounts/2fa/webauthn/add/")
        assert page.get_by_text("Passkeys need JavaScript").is_visible()


def test_a_mail_is_read_in_the_outbox(page: Page, live_server: Any, outbox: Outbox) -> None:
    make_account("lan@example.org")
    page.goto(f"{live_server.url}/accounts/login/code/")
    page.get_by_label("Mail address").fill("lan@example.org")
    page.get_by_role("button", name="Mail me a code").click()
    page.get_by_role("link", name="in the outbox").click()
    page.get_by_role("link", name="is your code to sign in").click()
    code = outbox.code("lan@example.org")
    assert code in page.locator(".letter").inner_text()
    assert code in page.frame_locator("iframe").locator("body").inner_text()
