"""A worker in a process of its own, with short pauses, for tests that kill it: `python -m` this module."""

from __future__ import annotations

from datetime import timedelta

import django


def main() -> None:
    django.setup()
    from milepost.foundation.jobs import progress
    from milepost.foundation.jobs.worker import Timing, run_worker, stop_on_signals
    from tests.foundation.jobs import sample_jobs  # noqa: F401 (declares the jobs)

    progress.BEAT_EVERY = 0.05
    progress.HUNG_AFTER = 0.1
    # Silent for four seconds means dead: eighty beats, so that a busy machine does not look like a dead worker.
    run_worker(stop_on_signals(), timing=Timing(poll=0.05, house=0.05, reap=0.1, silent_after=timedelta(seconds=4)))


if __name__ == "__main__":
    main()
