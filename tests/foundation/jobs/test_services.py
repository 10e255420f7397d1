from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.checks import Error
from django.tasks import task_backends
from django_tasks_db.models import DBTaskResult
from prometheus_client import CollectorRegistry, generate_latest

from milepost.foundation.jobs import metrics
from milepost.foundation.jobs import services as services_module
from milepost.foundation.jobs.checks import every_queue_is_served
from milepost.foundation.jobs.lanes import Lane
from milepost.foundation.jobs.models import JobRun
from milepost.foundation.jobs.services import clean_up, failures
from milepost.foundation.jobs.worker import run_pending

from . import sample_jobs
from .sample_jobs import note, note_once, refuse


def failed(job=note_once, error="network", **circumstances) -> JobRun:
    sample_jobs.to_raise.append(OSError(error))
    run = job.using(**circumstances).enqueue("hello")
    run_pending()
    sample_jobs.to_raise.clear()
    return JobRun.objects.get(pk=run.pk)


@pytest.mark.django_db
def test_failures_newest_first_with_filters(hand_clock):
    garden, choir = uuid.uuid4(), uuid.uuid4()
    first = failed(community_id=garden)
    hand_clock.advance(hours=1)
    second = failed(community_id=choir, error="disk full")
    hand_clock.advance(hours=1)
    third = refuse.using(community_id=garden).enqueue()
    run_pending()
    note.enqueue("fine")
    run_pending()
    assert [run.pk for run in failures()] == [third.pk, second.pk, first.pk]
    assert [run.pk for run in failures(community_id=garden)] == [third.pk, first.pk]
    assert [run.pk for run in failures(name=refuse.name)] == [third.pk]
    assert [run.pk for run in failures(text="disk")] == [second.pk]
    assert [run.pk for run in failures(since=second.failed_at)] == [third.pk, second.pk]
    assert [run.pk for run in failures(until=second.failed_at)] == [first.pk]
    assert [run.pk for run in failures()[1:2]] == [second.pk], "cut into pages"


@pytest.mark.django_db
def test_a_failure_that_was_answered_leaves_the_page(django_assert_num_queries):
    run = failed()
    failed()
    run.again()
    with django_assert_num_queries(1):
        assert [(found.title, found.error) for found in failures()] == [("Note a word once", "OSError: network")]
    assert failures(include_answered=True).count() == 2


@pytest.mark.django_db
def test_old_traces_go_and_the_rest_stays(hand_clock, monkeypatch):
    monkeypatch.setattr(services_module, "BATCH", 2)
    for _ in range(3):
        note.enqueue("old")
    run_pending()
    cancelled = note.enqueue("cancelled")
    cancelled.cancel()
    lost = failed()
    lost.again().cancel()
    hand_clock.advance(days=31)
    waiting = note.enqueue("waiting")
    DBTaskResult.objects.exclude(status="READY").update(finished_at=hand_clock.now - timedelta(days=3))
    ready = DBTaskResult.objects.filter(status="READY").count()
    assert clean_up() == 5
    assert set(JobRun.objects.all()) == {lost, waiting}
    assert DBTaskResult.objects.count() == ready
    hand_clock.advance(days=150)
    assert clean_up() == 1
    assert set(JobRun.objects.all()) == {waiting}


@pytest.mark.django_db
def test_rows_that_the_backend_leaves_running_go_and_those_at_work_stay(hand_clock):
    run = note.enqueue("at work")
    working = Lane().claim()
    note.enqueue("killed between the two endings")
    left = Lane().claim()
    JobRun.claim(str(run.pk), 1, "worker")
    JobRun.objects.exclude(pk=run.pk).delete()
    DBTaskResult.objects.update(started_at=hand_clock.now)
    clean_up()
    assert DBTaskResult.objects.count() == 2
    hand_clock.advance(days=3)
    clean_up()
    assert [result.pk for result in DBTaskResult.objects.all()] == [working.pk] != [left.pk]


def value(name: str, run_name: str) -> float:
    from prometheus_client import REGISTRY

    return REGISTRY.get_sample_value(name, {"job": run_name}) or 0.0


@pytest.mark.django_db
def test_what_happens_is_counted(hand_clock):
    names = ["milepost_jobs_finished_total", "milepost_jobs_retried_total", "milepost_jobs_failed_total"]
    before = [value(name, note.name) for name in names]
    sample_jobs.to_raise += [OSError(), OSError()]
    note.enqueue("hello")
    for _ in range(3):
        run_pending()
        hand_clock.advance(minutes=1)
    sample_jobs.to_raise += [OSError(), OSError(), OSError()]
    note.enqueue("hello")
    for _ in range(3):
        run_pending()
        hand_clock.advance(minutes=1)
    assert [value(name, note.name) - was for name, was in zip(names, before, strict=True)] == [1, 4, 1]
    assert value("milepost_job_seconds_count", note.name) >= 6


@pytest.mark.django_db
def test_the_queue_is_measured_at_each_scrape(hand_clock):
    registry = CollectorRegistry()
    registry.register(metrics.QueueCollector())
    note.enqueue("one")
    note.using(queue_name="imports").enqueue("two")
    note.using(run_after=hand_clock.now + timedelta(hours=1)).enqueue("three")
    JobRun.claim(str(note.enqueue("four").pk), 1, "worker")
    hand_clock.advance(seconds=90)
    assert metrics.queue_depth() == {"default": 2, "imports": 1}
    page = generate_latest(registry).decode()
    assert 'milepost_jobs_waiting{queue="default"} 2.0' in page
    assert "milepost_jobs_running 1.0" in page
    assert "milepost_jobs_oldest_due_seconds 90.0" in page


def test_a_queue_that_tasks_does_not_name_is_found_at_start(settings):
    assert every_queue_is_served() == []
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend", "QUEUES": ["default"]}}
    assert task_backends["default"].queues == {"default"}
    errors = every_queue_is_served()
    assert [error.id for error in errors] == ["jobs.E001"] * len(errors)
    assert any(isinstance(error, Error) and "sample_jobs.stay" in error.msg for error in errors)
