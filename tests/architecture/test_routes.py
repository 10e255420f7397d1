"""Every page says who may see it."""

from __future__ import annotations

from milepost.foundation.identity.access import permissions

from .routes import routes

OTHERS = ("allauth.", "ninja.", "django.")
"""Packages whose pages have their own rules. Those of the API are asked in tests/interfaces/api."""


def test_every_page_states_its_permission() -> None:
    silent = [
        r.path
        for r in routes()
        if not r.module.startswith(OTHERS)
        and not r.path.startswith("api/")
        and not hasattr(r.view, "permission")
        and not hasattr(r.view, "open_because")
    ]
    assert silent == []


def test_pages_of_a_community_have_a_permission_that_exists() -> None:
    inside = [r for r in routes() if r.in_community]
    assert len(inside) > 10
    unknown = {r.path: getattr(r.view, "permission", None) for r in inside}
    assert {p: name for p, name in unknown.items() if name not in permissions()} == {}
