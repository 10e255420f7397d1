"""Writing while a history comes in: replies through the running site, as members send them, during an import."""

from __future__ import annotations

import re
import subprocess
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode

from ..terminal import Refused
from .grounds import Ground, ground
from .metering import quantile
from .running import running

WRITERS = 5
PAUSE = 0.1
"""Seconds between an answer and the next reply."""
QUIET = 5.0
"""Seconds of posting without an import, to compare with."""
LONGEST = 540
"""Seconds after which no more replies are sent, whether the import has ended or not."""
TARGETS = {"p95_ms": 300, "lock_errors": 0}
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_LOCKED = re.compile(r"database (?:table )?is locked|deadlock detected|lock timeout", re.IGNORECASE)


@dataclass(slots=True)
class Replies:
    """Milliseconds of each reply, and what went wrong."""

    times: list[float] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    """Answers that were no redirect to the new post, by status; `none` where the connection broke."""


def measure(messages: int, database: str, say: Callable[[str], None]) -> dict[str, Any]:
    with ground(database) as store, ground(database) as site:
        say(f"Writing a Slack export of {messages:,} messages.")
        path = store.home / "slack.zip"
        store.run("generate", path=str(path), messages=messages)
        there = site.run("ready", writers=WRITERS)
        with running(site) as address:
            writers = [_Writer(address, there["thread"], session) for session in there["sessions"]]
            # The first requests load code and templates.
            warm = _post(writers, lambda: True, QUIET)
            say("Posting replies to the quiet site.")
            quiet = _post(writers, lambda: True, QUIET)
            say(f"Posting replies while {messages:,} messages come in.")
            began = time.monotonic()
            during, output = _during_import(site, str(path), writers)
            took = time.monotonic() - began
        said = (site.home / "serve.log").read_text(errors="replace") + output
        kept = site.run("kept", thread=there["thread"])
    return {
        "messages": messages,
        "database": database,
        "targets": TARGETS,
        "import_seconds": round(took, 1),
        "quiet": _figures(quiet),
        "during": _figures(during),
        "lock_errors": len(_LOCKED.findall(said)),
        "lost": sum(len(some.times) for some in (warm, quiet, during)) - kept,
    }


def _figures(replies: Replies) -> dict[str, Any]:
    times = replies.times
    return {
        "replies": len(times),
        "refused": replies.refused,
        "p50_ms": round(quantile(times, 0.5), 1),
        "p95_ms": round(quantile(times, 0.95), 1),
        "max_ms": round(max(times, default=0.0), 1),
    }


def _during_import(site: Ground, path: str, writers: list[_Writer]) -> tuple[Replies, str]:
    """The replies, and what the import said. The import is the real command in a process of its own."""
    command = site.command("import", "slack", path, "--community", "bench")
    with (site.home / "import.log").open("w+") as log:
        process = subprocess.Popen(command, env=site.environment, stdout=log, stderr=log)
        try:
            replies = _post(writers, lambda: process.poll() is None, LONGEST)
            process.wait(timeout=LONGEST)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        log.seek(0)
        output = log.read()
    if process.returncode:
        raise Refused("The import failed.", output[-2000:])
    return replies, output


def _post(writers: list[_Writer], goes_on: Callable[[], bool], seconds: float) -> Replies:
    """One reply after the other, the writers by turns."""
    replies, until, n = Replies(), time.monotonic() + seconds, 0
    while goes_on() and time.monotonic() < until:
        writer = writers[n % len(writers)]
        began = time.perf_counter()
        status = writer.reply(f"Reply {n}: I can bring a ladder on Saturday.")
        if status == "302":
            replies.times.append((time.perf_counter() - began) * 1000)
        else:
            replies.refused[status] = replies.refused.get(status, 0) + 1
        n += 1
        time.sleep(PAUSE)
    return replies


class _Writer:
    """A member with the conversation open in a browser."""

    def __init__(self, address: str, thread: str, session: str) -> None:
        self.address, self.thread = address, thread
        status, headers, page = self._ask("GET", thread, f"sessionid={session}")
        token, cookie = _TOKEN.search(page), re.search(r"csrftoken=([^;]+)", headers.get("Set-Cookie", ""))
        if status != 200 or token is None or cookie is None:
            raise Refused(f"The conversation to answer in cannot be opened ({status}).")
        self.token, self.cookie = token[1], f"sessionid={session}; csrftoken={cookie[1]}"

    def reply(self, text: str) -> str:
        """The status of the answer, or `none`."""
        form = {
            "csrfmiddlewaretoken": self.token,
            "text": text,
            "page": "1",
            "reply_to": "",
            "post_id": str(uuid.uuid4()),
        }
        try:
            return str(self._ask("POST", f"{self.thread}replies/", self.cookie, urlencode(form))[0])
        except (OSError, HTTPException):
            return "none"

    def _ask(self, method: str, path: str, cookie: str, body: str | None = None) -> tuple[int, Any, str]:
        connection = HTTPConnection(self.address, timeout=60)
        try:
            headers = {"Cookie": cookie, "Accept-Language": "en"}
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode(errors="replace")
        finally:
            connection.close()


# --- in a process of its own ------------------------------------------------------------------------


def prepare(writers: int) -> dict[str, Any]:
    """A community with members who are signed in, and a conversation to answer in."""
    from ..site import open_database
    from ..terminal import Terminal

    open_database(Terminal())
    from milepost.domain.spaces.models import Space, Thread
    from milepost.foundation.identity.models import Account, Community, Membership, Person
    from milepost.foundation.identity.services import open_account

    from .furnishing import signed_in

    community = Community.objects.create(slug="bench", name="Bench")

    def member(n: int) -> tuple[Account, Person]:
        account, _new = open_account(mail=f"member{n}@example.org", name=f"Member {n}")
        person = Person.objects.create(community=community, account=account, name=account.name, handle=f"member{n}")
        Membership.objects.create(community=community, person=person)
        return account, person

    members = [member(n) for n in range(writers)]
    space = Space.create(community=community, name="Tools", by=None)
    thread = Thread.start(space=space, title="Who has a ladder?", text="For the **pear** tree.", by=members[0][1])
    return {
        "thread": f"/c/{community.slug}/spaces/{space.slug}/{thread.pk}/",
        "sessions": [signed_in(account) for account, _person in members],
    }


def kept(thread: str) -> int:
    """How many replies the conversation has now."""
    from ..site import start

    start()
    from milepost.domain.spaces.models import Post

    which = uuid.UUID(thread.rstrip("/").rpartition("/")[2])
    return Post.objects.filter(thread_id=which, deleted_at__isnull=True).count() - 1
