"""The API's reference as a page: readable without any script, made from the same description that programs read."""

from __future__ import annotations

import functools
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.markdown import render as markdown

from .problems import KINDS
from .site import api

AREAS = {
    "community": _("Community"),
    "people": _("People"),
    "log": _("Log"),
    "spaces": _("Spaces"),
    "search": _("Search"),
    "imports": _("Imports"),
}


def reference(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        from django.http import HttpResponseNotAllowed

        return HttpResponseNotAllowed(["GET", "HEAD"])
    problems = [{"kind": k, "status": s, "title": t, "meaning": m} for k, (s, t, m) in KINDS.items()]
    context = {"areas": areas(), "problems": problems, "about": markdown(api.description), "schemas": schemas()}
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
    answers = [(s, r) for s, r in operation["responses"].items() if s < 300]
    status, answer = answers[0]
    content = operation.get("requestBody", {}).get("content", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": markdown(operation.get("description", "")),
        "scope": operation.get("x-scope", ""),
        "parameters": [
            {
                "name": p["name"],
                "where": p["in"],
                "type": type_of(p["schema"]),
                "required": p["required"],
                "description": p.get("description", ""),
            }
            for p in operation["parameters"]
            if p["name"] != "slug"
        ],
        "bodies": [
            {"media": media, "type": type_of(body["schema"]), "fields": fields_of(body["schema"])}
            for media, body in content.items()
        ],
        "status": status,
        "answer": _answer(answer),
    }


def _answer(answer: dict[str, Any]) -> str:
    for body in answer.get("content", {}).values():
        return type_of(body["schema"])
    return ""


@functools.cache
def schemas() -> list[dict[str, Any]]:
    """The types that bodies and answers are made of."""
    found = api.get_openapi_schema()["components"]["schemas"]
    return [
        {"name": name, "title": name, "description": schema.get("description", ""), "fields": fields_of(schema)}
        for name, schema in sorted(found.items())
        if "properties" in schema
    ]


def fields_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "type": type_of(inner),
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
        return " | ".join(dict.fromkeys(type_of(inner) for inner in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(repr(value) for value in schema["enum"])
    if "const" in schema:
        return repr(schema["const"])
    if schema.get("type") == "array":
        return f"[{type_of(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "object")
