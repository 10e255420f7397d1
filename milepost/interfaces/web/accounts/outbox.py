"""`/dev/outbox/`: the mails that a site without a relay would have sent. In development only; elsewhere there is no such page."""

from __future__ import annotations

import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from milepost.interfaces.web.access import open_route

NEWEST = 100
"""Mails that the list shows."""
_BETWEEN = b"\n" + b"-" * 79 + b"\n"
"""What Django's backend writes after each mail of a file."""
_NAME = re.compile(r"^[0-9A-Za-z-]+\.log$")

FRAMED: dict[str, Any] = {**settings.SECURE_CSP, "frame-src": [CSP.SELF]}
LETTER: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "img-src": ["data:"],
    "style-src": ["'unsafe-inline'"],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
"""A mail's HTML: its own inline styles, and nothing that runs."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One mail in the folder. `file` and `number` (from 0) say where it lies."""

    file: str
    number: int
    message: EmailMessage
    at: datetime

    @property
    def subject(self) -> str:
        return str(self.message["subject"] or "")

    @property
    def to(self) -> str:
        return str(self.message["to"] or "")

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part is not None else ""


def newest(folder: Path) -> list[Sent]:
    """The mails of the folder, the newest first."""
    if not folder.is_dir():
        return []
    files = sorted((p for p in folder.iterdir() if _NAME.match(p.name)), key=lambda p: p.stat().st_mtime, reverse=True)
    sent: list[Sent] = []
    for path in files[:NEWEST]:
        sent += reversed(_read(path))
    sent.sort(key=lambda mail: mail.at, reverse=True)
    return sent[:NEWEST]


def one(folder: Path, file: str, number: int) -> Sent:
    """Raises Http404 for a mail that is not there."""
    path = folder / file
    if not _NAME.match(file) or not path.is_file():
        raise Http404
    mails = _read(path)
    if not 0 <= number < len(mails):
        raise Http404
    return mails[number]


def _read(path: Path) -> list[Sent]:
    parser = BytesParser(policy=email.policy.default)
    pieces = [piece for piece in (path.read_bytes() + b"\n").split(_BETWEEN) if piece.strip()]
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    sent = []
    for number, piece in enumerate(pieces):
        message = parser.parsebytes(piece.lstrip(b"\n"))
        assert isinstance(message, EmailMessage)
        sent.append(Sent(path.name, number, message, _date(message) or changed))
    return sent


def _date(message: EmailMessage) -> datetime | None:
    try:
        return parsedate_to_datetime(str(message["date"]))
    except ValueError:
        return None


def _only_in_development() -> None:
    if not settings.DEV_OUTBOX:
        raise Http404


@open_route("development only: 404 elsewhere")
@require_safe
def outbox(request: HttpRequest) -> HttpResponseBase:
    _only_in_development()
    return render(request, "web/accounts/outbox.html", {"mails": newest(Path(settings.OUTBOX))})


@open_route("development only: 404 elsewhere")
@require_safe
@csp_override(FRAMED)
def letter(request: HttpRequest, file: str, number: int) -> HttpResponseBase:
    _only_in_development()
    return render(request, "web/accounts/outbox_mail.html", {"mail": one(Path(settings.OUTBOX), file, number)})


@open_route("development only: 404 elsewhere")
@require_safe
@xframe_options_sameorigin
@csp_override(LETTER)
def letter_html(request: HttpRequest, file: str, number: int) -> HttpResponseBase:
    _only_in_development()
    return HttpResponse(one(Path(settings.OUTBOX), file, number).html)
