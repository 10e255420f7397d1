"""What went wrong, as problem details (RFC 9457). Nothing of the inside is shown."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import BaseModel, ConfigDict, Field

from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.common.outages import Outage, outage_of
from milepost.foundation.conditions import Invalid

logger = structlog.get_logger("milepost.api")

MEDIA_TYPE = "application/problem+json"

KINDS: dict[str, tuple[int, Any, Any]] = {
    "malformed": (400, gettext_lazy("The request cannot be read"), gettext_lazy("The body is no JSON in UTF-8, or a header is broken.")),
    "no-token": (401, gettext_lazy("A token is needed"), gettext_lazy("There is no token, or it is unknown, expired or revoked.")),
    "not-allowed": (403, gettext_lazy("This is not allowed"), gettext_lazy("The token lacks the scope, or your role the permission.")),
    "not-found": (404, gettext_lazy("There is no such thing"), gettext_lazy("It is not there, or not for this token. A token sees its own community only.")),
    "method-not-allowed": (405, gettext_lazy("This cannot be done here"), gettext_lazy("The address takes other methods; the header Allow names them.")),
    "conflict": (409, gettext_lazy("Something else came first"), gettext_lazy("Someone changed it meanwhile, it was done already, or the same key is at work now.")),
    "too-large": (413, gettext_lazy("This is too much at once"), gettext_lazy("Send less, or send it in parts.")),
    "media-type": (415, gettext_lazy("The body is of another type"), gettext_lazy("Say the type in Content-Type: JSON, and multipart for uploads.")),
    "invalid": (422, gettext_lazy("The request is not valid"), gettext_lazy("Some fields are missing, unknown or wrong; `errors` names each.")),
    "refused": (422, gettext_lazy("The community's rules refuse this"), gettext_lazy("`detail` says why and `hint` what to do.")),
    "too-many-requests": (429, gettext_lazy("Too many requests"), gettext_lazy("Wait as many seconds as the header Retry-After says.")),
    "broken": (500, gettext_lazy("Something broke here"), gettext_lazy("It is not your fault. Tell the operators the request id.")),
    "busy": (503, gettext_lazy("The database cannot answer now"), gettext_lazy("Nothing was lost. Try again in a few seconds.")),
    "no-room": (507, gettext_lazy("The disk is full"), gettext_lazy("Reading works; nothing can be saved until the operators make room.")),
}  # fmt: skip
"""Of each kind of problem: status, title, and what it means. The kind is the end of its `type`."""

REFERENCE = "/api/v1/docs"


class FieldError(BaseModel):
    """One field that is wrong."""

    where: str = Field(description="body, query, path, header, form or file")
    pointer: str = Field(description="JSON pointer into the body, or the name of the parameter")
    detail: str


class ProblemDocument(BaseModel):
    """Why there is no answer (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="What kind of problem it is; leads to the reference")
    title: str
    status: int
    detail: str
    hint: str = Field("", description="What to do next")
    instance: str = Field("", description="The request's id, as operators find it in their logs")
    scope: str = Field("", description="The scope that the token lacks")
    errors: list[FieldError] = Field([], description="Each field that is wrong")


@dataclass(slots=True)
class Problem(Exception):
    """Raise it anywhere below a route."""

    kind: str
    detail: str = ""
    hint: str = ""
    scope: str = ""
    errors: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


def not_found() -> Problem:
    return Problem("not-found")


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as a response."""
    status, title, meaning = KINDS[problem.kind]
    document = {
        "type": f"{REFERENCE}#{problem.kind}",
        "title": str(title),
        "status": status,
        "detail": problem.detail or str(meaning),
        "hint": problem.hint,
        "instance": request.headers.get("X-Request-ID", ""),
        "scope": problem.scope,
        "errors": problem.errors,
    }
    content = json.dumps({k: v for k, v in document.items() if v not in ("", [])})
    return HttpResponse(content, status=status, content_type=MEDIA_TYPE, headers=problem.headers)


def of(error: BaseException) -> Problem:
    """Which problem an exception stands for."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationError):
        return Problem("invalid", errors=[_field(e) for e in error.errors[:100]])
    if isinstance(error, NotAllowed):
        return Problem("not-allowed", error.message, error.hint)
    if isinstance(error, Invalid):
        wrong = [{"where": "body", "pointer": f"/rule{p.path}", "detail": p.message} for p in error.problems[:100]]
        return Problem("invalid", errors=wrong)
    if isinstance(error, DomainError):
        return Problem("conflict" if isinstance(error, Conflict) else "refused", error.message, error.hint)
    if isinstance(error, Http404):
        return not_found()
    if isinstance(error, AuthenticationError):
        return Problem("no-token", headers={"WWW-Authenticate": "Bearer"})
    if isinstance(error, RequestDataTooBig):
        return Problem("too-large", _("The body is larger than two megabytes."), _("Send it in parts."))
    if isinstance(error.__cause__, Problem):
        # The framework takes whatever a parser raises for unreadable JSON.
        return error.__cause__
    if isinstance(error, HttpError | MultiPartParserError | SuspiciousOperation):
        return Problem("malformed")
    outage = outage_of(error)
    if outage is Outage.FULL:
        return Problem("no-room")
    if outage is not None:
        return Problem("busy", headers={"Retry-After": "10"})
    return Problem("broken")


def handle(request: HttpRequest, error: Any) -> HttpResponse:
    """What the framework calls for every exception of an operation."""
    problem = of(error)
    if problem.kind in {"broken", "busy", "no-room"}:
        logger.error("api request failed", kind=problem.kind, exc_info=error)
    return answer(request, problem)


def install(api: NinjaAPI) -> None:
    api._exception_handlers.clear()
    api.add_exception_handler(Exception, handle)


def _field(error: dict[str, Any]) -> dict[str, str]:
    where, *rest = (str(part) for part in error["loc"])
    if where == "body":
        # The parameter that takes the whole body is called `body` in every operation.
        rest = rest[1:] if rest[:1] == ["body"] else rest
        pointer = "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in rest)
    else:
        pointer = ".".join(rest)
    return {"where": where, "pointer": pointer, "detail": str(error["msg"])[:500]}
