"""The API as one: its operations, what surrounds each of them, and its description (OpenAPI)."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from typing import Any, override

import pydantic_core
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern
from django.utils.cache import patch_vary_headers
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import BaseRenderer

from . import problems, rates
from .parsing import StrictParser
from .problems import Problem, ProblemDocument
from .routes import (
    about,
    celebrations,
    coverage,
    events,
    imports,
    log,
    milestones,
    opportunities,
    people,
    personas,
    resources,
    search,
    segments,
    spaces,
)
from .routing import unwrapped

DESCRIPTION = """\
Everything of a community for other programs. Make a personal token in your settings, give it the scopes that it needs, and
send it with every request: `Authorization: Bearer mp_…`. A token sees its own community, and there what its owner may see.

Lists come in pages: follow `next` until it is null. Moments are written as 2026-05-01T18:30:00Z. Whatever goes wrong is a
problem document (RFC 9457). Send `Idempotency-Key` with a write to be able to repeat it safely.
"""


class Renderer(BaseRenderer):
    """JSON to the microsecond, by pydantic's own writer."""

    media_type = "application/json"

    @override
    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return pydantic_core.to_json(data)


class Api(NinjaAPI):
    @functools.cached_property
    def description_of_all(self) -> OpenAPISchema:
        schema = super().get_openapi_schema()
        for model in (ProblemDocument, imports.OptionsGiven):
            described = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schema["components"]["schemas"] |= described.pop("$defs", {}) | {model.__name__: described}
        for path in schema["paths"].values():
            for operation in path.values():
                _complete(operation)
        renamed = json.loads(_named_for_others(json.dumps(schema)))
        schema.clear()
        schema.update(renamed)
        return schema

    @override
    def get_openapi_schema(self, **_options: Any) -> OpenAPISchema:
        """Made once: nothing in it depends on who asks."""
        return self.description_of_all


def _named_for_others(words: str) -> str:
    """Types as callers would call them: a Person, a PersonPage, an ActivityInput."""
    words = re.sub(r"\bPage_(\w+?)Told_", r"\1Page", words)
    words = re.sub(r"\bPage\[(\w+?)Told\]", r"\1Page", words)
    words = re.sub(r"\b([A-Z]\w+?)Told\b", r"\1", words)
    return re.sub(r"\b([A-Z]\w+?)Given\b", r"\1Input", words)


def _complete(operation: dict[str, Any]) -> None:
    """What the framework leaves out: scopes, that there is no null in a query, and that unknown fields are refused."""
    operation["security"] = [{"Token": [operation["x-scope"]] if "x-scope" in operation else []}]
    for parameter in operation["parameters"]:
        choices = [c for c in parameter["schema"].get("anyOf", []) if c.get("type") != "null"]
        if len(choices) == 1:
            parameter["schema"] = choices[0]
    for body in operation.get("requestBody", {}).get("content", {}).values():
        if "properties" in body["schema"]:
            body["schema"]["additionalProperties"] = False


api = Api(
    title="Milepost API",
    version="1",
    description=unwrapped(DESCRIPTION),
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api-1",
    parser=StrictParser(),
    renderer=Renderer(),
)
problems.install(api)
AREAS = (
    about,
    events,
    people,
    log,
    spaces,
    search,
    imports,
    celebrations,
    personas,
    milestones,
    resources,
    opportunities,
    segments,
    coverage,
)
for area in AREAS:
    api.add_router("", area.routes)


def whole(view: Callable[..., Any]) -> Callable[..., Any]:
    """What every answer below /api/v1/ has: limits by address, problems for whatever goes wrong, headers."""

    @functools.wraps(view)
    def answered(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            request.rate = rates.count_address(request)
            response: HttpResponse = view(request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the last resort: a client gets a problem document, never a page
            response = problems.handle(request, error)
        if isinstance(response, HttpResponseNotAllowed):
            response = problems.answer(request, Problem("method-not-allowed", headers={"Allow": response["Allow"]}))
        for name, value in _rate_headers(request).items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        patch_vary_headers(response, ["Authorization"])
        return response

    # No cookie opens anything here, so there is nothing that another site could ride on.
    answered.csrf_exempt = True  # type: ignore[attr-defined]
    answered.open_because = "Tokens decide, in each operation."  # type: ignore[attr-defined]
    return answered


def _rate_headers(request: Any) -> dict[str, str]:
    rate: rates.Rate | None = getattr(request, "rate", None)
    return rate.headers() if rate else {}


def nowhere(request: HttpRequest) -> HttpResponse:
    """Every address below /api/v1/ that is none."""
    raise problems.not_found()


def patterns() -> list[URLPattern]:
    found = [pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern)]
    for pattern in found:
        pattern.callback = whole(pattern.callback)
    return found
