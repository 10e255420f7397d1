"""What a first view of a page weighs: the page and all that it asks for, as `milepost serve` sends it."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urljoin, urlsplit

_URL = re.compile(rb"""url\(["']?([^"')]+)""")


class _Resources(HTMLParser):
    """What a browser fetches with the page, by kind."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "script" and has.get("src"):
            self.found[has["src"]] = "script"
        elif tag == "img" and has.get("src") and has.get("loading") != "lazy":
            self.found[has["src"]] = "image"
        elif tag == "link" and has.get("href"):
            rel = has.get("rel", "").split()
            if "stylesheet" in rel:
                self.found[has["href"]] = "css"
            elif {"icon", "preload", "modulepreload", "manifest"} & set(rel):
                self.found[has["href"]] = "other"


def weigh(address: str, path: str, cookie: str) -> dict[str, Any]:
    """Bytes by kind: `plain`, and as they go over the wire (`wire`).

    A proxy compresses pages, which carry secrets and so leave Milepost as they are; `behind_proxy` counts them with gzip.
    """
    page, sent = _fetch(address, path, cookie)
    kinds: dict[str, dict[str, int]] = {"page": {"plain": len(page), "wire": sent, "files": 1}}
    resources = _Resources()
    resources.feed(page.decode())
    todo = {urljoin(path, link): kind for link, kind in resources.found.items() if not link.startswith("data:")}
    seen: set[str] = set()
    while todo:
        link, kind = todo.popitem()
        if link in seen or urlsplit(link).netloc:
            continue
        seen.add(link)
        body, wire = _fetch(address, link, cookie)
        part = kinds.setdefault(kind, {"plain": 0, "wire": 0, "files": 0})
        part["plain"], part["wire"], part["files"] = part["plain"] + len(body), part["wire"] + wire, part["files"] + 1
        if kind == "css":
            urls = (match.decode() for match in _URL.findall(body))
            todo |= {urljoin(link, url): "other" for url in urls if not url.startswith(("data:", "#"))}
    first = sum(part["wire"] for part in kinds.values())
    return {
        "kinds": kinds,
        "script": kinds.get("script", {}).get("plain", 0),
        "css": kinds.get("css", {}).get("plain", 0),
        "first_view": first,
        "first_view_behind_proxy": first - sent + len(gzip.compress(page, 6)),
    }


def _fetch(address: str, path: str, cookie: str) -> tuple[bytes, int]:
    """The content, and how many bytes of it go over the wire to a browser that takes what compresses best."""
    return _get(address, path, cookie, "identity"), len(_get(address, path, cookie, "br, gzip"))


def _get(address: str, path: str, cookie: str, encodings: str) -> bytes:
    connection = HTTPConnection(address, timeout=30)
    try:
        headers = {"Cookie": cookie, "Accept-Encoding": encodings, "Accept-Language": "en"}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise ValueError(f"{path} answers {response.status}")
        return body
    finally:
        connection.close()
