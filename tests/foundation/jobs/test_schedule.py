from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connections

from milepost.foundation.jobs import registry
from milepost.foundation.jobs import schedule as schedule_module
from milepost.foundation.jobs.models import JobRun, JobState, Schedule
from milepost.foundation.jobs.registry import Rhythm
from milepost.foundation.jobs.schedule import every, run_due_schedules, sync_schedules
from milepost.foundation.jobs.worker import run_pending

from . import sample_jobs
from .sample_jobs import note, repeat


@pytest.fixture
def hourly(monkeypatch, hand_clock, db):
    """`repeat` each hour and nothing else; first due an hour from now."""
    monkeypatch.setattr(registry, "_rhythms", {})
    every(hours=1)(repeat)
    sync_schedules()
    return Schedule.objects.get()


# --- when ----------------------------------------------------------------------------------------


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_an_interval_stays_in_step_and_leaves_out_what_was_missed():
    rhythm = Rhythm(interval=timedelta(minutes=15))
    noon = at("2026-03-02T12:00+00:00")
    assert rhythm.next_after(noon, noon) == at("2026-03-02T12:15+00:00")
    assert rhythm.next_after(noon, noon + timedelta(minutes=47)) == at("2026-03-02T13:00+00:00")
    assert rhythm.next_after(noon, noon + timedelta(minutes=45)) == at("2026-03-02T13:00+00:00")


def test_a_time_of_day_is_local_through_both_changes_of_the_clocks(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    daily = Rhythm(daily_at=time(2, 30))
    moment, moments = at("2026-03-27T12:00+01:00"), []
    for _ in range(3):
        moment = daily.next_after(moment, moment)
        moments.append(moment)
    # On the 29th the clocks go from 2:00 to 3:00: there is no half past two, so it is an hour later on the wall.
    assert moments == [at("2026-03-28T02:30+01:00"), at("2026-03-29T03:30+02:00"), at("2026-03-30T02:30+02:00")]
    # On 25 October there are two; the first counts, and only once.
    autumn = daily.next_after(at("2026-10-24T12:00+02:00"), at("2026-10-24T12:00+02:00"))
    assert autumn == at("2026-10-25T02:30+02:00")
    assert daily.next_after(autumn, autumn) == at("2026-10-26T02:30+01:00")


def test_a_rhythm_is_an_interval_or_a_time_of_day_for_a_job_without_arguments():
    with pytest.raises(ValueError, match="either"):
        every(hours=1, daily_at="03:00")
    with pytest.raises(ValueError, match="either"):
        every()
    with pytest.raises(TypeError, match="without arguments"):
        every(hours=1)(note)


# --- once ----------------------------------------------------------------------------------------


def test_an_occurrence_runs_when_it_is_due_and_not_before(hourly, hand_clock):
    hand_clock.advance(minutes=59)
    assert run_due_schedules() == 0
    hand_clock.advance(minutes=1)
    assert run_due_schedules() == 1
    assert run_due_schedules() == 0
    run_pending()
    assert sample_jobs.done == ["repeated"]
    hourly.refresh_from_db()
    assert hourly.last_run_at == hand_clock.now
    assert hourly.next_run_at == hand_clock.now + timedelta(hours=1)


def test_what_was_missed_runs_once(hourly, hand_clock):
    hand_clock.advance(days=3, minutes=20)
    assert run_due_schedules() == 1
    assert run_due_schedules() == 0
    hourly.refresh_from_db()
    assert hourly.next_run_at == hand_clock.now + timedelta(minutes=40)


def test_an_occurrence_is_left_out_while_an_earlier_one_goes_on(hourly, hand_clock):
    hand_clock.advance(hours=1)
    run_due_schedules()
    hand_clock.advance(hours=1)
    assert run_due_schedules() == 0
    run_pending()
    hand_clock.advance(hours=1)
    assert run_due_schedules() == 1


def test_a_pause_holds_and_is_not_made_up_for(hourly, hand_clock):
    hourly.pause()
    paused_at = hourly.paused_at
    hand_clock.advance(hours=5)
    hourly.pause()
    assert hourly.paused_at == paused_at
    assert run_due_schedules() == 0
    hourly.resume()
    assert hourly.next_run_at == hand_clock.now + timedelta(hours=1)
    assert run_due_schedules() == 0
    hand_clock.advance(hours=1)
    assert run_due_schedules() == 1


def test_the_code_may_change_the_rhythm_and_drop_a_job(hourly, hand_clock, monkeypatch):
    every(minutes=5)(repeat)
    sync_schedules()
    hourly.refresh_from_db()
    assert (hourly.rhythm, hourly.next_run_at) == ("every 0:05:00", hand_clock.now + timedelta(minutes=5))
    sync_schedules()
    assert Schedule.objects.count() == 1
    monkeypatch.setattr(registry, "_rhythms", {})
    hand_clock.advance(days=1)
    assert run_due_schedules() == 0


@pytest.mark.django_db(transaction=True)
def test_several_workers_never_run_one_occurrence_twice(monkeypatch, hand_clock):
    """Each round all of them ask at the same moment, and whatever one enqueues is over before the next looks."""
    monkeypatch.setattr(registry, "_rhythms", {})
    every(minutes=1)(repeat)
    workers, rounds = 3, 12
    together = threading.Barrier(workers)

    def run_at_once(run: JobRun) -> None:
        run.finished_at, run.next_attempt_at = hand_clock.now, None
        run.save()

    monkeypatch.setattr(schedule_module, "enqueue", run_at_once)

    def work(number: int) -> int:
        enqueued = 0
        try:
            for _ in range(rounds):
                together.wait()
                if number == 0:
                    hand_clock.advance(minutes=1)
                together.wait()
                enqueued += run_due_schedules()
            return enqueued
        finally:
            connections.close_all()

    sync_schedules()
    with ThreadPoolExecutor(workers) as pool:
        assert sum(pool.map(work, range(workers))) == rounds
    assert JobRun.objects.count() == rounds


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_start_together_make_one_row(monkeypatch, hand_clock):
    monkeypatch.setattr(registry, "_rhythms", {})
    every(minutes=1)(repeat)
    together = threading.Barrier(2)

    def start(_: int) -> None:
        try:
            together.wait()
            sync_schedules()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(start, range(2)))
    assert Schedule.objects.count() == 1


def test_the_daily_clean_up_is_declared():
    assert str(registry.rhythms()["milepost.foundation.jobs.tasks.delete_old_traces"]) == "daily at 03:40"


def test_a_run_made_by_the_schedule_is_like_any_other(hourly, hand_clock):
    hand_clock.advance(hours=1)
    run_due_schedules()
    run = JobRun.objects.get()
    assert (run.label, run.state, run.max_attempts) == ("Repeat", JobState.WAITING, 4)
