"""Static files: collected into MILEPOST_HOME/static when one of them has changed since the last time."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from milepost import __version__
from milepost.foundation.common import schema


def collect() -> bool:
    """Returns whether there was something to do. Files of an earlier version stay, for pages that are open now."""
    target = Path(settings.STATIC_ROOT)
    stamp = target / ".collected"
    with schema.only_one("static"):
        mark = _mark()
        if stamp.is_file() and stamp.read_text() == mark:
            return False
        target.mkdir(parents=True, exist_ok=True)
        call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
        stamp.write_text(mark)
        return True


def _mark() -> str:
    """Of the version and of every file's name, size and time."""
    mark = hashlib.sha256(__version__.encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            file = Path(storage.path(name))
            state = file.stat()
            mark.update(f"{name}\x1f{state.st_size}\x1f{state.st_mtime_ns}\x1e".encode())
    return mark.hexdigest()
