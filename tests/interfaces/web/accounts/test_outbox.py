"""The mailbox page of a site without a relay, and that there is none elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import allauth
import pytest
from django.core.mail import EmailMultiAlternatives, send_mail
from django.test import Client, RequestFactory

from milepost.interfaces.web.accounts.adapter import AccountAdapter
from milepost.interfaces.web.accounts.letters import LETTERS

from .conftest import Outbox

pytestmark = pytest.mark.django_db


def one_mail(subject: str = "Grüße – ✓", text: str = "See https://example.org/a?b=1 now.\n", html: str = "") -> None:
    mail = EmailMultiAlternatives(subject, text, to=["lan@example.org"])
    if html:
        mail.attach_alternative(html, "text/html")
    mail.send()


def test_an_empty_outbox_says_what_belongs_there(client: Client, outbox: Outbox) -> None:
    assert "No mail yet" in client.get("/dev/outbox/").content.decode()


def test_mails_are_listed_the_newest_first_and_read(client: Client, outbox: Outbox) -> None:
    one_mail("First")
    one_mail()
    page = client.get("/dev/outbox/").content.decode()
    assert page.index("Grüße – ✓") < page.index("First")
    address = re.search(r'href="(/dev/outbox/[^"]+/0/)"', page)[1]
    mail = client.get(address).content.decode()
    assert '<a href="https://example.org/a?b=1"' in mail
    assert "<iframe" not in mail


def test_html_stands_in_a_frame_that_runs_nothing(client: Client, outbox: Outbox) -> None:
    one_mail(html='<p style="color:red">Hello</p><script>alert(1)</script>')
    sent = outbox.mails()[0]
    page = client.get(f"/dev/outbox/{sent.file}/0/")
    assert "sandbox=" in page.content.decode()
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    framed = client.get(f"/dev/outbox/{sent.file}/0/html/")
    policy = framed.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "script-src" not in policy
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Hello" in framed.content.decode()


def test_several_mails_in_one_file_are_told_apart(client: Client, outbox: Outbox) -> None:
    from django.core.mail import mailers

    connection = mailers["default"]
    connection.send_messages([EmailMultiAlternatives(f"No. {n}", "-" * 40, to=["a@example.org"]) for n in range(3)])
    assert {mail.subject for mail in outbox.mails()} == {"No. 0", "No. 1", "No. 2"}
    file = outbox.mails()[0].file
    assert "No. 2" in client.get(f"/dev/outbox/{file}/2/").content.decode()
    assert client.get(f"/dev/outbox/{file}/3/").status_code == 404


@pytest.mark.parametrize("file", ["..%2Fsecrets", "%2e%2e", "django", "x.log", "...log"])
def test_no_other_file_is_read(client: Client, outbox: Outbox, file: str) -> None:
    (outbox.folder.parent / "secrets").write_text("no")
    assert client.get(f"/dev/outbox/{file}/0/").status_code == 404


def test_a_real_site_has_no_such_page(client: Client, outbox: Outbox, settings: Any) -> None:
    one_mail()
    file = outbox.mails()[0].file
    settings.DEV_OUTBOX = False
    for address in ("", f"{file}/0/", f"{file}/0/html/"):
        assert client.get(f"/dev/outbox/{address}").status_code == 404


# --- the mails themselves ---------------------------------------------------------------------------

NEVER_SENT = {
    "account/email/email_confirm",
    "account/email/password_reset_key",  # resets go by code
}


def prefixes_of_allauth() -> set[str]:
    templates = Path(allauth.__file__).parent / "templates"
    found = templates.glob("*/email/*_subject.txt")
    return {str(path.relative_to(templates)).removesuffix("_subject.txt") for path in found}


def test_there_is_a_letter_for_whatever_allauth_sends() -> None:
    assert prefixes_of_allauth() - NEVER_SENT <= set(LETTERS)


@pytest.mark.parametrize("prefix", sorted(LETTERS))
def test_each_letter_says_the_same_in_text_and_in_html(prefix: str) -> None:
    context = {
        "code": "QX4 7TZ",
        "provider": "House <b>",
        "to_email": "new@example.org",
        "from_email": "old@example.org",
        "deleted_email": "gone@example.org",
        "ip": "192.0.2.7",
        "user_agent": "Mozilla/5.0 (X11; Linux) Firefox/150.0",
    }
    mail = AccountAdapter(RequestFactory().get("/")).render_mail(prefix, "lan@example.org", context)
    assert isinstance(mail, EmailMultiAlternatives)
    html = str(mail.alternatives[0][0])
    assert mail.subject
    text = str(mail.body)
    assert "%(" not in f"{mail.subject}{text}{html}"
    assert "<b>" not in html.replace("<br>", "").split("</head>")[1] or "House" not in html
    letter = LETTERS[prefix]
    if letter.code:
        assert "QX4 7TZ" in text
        assert "QX4 7TZ" in html
    if letter.notice:
        for said in (text, html):
            assert "Firefox on Linux" in said
            assert "192.0.2.7" in said
            assert "/accounts/password/reset/" in said
    if letter.action:
        assert "http" in text


def test_a_letter_comes_in_the_language_of_its_account(outbox: Outbox) -> None:
    from tests.factories import make_account

    make_account("lan@example.org", language="de")
    send_mail("x", "y", None, ["z@example.org"])
    mail = AccountAdapter(RequestFactory().get("/")).render_mail(
        "account/email/login_code", "lan@example.org", {"code": "A"}
    )
    assert isinstance(mail, EmailMultiAlternatives)
    assert 'lang="de"' in str(mail.alternatives[0][0])
