from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import translation
from django.utils.functional import lazystr

from milepost.foundation.jobs import progress as progress_module
from milepost.foundation.jobs import this_process
from milepost.foundation.jobs.models import JobRun, JobState
from milepost.foundation.jobs.progress import CurrentJob, JobTimedOut, progress
from milepost.foundation.jobs.registry import find
from milepost.foundation.jobs.worker import run_pending

from . import sample_jobs
from .sample_jobs import count, count_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_each_step(monkeypatch):
    """Call something with the step's number at each report, before it is dealt with."""
    steps: list[Callable[[int], None]] = []
    report = CurrentJob.report

    def reported(self, done, total, note):
        for step in steps:
            step(done)
        report(self, done, total, note)

    monkeypatch.setattr(CurrentJob, "report", reported)
    return steps.append


def test_outside_a_job_progress_does_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        progress(1, 2, "alone")


def test_the_last_report_is_always_written():
    run = count.enqueue(5000)
    run_pending()
    run.refresh_from_db()
    assert (run.progress_done, run.progress_total, run.progress_note) == (5000, 5000, "step 5000")
    assert run.progress_percent == 100


def test_reports_are_written_once_a_second_at_most(django_assert_num_queries):
    run = count.enqueue(1)
    claimed = JobRun.claim(str(run.pk), 1, "worker")
    now = [1000.0]
    current = CurrentJob(claimed, find(count.name), seconds=lambda: now[0])
    current.report(1, 100, "one")
    with django_assert_num_queries(0):
        for step in range(2, 50):
            now[0] += 0.02
            current.report(step, 100, lazystr("some"))
    now[0] += 0.1
    with django_assert_num_queries(2):
        current.report(50, None, "half")
    run.refresh_from_db()
    assert (run.progress_done, run.progress_total, run.progress_percent) == (50, None, None)


def test_a_running_job_that_is_cancelled_stops_at_its_next_report(at_each_step, monkeypatch):
    monkeypatch.setattr(progress_module, "REPORT_EVERY", 0)
    run = count.enqueue(10)
    at_each_step(lambda step: JobRun.objects.get(pk=run.pk).cancel() if step == 4 else None)
    run_pending()
    run.refresh_from_db()
    assert (run.state, run.progress_done, sample_jobs.done) == (JobState.CANCELLED, 4, [])
    assert run.cancel_asked_at


def test_a_job_beyond_its_time_stops_at_its_next_report_and_is_tried_again(hand_clock):
    run = count.enqueue(10)
    claimed = JobRun.claim(str(run.pk), 1, "worker")
    now = [0.0]
    current = CurrentJob(claimed, find(count.name), seconds=lambda: now[0])
    now[0] = 29.9
    current.look_up()
    now[0] = 30.1
    with pytest.raises(JobTimedOut, match="0:00:30"):
        current.look_up()


def test_a_resumable_job_gives_way_when_the_worker_stops_and_the_attempt_does_not_count(at_each_step, monkeypatch):
    stop = threading.Event()
    monkeypatch.setattr(this_process, "stop_asked", stop)
    run = count_on.enqueue(5)
    at_each_step(lambda step: stop.set() if step == 3 else None)
    run_pending(limit=1)
    run.refresh_from_db()
    assert (run.state, sample_jobs.done) == (JobState.WAITING, ["1", "2"])
    monkeypatch.setattr(this_process, "stop_asked", threading.Event())
    run_pending()
    run.refresh_from_db()
    assert (run.state, sample_jobs.done[2:]) == (JobState.FINISHED, ["1", "2", "3", "4", "5"])


def test_other_jobs_are_finished_when_the_worker_stops(monkeypatch):
    stop = threading.Event()
    stop.set()
    monkeypatch.setattr(this_process, "stop_asked", stop)
    count.enqueue(3)
    run_pending()
    assert sample_jobs.done == ["counted to 3"]


def test_a_job_whose_claim_was_taken_away_stops(at_each_step, monkeypatch):
    monkeypatch.setattr(progress_module, "REPORT_EVERY", 0)
    run = count.enqueue(10)
    at_each_step(lambda step: JobRun.objects.get(pk=run.pk).retry(timedelta(days=1), "dead?") if step == 2 else None)
    run_pending()
    run.refresh_from_db()
    assert (run.state, run.error, run.progress_done, sample_jobs.done) == (JobState.WAITING, "dead?", 1, [])


@pytest.mark.django_db(transaction=True)
def test_a_job_that_reports_nothing_gives_signs_of_life(monkeypatch):
    """The heartbeat has a thread and a connection of its own."""
    monkeypatch.setattr(progress_module, "BEAT_EVERY", 0.01)
    beaten = threading.Event()
    beat = CurrentJob.beat

    def seen(self):
        beat(self)
        beaten.set()

    monkeypatch.setattr(CurrentJob, "beat", seen)
    run = count.enqueue(1)
    claimed = JobRun.claim(str(run.pk), 1, "worker")
    JobRun.objects.update(heartbeat_at=claimed.heartbeat_at - timedelta(hours=1))
    with progress_module.at_work(claimed, find(count.name)):
        assert beaten.wait(60)
    run.refresh_from_db()
    assert run.heartbeat_at >= claimed.heartbeat_at


def test_a_title_is_in_the_readers_language_and_a_label_of_its_own_stays(monkeypatch):
    run = find("milepost.foundation.jobs.tasks.delete_old_traces")
    assert run is not None
    stored = JobRun(name=run.name, label=run.stored_label)
    own = JobRun(name=run.name, label="Only this once")
    with translation.override("de"):
        assert stored.title == str(run.label)
        assert own.title == "Only this once"
