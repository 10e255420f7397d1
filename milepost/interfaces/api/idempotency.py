"""A write with an `Idempotency-Key` is done once: the same request again gets the same answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pydantic_core
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja.responses import Status

from milepost.foundation.identity.models import IdempotentAnswer

from .problems import Problem


def once(request: Any, status: int, work: Callable[[], Any]) -> Any:
    """Do the work, or repeat the answer that it gave before. Only what succeeded is kept: a refusal changed nothing."""
    key = request.headers.get("Idempotency-Key", "")
    request.kept = None
    if not key:
        return Status(status, work())
    kept, mine = IdempotentAnswer.claim(account=request.token.account, key=key, fingerprint=_fingerprint(request))
    if not mine:
        return _again(request, kept)
    request.kept = kept
    try:
        answer = work()
        kept.keep(status=status, body=json.loads(pydantic_core.to_json(answer)) if status != 204 else None)
    except BaseException:
        kept.release()
        raise
    return Status(status, answer)


def _again(request: Any, kept: IdempotentAnswer) -> HttpResponse:
    if kept.fingerprint != _fingerprint(request):
        raise Problem(
            "invalid",
            _("This Idempotency-Key belongs to another request."),
            _("Take a new key for each request, and the same one to repeat it."),
        )
    if kept.status == IdempotentAnswer.AT_WORK:
        raise Problem("conflict", _("The first request with this key is still at work."), headers={"Retry-After": "2"})
    content = b"" if kept.body is None else json.dumps(kept.body).encode()
    return HttpResponse(
        content, status=kept.status, content_type="application/json", headers={"Idempotency-Replayed": "true"}
    )


def _fingerprint(request: Any) -> str:
    """Of what was asked: method, address and body; SHA-256 in hexadecimal."""
    if not hasattr(request, "_milepost_fingerprint"):
        mark = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
        if request.content_type == "multipart/form-data":
            for name, values in sorted(request.POST.lists()):
                mark.update(json.dumps([name, values]).encode())
            for name, file in sorted(request.FILES.items()):
                mark.update(json.dumps([name, file.name, file.size]).encode())
                for chunk in file.chunks():
                    mark.update(chunk)
                file.seek(0)
        else:
            mark.update(request.body)
        request._milepost_fingerprint = mark.hexdigest()
    found: str = request._milepost_fingerprint
    return found
