"""MILEPOST_HOME: the one folder with a site's database, uploads, lake and secrets."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def locate(checkout: Path) -> Path:
    """MILEPOST_HOME if given; `.milepost/` in a checkout; `~/.milepost` when installed as a package."""
    given = os.environ.get("MILEPOST_HOME")
    if given:
        home = Path(given).expanduser().resolve()
    elif (checkout / "pyproject.toml").is_file():
        home = checkout / ".milepost"
    else:
        home = Path.home() / ".milepost"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The folder {home} cannot be made ({error.strerror}). Set MILEPOST_HOME to a folder that you may write."
        ) from error
    return home


def folder(home: Path, name: str) -> Path:
    path = home / name
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def secret(home: Path, name: str) -> str:
    """A secret made at the first start and kept in `secrets/`, readable by its owner only."""
    path = folder(home, "secrets") / name
    try:
        # Exclusive creation: of two processes that start at once, one makes the secret and both read it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    value = path.read_text().strip()
    if not value:
        raise ImproperlyConfigured(
            f"The secret file {path} is empty. Restore it from a backup, or delete it to make a new one."
        )
    return value


def database(home: Path, url: str) -> dict[str, Any]:
    """Django's settings for `DATABASE_URL`, or for the embedded SQLite database."""
    if not url:
        url = f"sqlite:///{home / 'milepost.sqlite3'}"
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "milepost.foundation.common.sqlite",
            "NAME": parts.path[1:],  # sqlite:///relative, sqlite:////absolute
            # Opening the file costs as much as reading a page's rows. Each thread keeps one, so its cache is small.
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384;"
                " PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456; PRAGMA journal_size_limit=67108864; PRAGMA wal_autocheckpoint=8000;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        query = dict(parse_qsl(parts.query))
        options: dict[str, Any] = {"pool": {"min_size": 1, "max_size": int(query.pop("pool", 12)), "timeout": 20}}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.pop("host", "") or parts.hostname or "",
            "PORT": str(parts.port or query.pop("port", "")),
            "OPTIONS": options | query,
        }
    raise ImproperlyConfigured(
        f"DATABASE_URL begins with “{parts.scheme}”; it must be postgresql://user:password@host/name or sqlite:///path."
    )


def mailer(url: str, outbox: Path) -> dict[str, Any]:
    """Django's settings for `MILEPOST_MAIL_URL` (smtp://user:password@host:587, smtps://…); without it, a folder."""
    if not url:
        outbox.mkdir(mode=0o700, exist_ok=True)
        return {"BACKEND": "django.core.mail.backends.filebased.EmailBackend", "OPTIONS": {"file_path": str(outbox)}}
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ImproperlyConfigured(
            "MILEPOST_MAIL_URL must look like smtp://user:password@host:587 or smtps://host:465."
        )
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname,
            "port": parts.port or (465 if parts.scheme == "smtps" else 587),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_ssl": parts.scheme == "smtps",
            "use_tls": parts.scheme == "smtp" and parts.port != 25,
            "timeout": 20,
        },
    }
