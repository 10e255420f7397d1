"""Pages of a large community: queries, CPU against a plain Django page, weight, and latency over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from .grounds import Ground, ground
from .metering import quantile
from .running import running
from .weighing import weigh

SMALL = 10
"""By how much smaller the community is in which queries are counted again."""
ROUNDS, WARM, TIMES = 12, 8, 5
"""Rounds of `TIMES` requests for each page by turns, so that a busy moment of the machine meets all of them."""
CONNECTIONS = (1, 8, 32)
SECONDS = 3.0
"""For each page and number of connections."""
TARGETS = {"queries": 10, "ratio": 2.0, "script": 60_000, "css": 60_000, "first_view": 100_000}


def compare(members: int, posts: int, database: str, say: Callable[[str], None]) -> dict[str, Any]:
    found: dict[str, Any] = {"members": members, "posts": posts, "database": database, "targets": TARGETS}
    sizes = {"small": (max(50, members // SMALL), max(200, posts // SMALL)), "full": (members, posts)}
    for name, (people, written) in sizes.items():
        with ground(database) as site:
            say(f"Building a community of {people:,} members and {written:,} posts on {database}.")
            tour = site.run("build", members=people, posts=written)
            say("Counting queries and CPU.")
            found[name] = site.run("pages", pages=tour["pages"], session=tour["session"])
            if name == "full":
                found |= _served(site, tour, say)
    return found


def _served(site: Ground, tour: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """What `milepost serve` sends, and how soon."""
    cookie = f"sessionid={tour['session']}"
    with running(site, "--no-worker") as address:
        weight = weigh(address, tour["pages"]["home"], cookie)
        say("Asking for pages over HTTP.")
        http = {
            name: {
                str(n): site.run("wire", address=address, path=path, cookie=cookie, connections=n, seconds=SECONDS)
                for n in CONNECTIONS
            }
            for name, path in tour["pages"].items()
        }
    return {"weight": weight, "http": http}


# --- in a process of its own ------------------------------------------------------------------------


def measure(pages: dict[str, str], session: str) -> dict[str, Any]:
    """For each page: queries with cold caches and with warm ones, CPU milliseconds, and the ratio to the plain page."""
    from ..site import start

    start()
    from django.core.cache import cache
    from django.core.wsgi import get_wsgi_application

    from . import plain

    asked: dict[str, Callable[[], bytes]] = {"plain": _asking(plain.handler(), "/people/", session)}
    application = get_wsgi_application()
    asked |= {name: _asking(application, path, session) for name, path in pages.items()}
    found: dict[str, Any] = {}
    for name, ask in asked.items():
        ask()  # what is loaded at the first request of all
        cache.clear()
        with _counted() as cold:
            began = time.process_time()
            body = ask()
            first = time.process_time() - began
        with _counted() as warm:
            ask()
        found[name] = {
            "queries": cold[0], "queries_warm": warm[0], "first_cpu_ms": round(first * 1000, 2), "bytes": len(body)
        }  # fmt: skip
        for _ in range(WARM):
            ask()
    spent: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, ask in asked.items():
            began = time.process_time()
            for _ in range(TIMES):
                ask()
            spent[name].append((time.process_time() - began) / TIMES * 1000)
    floor = quantile(spent["plain"], 0.5)
    for name, times in spent.items():
        middle = quantile(times, 0.5)
        found[name] |= {"cpu_ms": round(middle, 2), "ratio": round(middle / floor, 2)}
    return found


def _asking(application: Any, path: str, session: str) -> Callable[[], bytes]:
    """A request through the whole application, as the web server would make it; the page must come."""

    def ask() -> bytes:
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "",
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1", "HTTP_COOKIE": f"sessionid={session}", "HTTP_ACCEPT": "text/html",
            "HTTP_ACCEPT_LANGUAGE": "en", "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": BytesIO(),
            "wsgi.errors": BytesIO(), "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
        }  # fmt: skip
        said: list[str] = []
        response = application(environ, lambda status, headers, error=None: said.append(status))
        body = b"".join(response)
        # Ends the request: connections are given back here.
        response.close()
        if not said[0].startswith("200"):
            raise AssertionError(f"{path} answers {said[0]}")
        return body

    return ask


@contextmanager
def _counted() -> Iterator[list[int]]:
    """Counts queries, also those of a connection that opens meanwhile. Without those that opening it takes."""
    from django.db import connection

    count = [0]

    def note(execute: Any, *given: Any) -> Any:
        count[0] += 1
        return execute(*given)

    with connection.execute_wrapper(note):
        yield count
