"""What `milepost check` looks at. Each look gives findings in words that say what to do."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core import checks as django_checks
from django.core import mail
from django.db import DatabaseError, connection
from django.db.models import Q

from milepost.foundation.activity import following
from milepost.foundation.common import clock, schema
from milepost.foundation.jobs.alive import workers
from milepost.foundation.jobs.metrics import oldest_due_seconds
from milepost.foundation.jobs.models import Schedule
from milepost.foundation.jobs.services import failures

from .backups.postgres import server_version
from .site import reach_database
from .terminal import Refused

OK, WARNING, PROBLEM = "ok", "warning", "problem"
LATE = timedelta(minutes=2)
"""Work that has been due for so long waits for a worker that is not there."""
LOW, TOO_LOW = 2 * 2**30, 300 * 2**20
"""Bytes free on the disk: time to look, and time to act."""
OLDEST_POSTGRESQL = 14
MANY_BEHIND = 5_000


@dataclass(frozen=True, slots=True)
class Finding:
    about: str
    state: str
    message: str
    hint: str = ""


Look = Callable[[], Iterator[Finding]]


def findings() -> Iterator[Finding]:
    """All that can be found out; what needs the database is left out where it does not answer."""
    for look in (settings_fit, folder_is_ours, disk_has_room, static_files, mail_can_be_sent):
        yield from look()
    reached = list(database_answers())
    yield from reached
    if any(found.state == PROBLEM for found in reached):
        return
    for look in (worker_works, readers_follow, jobs_succeed):
        yield from look()


def settings_fit() -> Iterator[Finding]:
    wrong = [message for message in django_checks.run_checks() if message.level >= django_checks.ERROR]
    for message in wrong:
        yield Finding("settings", PROBLEM, message.msg, message.hint or "")
    if settings.PRODUCTION and not settings.TRUSTED_PROXIES:
        yield Finding(
            "settings",
            WARNING,
            "No proxy is trusted, so that every visitor seems to come from the proxy's address.",
            "Set MILEPOST_TRUSTED_PROXIES to the number of proxies in front, usually 1.",
        )
    if not wrong:
        kind = "a site that others reach" if settings.PRODUCTION else "for this machine only"
        yield Finding("settings", OK, f"{settings.MILEPOST_URL}, {kind}.")


def folder_is_ours() -> Iterator[Finding]:
    """Nobody else may read the folder of data, least of all its secrets."""
    home: Path = settings.MILEPOST_HOME
    open_to_others = [
        path for path in (home, home / "secrets", *(home / "secrets").glob("*")) if path.exists() and _is_open(path)
    ]
    if open_to_others:
        words = " ".join(str(path) for path in open_to_others)
        yield Finding(
            "folder", PROBLEM, f"Other users of this machine may look into {words}.", f"Run: chmod go-rwx {words}"
        )
    if not os.access(home, os.W_OK | os.X_OK):
        yield Finding("folder", PROBLEM, f"This user may not write in {home}.", f"Run: chown -R {os.getuid()} {home}")
    elif not open_to_others:
        yield Finding("folder", OK, f"{home} is readable by its owner only.")


def _is_open(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO))


def disk_has_room() -> Iterator[Finding]:
    usage = shutil.disk_usage(settings.MILEPOST_HOME)
    message = f"{usage.free / 2**30:,.1f} GB of {usage.total / 2**30:,.1f} GB are free."
    if usage.free >= LOW:
        yield Finding("disk", OK, message)
    else:
        state = PROBLEM if usage.free < TOO_LOW else WARNING
        hint = f"Make room on the disk that holds {settings.MILEPOST_HOME}: when it is full, nothing can be saved."
        yield Finding("disk", state, message, hint)


def static_files() -> Iterator[Finding]:
    if (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file():
        yield Finding("static files", OK, "Collected.")
    else:
        yield Finding("static files", WARNING, "Not collected yet.", "`milepost serve` and `milepost upgrade` do it.")


def mail_can_be_sent() -> Iterator[Finding]:
    """Reaches the mail server; sends nothing."""
    options = settings.MAILERS["default"].get("OPTIONS", {})
    if "file_path" in options:
        state = PROBLEM if settings.PRODUCTION else OK
        hint = "Set MILEPOST_MAIL_URL=smtp://user:password@host:587." if settings.PRODUCTION else ""
        yield Finding("mail", state, f"Mail is not sent but kept in {options['file_path']}.", hint)
        return
    if "host" not in options:
        yield Finding("mail", OK, f"Mail goes by {settings.MAILERS['default']['BACKEND']}.")
        return
    server = f"{options['host']}:{options['port']}"
    try:
        with mail.mailers["default"]:
            yield Finding("mail", OK, f"{server} lets us in; mail comes from {settings.DEFAULT_FROM_EMAIL}.")
    except OSError as error:  # smtplib's errors are of this kind too
        hint = "Check MILEPOST_MAIL_URL, and that this machine may reach that server."
        yield Finding("mail", PROBLEM, f"{server} does not take our mail: {error}", hint)


def database_answers() -> Iterator[Finding]:
    try:
        reach_database()
        version = _database_version()
        missing, ahead = schema.pending(), schema.ahead()
    except Refused as error:
        yield Finding("database", PROBLEM, error.message, error.hint)
        return
    except DatabaseError as error:
        words = (str(error).strip().splitlines() or [type(error).__name__])[0]
        yield Finding("database", PROBLEM, f"It does not answer: {words}", "See that MILEPOST_HOME is right.")
        return
    yield Finding("database", OK, f"{version} answers.")
    if connection.vendor == "postgresql" and server_version() < OLDEST_POSTGRESQL:
        hint = f"Milepost is tested from PostgreSQL {OLDEST_POSTGRESQL} on. Plan an upgrade."
        yield Finding("database", WARNING, f"{version} is old.", hint)
    if ahead:
        hint = "Install the newer version again, or restore the backup made before it."
        yield Finding("migrations", PROBLEM, f"A newer Milepost has been here: {ahead[-1][0]}.{ahead[-1][1]}.", hint)
    elif missing:
        yield Finding("migrations", PROBLEM, f"{len(missing)} have not run.", "Run `milepost upgrade`.")
    else:
        yield Finding("migrations", OK, "All have run.")


def _database_version() -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sqlite_version()")
            return f"SQLite {cursor.fetchone()[0]}"
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


def worker_works() -> Iterator[Finding]:
    late = clock.now() - LATE
    overdue = Schedule.objects.active().filter(next_run_at__lt=late).count()
    waiting = oldest_due_seconds()
    if overdue or waiting > LATE.total_seconds():
        since = f"; the oldest for {waiting / 60:,.0f} minutes" if waiting else ""
        hint = "Start `milepost serve`, or `milepost worker` where the site runs without one; look into its log."
        yield Finding("worker", PROBLEM, f"Background work is due and nobody does it{since}.", hint)
    elif heard := workers():
        yield Finding("worker", OK, f"{len(heard)} at work, heard of {min(heard.values()):.0f} s ago.")
    else:
        hint = "Start `milepost serve` or `milepost worker`. (Workers elsewhere are seen only with MILEPOST_CACHE.)"
        yield Finding("worker", WARNING, "No worker was heard of within the last minute.", hint)


def readers_follow() -> Iterator[Finding]:
    rows = following.status()
    for row in rows:
        if row["error"]:
            hint = "Its worker's log tells more; it goes on by itself when the cause is mended."
            yield Finding("readers", PROBLEM, f"“{row['reader']}” fails: {row['error'][:300]}", hint)
    behind = {row["reader"]: row["behind"] for row in rows if row["behind"] > MANY_BEHIND}
    blockers = following.blockers() if behind else []
    if blockers:
        first = blockers[0]
        message = f"{', '.join(behind)} wait for an open transaction of {first['user']} ({first['seconds']} s)."
        yield Finding("readers", WARNING, message, f"If it hangs: SELECT pg_terminate_backend({first['pid']});")
    elif behind:
        words = ", ".join(f"{name} by {count:,}" for name, count in behind.items())
        yield Finding(
            "readers", WARNING, f"Behind the log: {words}.", "Normal during an import; else see that a worker runs."
        )
    elif not any(row["error"] for row in rows):
        yield Finding("readers", OK, f"{len(rows)} follow the log.")


def jobs_succeed() -> Iterator[Finding]:
    failed = failures().filter(Q(failed_at__gte=clock.now() - timedelta(days=7)))
    count = failed.count()
    if not count:
        yield Finding("background work", OK, "Nothing failed within a week.")
        return
    first = failed[0]
    message = f"{count} failed within a week; the last: {first.title}: {first.error[:200]}"
    yield Finding("background work", WARNING, message, "`milepost jobs list`, then `milepost jobs again ID`.")
