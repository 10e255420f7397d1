"""Reading what came in: JSON that a database can hold, and nothing else."""

from __future__ import annotations

from typing import Any, override

import pydantic_core
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja.parser import Parser

from .problems import Problem


class StrictParser(Parser):
    """JSON by RFC 8259 in UTF-8, at most 200 levels deep, without NaN, lone surrogates or NUL characters."""

    @override
    def parse_body(self, request: HttpRequest) -> Any:
        body = request.body
        try:
            found = pydantic_core.from_json(body, allow_inf_nan=False)
        except ValueError as error:
            raise Problem("malformed", _("The body is no JSON: %(why)s.") % {"why": str(error)[:200]}) from error
        # Only this escape makes a NUL: as a byte of its own it is no JSON.
        if b"\\u0000" in body and (pointer := _nul(found, "")) is not None:
            raise nul("body", pointer)
        return found

    @override
    def parse_querydict(self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest) -> Any:
        for name, values in data.lists():
            if "\0" in name or any(isinstance(v, str) and "\0" in v for v in values):
                raise nul("query" if data is request.GET else "form", name.replace("\0", ""))
        return super().parse_querydict(data, list_fields, request)


def nul(where: str, pointer: str) -> Problem:
    detail = _("A NUL character cannot be stored.")
    return Problem("invalid", errors=[{"where": where, "pointer": pointer, "detail": detail}])


def _nul(value: Any, pointer: str) -> str | None:
    """Where a NUL character is. JSON is at most 200 levels deep here."""
    if isinstance(value, str):
        return pointer if "\0" in value else None
    if isinstance(value, dict):
        for key, inner in value.items():
            if "\0" in key:
                return pointer
            if (found := _nul(inner, f"{pointer}/{key}")) is not None:
                return found
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            if (found := _nul(inner, f"{pointer}/{n}")) is not None:
                return found
    return None
