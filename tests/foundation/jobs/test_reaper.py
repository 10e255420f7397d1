from __future__ import annotations

import pytest
from django.tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from milepost.foundation.jobs import progress as progress_module
from milepost.foundation.jobs.lanes import Lane
from milepost.foundation.jobs.models import JobRun, JobState
from milepost.foundation.jobs.reaper import reap, resend_lost
from milepost.foundation.jobs.worker import run_pending

from . import sample_jobs
from .sample_jobs import note, note_once

pytestmark = pytest.mark.django_db


def start_and_die(job) -> JobRun:
    """What is left when a worker dies in the middle: its row in the backend and ours both say it runs."""
    run = job.enqueue("hello")
    assert Lane().claim() is not None
    claimed = JobRun.claim(str(run.pk), 1, "machine:7/short")
    assert claimed is not None
    return claimed


def test_the_work_of_a_silent_worker_is_put_back_and_the_attempt_counts(hand_clock):
    run = start_and_die(note)
    hand_clock.advance(seconds=60)
    assert reap() == 0, "it may still be alive"
    hand_clock.advance(seconds=1)
    assert reap() == 1
    assert reap() == 0
    run.refresh_from_db()
    assert (run.state, run.attempts, run.worker) == (JobState.WAITING, 1, "")
    assert "machine:7/short" in run.error
    assert DBTaskResult.objects.get().status == TaskResultStatus.FAILED
    run_pending()
    run.refresh_from_db()
    assert (run.state, run.attempts, sample_jobs.done) == (JobState.FINISHED, 2, ["hello"])


def test_a_worker_that_gives_signs_of_life_keeps_its_work(hand_clock):
    run = start_and_die(note)
    for _ in range(5):
        hand_clock.advance(seconds=50)
        assert run.beat()
        assert reap() == 0


def test_a_job_that_kills_its_worker_each_time_is_given_up(hand_clock):
    run = start_and_die(note_once)
    hand_clock.advance(minutes=2)
    assert reap() == 1
    run.refresh_from_db()
    assert run.state == JobState.FAILED
    assert "machine:7/short stopped" in run.error
    assert run_pending() == 0


def test_a_message_taken_by_a_worker_that_died_at_once_is_sent_again(hand_clock):
    run = note.enqueue("hello")
    taken = Lane().claim()
    DBTaskResult.objects.filter(pk=taken.pk).update(started_at=hand_clock.now)
    hand_clock.advance(seconds=30)
    assert resend_lost() == 0, "a worker may be between taking and beginning"
    hand_clock.advance(seconds=31)
    assert resend_lost() == 1
    taken.refresh_from_db()
    assert taken.status == TaskResultStatus.FAILED
    run_pending()
    run.refresh_from_db()
    assert (run.state, run.attempts) == (JobState.FINISHED, 1)


def test_a_message_that_is_gone_is_sent_again_and_one_in_a_long_queue_is_not(hand_clock):
    gone = note.enqueue("gone")
    note.enqueue("queued")
    gone.refresh_from_db()
    DBTaskResult.objects.filter(pk=gone.transport_id).delete()
    hand_clock.advance(days=1)
    assert resend_lost() == 1
    assert resend_lost() == 0
    assert run_pending() == 2
    assert sorted(sample_jobs.done) == ["gone", "queued"]
    assert JobRun.objects.finished().count() == 2


def test_the_reaper_waits_for_several_beats():
    from milepost.foundation.jobs.reaper import SILENT_AFTER

    assert SILENT_AFTER.total_seconds() >= 5 * progress_module.BEAT_EVERY
