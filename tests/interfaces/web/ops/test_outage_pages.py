"""The page for a database that is full, locked or away: it says what is safe, and needs no database itself."""

from __future__ import annotations

import errno

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.urls import include, path

from milepost.interfaces.web.ops.metrics import OUTAGES
from tests.factories.people import make_account

pytestmark = pytest.mark.django_db


def failing(request, kind):
    if kind == "fault":
        raise ValueError("ours")
    if kind == "disk":
        raise OSError(errno.ENOSPC, "No space left on device")
    if kind == "signed-in":
        return HttpResponse(str(request.user.is_authenticated))
    raise OperationalError(
        {"full": "database or disk is full", "locked": "database is locked", "away": "unable to open database file"}[
            kind
        ]
    )


urlpatterns = [path("failing/<str:kind>/", failing), path("", include("milepost.config.urls"))]
handler500 = "milepost.interfaces.web.errors.server_error"


@pytest.fixture(autouse=True)
def addresses(settings, client):
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("full", 507, "no room left"),
        ("disk", 507, "no room left"),
        ("locked", 503, "should work now"),
        ("away", 503, "does not answer"),
    ],
)
def test_an_outage_says_what_is_safe(client, kind, status, said):
    client.force_login(make_account())
    before = sum(sample.value for metric in OUTAGES.collect() for sample in metric.samples if "_total" in sample.name)
    answer = client.get(f"/failing/{kind}/", HTTP_X_REQUEST_ID="proxy-1234")
    page = answer.content.decode()
    assert answer.status_code == status
    assert said in page
    assert "everything before it is safe" in page
    assert "proxy-1234" in page
    assert ("Retry-After" in answer) is (status == 503)
    after = sum(sample.value for metric in OUTAGES.collect() for sample in metric.samples if "_total" in sample.name)
    assert after == before + 1


def test_the_page_asks_nothing_of_the_database(client, monkeypatch):
    client.force_login(make_account())

    def away(*args, **kwargs):
        raise OperationalError("unable to open database file")

    monkeypatch.setattr(connection, "cursor", away)
    monkeypatch.setattr(SessionStore, "load", away)
    answer = client.get("/failing/signed-in/")
    assert answer.status_code == 503
    assert "does not answer" in answer.content.decode()


def test_a_fault_of_ours_is_no_outage(client):
    answer = client.get("/failing/fault/")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()
