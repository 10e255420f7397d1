"""Every address of the site, with its view, as Django resolves them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import get_converters

IN_COMMUNITY = "c/<slug:slug>/"


@dataclass(frozen=True, slots=True)
class Route:
    """One pattern: its whole path with converters, the names and kinds of its parts, and its view."""

    path: str
    parts: tuple[tuple[str, str], ...]
    view: Callable[..., Any]

    @property
    def module(self) -> str:
        return getattr(self.view, "__module__", "")

    @property
    def in_community(self) -> bool:
        return self.path.startswith(IN_COMMUNITY)

    def url(self, **values: Any) -> str:
        """The address with these values in its parts."""
        url = self.path
        for name, kind in self.parts:
            for written in (f"<{kind}:{name}>", f"<{name}>"):
                url = url.replace(written, str(values[name]))
        return f"/{url}"


def routes() -> Iterator[Route]:
    resolver = get_resolver()
    assert resolver.url_patterns, "loading them registers the converters of packages"
    kinds = {type(converter).__name__: name for name, converter in get_converters().items()}

    def walk(resolver: URLResolver, path: str, parts: tuple[tuple[str, str], ...]) -> Iterator[Route]:
        for entry in resolver.url_patterns:
            whole = path + str(entry.pattern)
            more = tuple((n, kinds[type(c).__name__]) for n, c in getattr(entry.pattern, "converters", {}).items())
            if isinstance(entry, URLPattern):
                yield Route(whole, parts + more, entry.callback)
            else:
                yield from walk(entry, whole, parts + more)

    yield from walk(resolver, "", ())
