"""The API's reference as a page: readable without any script, made from the same description that programs read."""

from __future__ import annotations

import functools
import re
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.markdown import render as markdown

from .problems import KINDS
from .routing import unwrapped
from .site import api

AREAS = {
    "community": _("Community"),
    "people": _("People"),
    "log": _("Log"),
    "spaces": _("Spaces"),
    "search": _("Search"),
    "imports": _("Imports"),
    "personas": _("Personas and paths"),
    "celebrations": _("Celebrations and badges"),
    "milestones": _("Milestones and awards"),
    "events": _("Events"),
    "resources": _("Resources"),
    "opportunities": _("Opportunities"),
    "segments": _("Segments and rules"),
    "coverage": _("What to make next"),
}


def reference(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    problems = [{"kind": k, "status": s, "title": t, "meaning": m} for k, (s, t, m) in KINDS.items()]
    context = {"areas": areas(), "types": types(), "problems": problems, "about": markdown(api.description)}
    return render(request, "api/reference.html", context)


reference.open_because = "It describes the API and shows nothing of any community."  # type: ignore[attr-defined]


@functools.cache
def areas() -> list[dict[str, Any]]:
    """Each area with its operations, in the order of their declaration."""
    found: dict[str, list[dict[str, Any]]] = {tag: [] for tag in AREAS}
    for path, operations in api.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            found[operation["tags"][0]].append(_operation(method, path, operation))
    return [{"id": tag, "title": AREAS[tag], "operations": rows} for tag, rows in found.items()]


def _operation(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    status, answer = next((s, r) for s, r in operation["responses"].items() if s < "300")
    content = operation.get("requestBody", {}).get("content", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": markdown(operation["description"].rpartition("\n\n")[0]),
        "scope": operation.get("x-scope", ""),
        "parameters": [
            {
                "name": p["name"],
                "where": p["in"],
                "type": _linked(type_of(p["schema"])),
                "required": p["required"],
                "description": p.get("description", ""),
            }
            for p in operation["parameters"]
            if p["name"] != "slug"
        ],
        "bodies": [
            {"media": media, "type": _linked(type_of(body["schema"])), "fields": _fields(body["schema"])}
            for media, body in content.items()
        ],
        "status": status,
        "answer": _linked(next((type_of(body["schema"]) for body in answer.get("content", {}).values()), "")),
    }


@functools.cache
def types() -> list[dict[str, Any]]:
    """What bodies and answers are made of."""
    found = api.get_openapi_schema()["components"]["schemas"]
    return [
        {
            "name": name,
            "description": markdown(unwrapped(schema.get("description", ""))),
            "fields": _fields(schema),
            "values": ", ".join(map(repr, schema.get("enum", []))),
        }
        for name, schema in sorted(found.items())
    ]


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "type": _linked(type_of(inner)),
            "required": name in required,
            "description": inner.get("description", ""),
        }
        for name, inner in schema.get("properties", {}).items()
    ]


def type_of(schema: dict[str, Any]) -> str:
    """A JSON schema's type in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(type_of(inner) for inner in schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(repr(value) for value in schema["enum"])
    if "const" in schema:
        return repr(schema["const"])
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "anything")


def _linked(words: str) -> SafeString:
    """The names of types as links to where they are described."""
    known = api.get_openapi_schema()["components"]["schemas"]
    parts = re.split(r"(\w+)", words)
    linked = (f'<a href="#type-{part}">{part}</a>' if part in known else escape(part) for part in parts)
    return mark_safe("".join(linked))  # noqa: S308 - names of our own, the rest escaped
