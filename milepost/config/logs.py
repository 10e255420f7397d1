"""Logs by structlog: one line an event, JSON in production, easy to read elsewhere; always to standard error.

Each line of a request or a job carries its id. What identifies a person or opens a door never gets into a line: keys that
hold such things are emptied, mail addresses, tokens and passwords in addresses are blotted out wherever they stand, and
a request is named by its route, since real paths hold invitation and reset keys.
"""

from __future__ import annotations

import logging
import logging.config
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]

HIDDEN_KEYS = re.compile(
    r"(?:^|_)(?:authorization|cookies?|csrf\w*|e?mails?|key|names?|passw(?:or)?d|secret|session|to|tokens?)$",
    re.IGNORECASE,
)
"""Keys whose values never belong in a log."""
NAMES_OF_THINGS = {"logger_name", "file_name", "func_name", "job_name"}
_MAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)*")
_PASSWORD_IN_ADDRESS = re.compile(r"(://[^\s:/@]*:)[^\s@/]+@")
_TOKEN = re.compile(r"\bmp_[\w-]{16,}|\b(?:Bearer|Token)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_PERSONAL_DETAIL = re.compile(r"(?:DETAIL:\s*)?\b(?:Key|Failing row contains) \(.*", re.DOTALL)
"""PostgreSQL tells the values of the row that broke a constraint."""


def scrubbed(text: str) -> str:
    """The text without mail addresses, tokens, passwords and the values of rows."""
    text = _PERSONAL_DETAIL.sub("[values]", text)
    text = _PASSWORD_IN_ADDRESS.sub(r"\1[hidden]@", text)
    text = _TOKEN.sub("[token]", text)
    return _MAIL.sub(lambda found: found.group() if found.group().startswith("[hidden]") else "[mail]", text)


def scrub(logger: Any, method: str, event: Event) -> Event:
    """Last step before a line is written."""
    for key, value in event.items():
        if key not in NAMES_OF_THINGS and HIDDEN_KEYS.search(key):
            event[key] = "[hidden]"
        elif isinstance(value, str):
            event[key] = scrubbed(value)
        elif not isinstance(value, int | float | bool | None):
            event[key] = scrubbed(str(value))
    return event


class RouteInsteadOfPath(logging.Filter):
    """Django names the path of a request that failed; a path may be a key to something."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and isinstance(record.msg, str):
            record.args = tuple("[path]" if str(arg).startswith("/") else arg for arg in record.args)
        elif record.name.startswith("django.security") and record.levelno < logging.ERROR:
            record.msg, record.args = "A request was refused as suspicious", ()
        return True


def configure(options: dict[str, Any]) -> None:
    """Called by Django with `settings.LOGGING`: {"format": "json" or "console", "level": "INFO"}."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=("status_code",)),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        # Text, so that `scrub` sees it; structlog's structured tracebacks would show local variables.
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if options["format"] == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=28)
    )
    line = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, scrub, renderer],
    }
    handler = {"class": "logging.StreamHandler", "formatter": "line", "filters": ["route"]}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"route": {"()": RouteInsteadOfPath}},
            "formatters": {"line": line},
            "handlers": {"stderr": handler},
            "root": {"handlers": ["stderr"], "level": options["level"]},
            "loggers": LOGGERS,
        }
    )
    logging.captureWarnings(capture=True)


LOGGERS: dict[str, dict[str, Any]] = {
    # Django's own handlers would print a second time, or mail the traceback to someone.
    "django": {"handlers": [], "propagate": True, "level": "INFO"},
    "django.server": {"handlers": [], "propagate": True, "level": "WARNING"},
    # Refused requests are in the request's own line.
    "django.request": {"level": "ERROR"},
    "django.security.DisallowedHost": {"level": "ERROR"},
    "gunicorn": {"level": "WARNING"},
    "gunicorn.error": {"level": "WARNING"},
    "httpx": {"level": "WARNING"},
}
