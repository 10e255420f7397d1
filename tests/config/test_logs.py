"""What gets into a log line, and what never does."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest
import structlog

from milepost.config import logs

SECRETS = {
    "mail": "amara.okonkwo@example.org",
    "token": "mp_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6",
    "database": "s3cr3t-pass",
    "bearer": "eyJhbGciOi.JIUzI1NiIs",
    "name": "Lan Nguyễn",
    "reset": "7f-c1d2e3f4a5",
}
SCRIPT = f"""
import logging, sys, structlog
from milepost.config import logs
logs.configure({{"format": sys.argv[1], "level": "INFO"}})
plain, ours = logging.getLogger("milepost.test"), structlog.get_logger("milepost.test")
plain.info("Mail to %s was taken", "{SECRETS["mail"]}")
plain.info("connecting to postgresql://milepost:{SECRETS["database"]}@db.example.org/milepost")
ours.info("called", authorization="Bearer {SECRETS["bearer"]}", password="{SECRETS["database"]}")
ours.info("sent Authorization: Bearer {SECRETS["bearer"]} with {SECRETS["token"]}", name="{SECRETS["name"]}")
ours.info("nested", data={{"mail": "{SECRETS["mail"]}", "token": "{SECRETS["token"]}"}})
logging.getLogger("django.request").error("Internal Server Error: %s", "/accounts/password/reset/key/{SECRETS["reset"]}/")
def fail():
    mine = "{SECRETS["name"]}"
    raise ValueError('duplicate key\\nDETAIL:  Key (community_id, name)=(1, {SECRETS["name"]}) already exists.')
try:
    fail()
except ValueError:
    plain.exception("A job failed for {SECRETS["mail"]}")
with structlog.contextvars.bound_contextvars(request_id="abc12345"):
    plain.warning("inside")
plain.debug("too quiet")
"""


def lines(form: str) -> str:
    done = subprocess.run([sys.executable, "-c", SCRIPT, form], capture_output=True, text=True, check=True)
    assert done.stdout == "", "logs go to standard error"
    return done.stderr


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_personal_data_and_no_secret(form):
    written = lines(form)
    assert "A job failed for [mail]" in written
    for secret in SECRETS.values():
        assert secret not in written
    # What helps is still there.
    assert "postgresql://milepost:[hidden]@db.example.org/milepost" in written
    assert "in fail" in written
    assert "Internal Server Error: [path]" in written


def test_every_line_is_json_and_carries_the_requests_id():
    found = [json.loads(line) for line in lines("json").splitlines()]
    assert all({"event", "level", "timestamp", "logger"} <= set(line) for line in found)
    inside = next(line for line in found if line["event"] == "inside")
    assert inside["request_id"] == "abc12345"
    assert not any(line["event"] == "too quiet" for line in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to a.b+c@mail.example.org now", "to [mail] now"),
        ("smtp://me:pw@host:587", "smtp://me:[hidden]@host:587"),
        ("Key (mail)=(x) exists", "[values]"),
        ("Failing row contains (1, Ada, ada).", "[values]"),
        ("community garden, 3 rows", "community garden, 3 rows"),
        ("a @ b", "a @ b"),
    ],
)
def test_what_is_blotted_out(text, expected):
    assert logs.scrubbed(text) == expected


@pytest.mark.parametrize(
    ("key", "hidden"),
    [("password", True), ("api_token", True), ("email", True), ("session", True), ("csrf_token", True), ("name", True),
     ("route", False), ("status", False), ("job_name", False), ("monkey", False)],
)  # fmt: skip
def test_which_keys_are_emptied(key, hidden):
    assert (logs.scrub(None, "", {key: "value"})[key] == "[hidden]") is hidden


def test_the_site_logs_so():
    assert isinstance(structlog.get_logger("milepost.test").bind(), structlog.stdlib.BoundLogger)
    handlers = logging.getLogger().handlers
    assert any(isinstance(one.formatter, structlog.stdlib.ProcessorFormatter) for one in handlers)
