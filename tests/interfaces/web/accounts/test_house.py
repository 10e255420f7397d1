"""allauth's pages are the house's: each one that can be reached is drawn by a template of ours, under our policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.template import engines
from django.test import Client

import milepost
from milepost.interfaces.web.accounts.urls import urlpatterns

OURS = Path(milepost.__file__).parent
# Chosen inside a view, not by the class that is routed.
MORE = [
    "account/confirm_email_verification_code.html",
    "account/signup_closed.html",
    "socialaccount/login.html",
    "socialaccount/authentication_error.html",
]


def templates() -> list[str]:
    """Of all of allauth's views that have an address."""
    named = [getattr(getattr(p.callback, "view_class", None), "template_name", None) for p in urlpatterns]
    return sorted({name for name in named if name and name.endswith(".html")} | set(MORE))


def test_there_are_many() -> None:
    assert len(templates()) > 25


@pytest.mark.parametrize("name", templates())
def test_every_page_of_allauth_is_drawn_by_the_house(name: str) -> None:
    drawn_by = Path(engines["django"].engine.get_template(name).origin.name)  # type: ignore[attr-defined]
    assert drawn_by.is_relative_to(OURS), drawn_by


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/signup/passkey/",
        "/accounts/2fa/webauthn/signup/",
        "/accounts/confirm-email/abc/",
        "/accounts/phone/verify/",
        "/accounts/2fa/trust/",
    ],
)
def test_what_the_house_does_not_use_has_no_address(address: str) -> None:
    assert Client().get(address).status_code == 404


@pytest.mark.django_db
def test_sign_in_is_shown_in_no_frame_and_kept_in_no_cache() -> None:
    page = Client().get("/accounts/login/")
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]
    assert "no-store" in page.headers["Cache-Control"]
    assert " style=" not in page.content.decode()
