"""/healthz, /readyz, /metrics: who may ask, and what they say when the database is away."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import override_settings

from milepost.foundation.common import schema
from milepost.interfaces.web.ops import probes

pytestmark = pytest.mark.django_db
PROXIED = {"HTTP_X_FORWARDED_FOR": "198.51.100.7"}


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(probes, "_migrated", False)


@pytest.fixture
def database_away(monkeypatch):
    def cursor(*args, **kwargs):
        raise OperationalError("unable to open database file")

    monkeypatch.setattr(connection, "cursor", cursor)


def test_alive_whatever_the_host_and_without_the_database(client, database_away):
    answer = client.get("/healthz", HTTP_HOST="10.0.0.9:8000")
    assert answer.status_code == 200
    assert answer.json()["status"] == "alive"
    assert answer["Content-Length"] == str(len(answer.content))


def test_ready(client):
    assert client.get("/readyz", HTTP_HOST="10.0.0.9").json()["status"] == "ready"


def test_not_ready_without_the_database(client, database_away):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "does not answer" in answer.json()["reason"]
    assert answer["Retry-After"]


def test_not_ready_before_migrations_ran(client, monkeypatch):
    monkeypatch.setattr(schema, "pending", lambda: [("spaces", "0002_more")])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "milepost upgrade" in answer.json()["reason"]
    monkeypatch.setattr(schema, "pending", list)
    assert client.get("/readyz").status_code == 200
    # Found once, it is not looked for at each probe.
    monkeypatch.setattr(schema, "pending", lambda: [("spaces", "0002_more")])
    assert client.get("/readyz").status_code == 200


@override_settings(SECURE_SSL_REDIRECT=True)
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_are_not_sent_to_https(client, path):
    assert client.get(path).status_code == 200


def test_metrics_name_requests_jobs_readers_and_the_database(client):
    client.get("/healthz")
    client.get("/nowhere/at/all/")
    text = client.get("/metrics").content.decode()
    assert 'milepost_http_requests_total{method="GET",route="probe",status="200"}' in text
    assert 'route="nowhere",status="404"' in text
    assert 'milepost_reader_behind{reader="rollup"}' in text
    for name in ("milepost_jobs_running", "milepost_jobs_failed_unanswered", "milepost_database_up 1.0"):
        assert name in text


def test_metrics_without_the_database_say_so(client, database_away):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "milepost_database_up 0.0" in answer.content.decode()


@pytest.mark.parametrize(
    ("token", "extra", "allowed"),
    [
        ("", {"REMOTE_ADDR": "127.0.0.1"}, True),
        ("", {"REMOTE_ADDR": "::1"}, True),
        ("", {"REMOTE_ADDR": "127.0.0.1"} | PROXIED, False),
        ("", {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=198.51.100.7"}, False),
        ("", {"REMOTE_ADDR": "198.51.100.7"}, False),
        ("", {"REMOTE_ADDR": ""}, False),
        ("", {"REMOTE_ADDR": "198.51.100.7", "HTTP_AUTHORIZATION": "Bearer "}, False),
        ("secret", {"REMOTE_ADDR": "198.51.100.7", "HTTP_AUTHORIZATION": "Bearer secret"}, True),
        ("secret", {"REMOTE_ADDR": "127.0.0.1", "HTTP_AUTHORIZATION": "Bearer secret"} | PROXIED, True),
        ("secret", {"REMOTE_ADDR": "198.51.100.7", "HTTP_AUTHORIZATION": "Bearer sécret"}, False),
        ("secret", {"REMOTE_ADDR": "198.51.100.7"}, False),
    ],
)
def test_who_may_see_the_metrics(client, settings, token, extra, allowed):
    settings.METRICS_TOKEN = token
    answer = client.get("/metrics", **extra)
    assert answer.status_code == (200 if allowed else 404)
    assert (b"milepost_" in answer.content) is allowed
