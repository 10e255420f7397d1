from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from milepost.interfaces.web.accounts.outbox import Sent, newest

from .provider import Provider, running

# Upper and lower case letters and digits, in two groups: what allauth's codes look like.
CODE = re.compile(r"^ {4}(\S+)$", re.MULTILINE)


class Outbox:
    """The folder that a site without a relay writes its mails to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mails(self) -> list[Sent]:
        return newest(self.folder)

    def to(self, mail: str) -> list[Sent]:
        return [sent for sent in self.mails() if sent.to == mail]

    def code(self, mail: str) -> str:
        """Of the newest mail to the address."""
        found = CODE.search(self.to(mail)[0].text)
        assert found, self.to(mail)[0].text
        return found[1]

    def clear(self) -> None:
        for path in self.folder.iterdir():
            path.unlink()


@pytest.fixture
def outbox(settings: Any, tmp_path: Path) -> Outbox:
    folder = tmp_path / "outbox"
    folder.mkdir()
    settings.OUTBOX = folder
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(folder)},
        }
    }
    return Outbox(folder)


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """Rate limits count in the cache, and all tests come from one address."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Hashing a password takes half a second by design; none of these tests is about that."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with running() as house:
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [house.app()]}}
        yield house
