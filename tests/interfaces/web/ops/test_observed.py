"""Each request has an id and one line in the log, under its route and never under its address."""

from __future__ import annotations

import logging

import pytest
import structlog
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import include, path

from milepost.interfaces.web import middleware
from milepost.interfaces.web.middleware import Observed
from milepost.interfaces.web.ops.metrics import REQUESTS

pytestmark = pytest.mark.django_db


def hello(request, key):
    logging.getLogger("milepost.test").info("inside")
    return HttpResponse(request.headers["X-Request-ID"])


urlpatterns = [path("join/<str:key>/", hello), path("", include("milepost.config.urls"))]


@pytest.fixture(autouse=True)
def addresses(settings):
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def written(monkeypatch):
    # A logger keeps the processors of its first line, and whoever set up logging again since has made new ones.
    monkeypatch.setattr(middleware, "logger", structlog.get_logger("milepost.requests"))
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as events:
        yield events


def test_an_id_is_made_and_goes_back(client):
    first, second = client.get("/join/k/"), client.get("/join/k/")
    assert first["X-Request-ID"] == first.content.decode()
    assert len(first["X-Request-ID"]) == 32
    assert first["X-Request-ID"] != second["X-Request-ID"]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("proxy-1234.5678", True),
        ("short", False),
        ("x" * 65, False),
        ('"><script>alert(1)</script>', False),
        ("line\nbreak-12345678", False),
        ("", False),
    ],
)
def test_a_proxys_id_is_taken_where_it_looks_like_one(given, taken):
    request = RequestFactory().get("/healthz", HTTP_X_REQUEST_ID=given)
    answer = Observed(lambda request: HttpResponse())(request)
    assert (answer["X-Request-ID"] == given) is taken


def test_one_line_with_the_route_and_not_the_address(client, written):
    client.get("/join/secret-invitation/?mail=amara@example.org", HTTP_X_REQUEST_ID="proxy-1234")
    lines = [event for event in written if event["event"] == "request"]
    assert len(lines) == 1
    assert lines[0] | {"ms": 0} == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "route": "join/<str:key>/",
        "status": 200,
        "ms": 0,
        "request_id": "proxy-1234",
    }
    assert "secret-invitation" not in str(written)
    assert "amara" not in str(written)


def test_lines_inside_a_request_carry_its_id(client, caplog):
    seen = []

    class Seeing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(structlog.contextvars.get_contextvars().get("request_id"))

    handler = Seeing()
    logger = logging.getLogger("milepost.test")
    logger.addHandler(handler)
    try:
        with caplog.at_level("INFO", logger="milepost.test"):
            client.get("/join/k/", HTTP_X_REQUEST_ID="proxy-1234")
    finally:
        logger.removeHandler(handler)
    assert seen == ["proxy-1234"]
    assert structlog.contextvars.get_contextvars() == {}


def test_probes_and_files_write_no_line_while_all_is_well(client, written):
    client.get("/healthz")
    client.get("/static/nothing.css")
    assert written == []


def test_odd_addresses_and_methods_make_no_series_of_their_own(client):
    def series():
        return {tuple(sample.labels.values()) for metric in REQUESTS.collect() for sample in metric.samples}

    client.get("/nowhere/1/")
    before = series()
    client.get("/nowhere/2/")
    client.generic("ODD", "/join/k/")
    client.generic("ODDER", "/join/k/")
    added = series() - before
    assert added <= {("join/<str:key>/", "other", "200")}
    assert len(added) <= 2
