"""The same jobs with a task backend that keeps nothing in our database, as a broker's does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.tasks import task_backends
from django.tasks.backends.immediate import ImmediateBackend

from milepost.foundation.jobs.dispatch import BROKER_AWAY, hand_over_due
from milepost.foundation.jobs.models import JobRun, JobState
from milepost.foundation.jobs.reaper import UNHEARD_AFTER, resend_lost
from milepost.foundation.jobs.services import clean_up

from . import sample_jobs
from .sample_jobs import STEADY, note

pytestmark = pytest.mark.django_db


class Broker(ImmediateBackend):
    """Carries messages when told to; no priorities, no results, no postponing. May be down, may lose things."""

    supports_priority = False
    messages: list[tuple[str, int]] = []
    down = False
    lossy = False

    def enqueue(self, task, args, kwargs):
        self.validate_task(task)
        if Broker.down:
            raise ConnectionError("no broker")
        if not Broker.lossy:
            Broker.messages.append(tuple(args))
        return type("Result", (), {"id": f"m{len(Broker.messages)}"})()


@pytest.fixture
def broker(settings):
    settings.TASKS = {"default": {"BACKEND": f"{__name__}.Broker", "QUEUES": ["default", "imports"]}}
    Broker.messages, Broker.down, Broker.lossy = [], False, False
    assert isinstance(task_backends["default"], Broker)
    return Broker


def deliver(broker) -> list[str]:
    from milepost.foundation.jobs.running import run_job

    messages, broker.messages = broker.messages, []
    return [run_job.call(*message) for message in messages]


def test_a_message_leaves_after_the_commit(broker, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        run = note.using(priority=50, queue_name="imports").enqueue("hello")
        assert broker.messages == []
    assert broker.messages == [(str(run.pk), 1)]
    assert deliver(broker) == ["finished"]
    assert sample_jobs.done == ["hello"]


def test_retries_need_no_help_of_the_backend(broker, hand_clock, django_capture_on_commit_callbacks):
    sample_jobs.to_raise.append(OSError("network"))
    with django_capture_on_commit_callbacks(execute=True):
        run = note.enqueue("hello")
    assert deliver(broker) == ["retried"]
    assert hand_over_due() == 0
    hand_clock.advance(seconds=STEADY.first.total_seconds())
    assert hand_over_due() == 1
    assert hand_over_due() == 0
    assert broker.messages == [(str(run.pk), 2)]
    assert deliver(broker) == ["finished"]


def test_a_process_that_dies_between_commit_and_message_loses_nothing(broker):
    note.enqueue("hello")  # its callback never runs
    assert broker.messages == []
    assert hand_over_due() == 1
    assert deliver(broker) == ["finished"]


def test_a_broker_that_is_down_is_asked_again_later(broker, hand_clock, django_capture_on_commit_callbacks, caplog):
    broker.down = True
    with django_capture_on_commit_callbacks(execute=True):
        run = note.enqueue("hello")
    run.refresh_from_db()
    assert (run.state, run.dispatched_at) == (JobState.WAITING, None)
    assert hand_over_due() == 0, "not at each look"
    assert "did not take" in caplog.text
    broker.down = False
    hand_clock.advance(seconds=BROKER_AWAY.total_seconds())
    assert hand_over_due() == 1
    assert deliver(broker) == ["finished"]


def test_a_message_that_the_broker_lost_is_sent_again_after_a_while(broker, hand_clock):
    broker.lossy = True
    run = note.enqueue("hello")
    assert hand_over_due() == 1
    broker.lossy = False
    hand_clock.advance(minutes=30)
    assert resend_lost() == 0
    hand_clock.advance(seconds=(UNHEARD_AFTER - timedelta(minutes=29)).total_seconds())
    assert resend_lost() == 1
    assert hand_over_due() == 1
    assert broker.messages == [(str(run.pk), 1)]
    assert deliver(broker) == ["finished"]


def test_old_traces_are_deleted_without_the_other_backends_table(broker, hand_clock):
    run = note.enqueue("hello")
    hand_over_due()
    deliver(broker)
    hand_clock.advance(days=31)
    assert clean_up() == 1
    assert not JobRun.objects.filter(pk=run.pk).exists()


def test_a_queue_that_the_backend_does_not_serve_fails_the_run_and_leaves_the_others(broker):
    wrong = note.using(queue_name="nowhere").enqueue("wrong")
    note.enqueue("right")
    assert hand_over_due() == 1
    wrong.refresh_from_db()
    assert (wrong.state, "nowhere" in wrong.error) == (JobState.FAILED, True)
    assert deliver(broker) == ["finished"]


def test_djangos_immediate_backend_runs_the_same_jobs(settings, django_capture_on_commit_callbacks):
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
    with django_capture_on_commit_callbacks(execute=True):
        run = note.enqueue("at once")
    run.refresh_from_db()
    assert (run.state, sample_jobs.done) == (JobState.FINISHED, ["at once"])
