"""An effect that sends a letter for each fresh joining, and a job that sends one: what must stay silent after a restore.

Imported by the processes of a test's site only, since importing it registers both.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy

from milepost.foundation.activity.following import Batch, Effect, reader
from milepost.foundation.jobs.job import job


def sent() -> Path:
    path: Path = settings.MILEPOST_HOME / "letters"
    path.touch()
    return path


@reader
class Letters(Effect):
    name = "test-letters"

    def apply(self, batch: Batch) -> None:
        with sent().open("a") as file:
            for activity in self.fresh(batch).filter(verb="member.joined"):
                file.write(f"welcome {activity.pk}\n")


@job(label=gettext_lazy("Send a letter of a test"))
def send_letter() -> None:
    with sent().open("a") as file:
        file.write("from a job\n")
