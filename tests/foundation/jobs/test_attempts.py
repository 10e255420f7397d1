"""From `enqueue` to the ending: retries, refusals, duplicates, repetition, cancelling."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from milepost.foundation.common.errors import Conflict
from milepost.foundation.jobs.dispatch import hand_over
from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.models import JobRun, JobState
from milepost.foundation.jobs.running import run_job
from milepost.foundation.jobs.worker import run_pending

from . import sample_jobs
from .sample_jobs import note, note_once

pytestmark = pytest.mark.django_db


def test_a_job_runs_once_with_its_arguments_and_leaves_a_trace():
    community, asker = uuid.uuid4(), uuid.uuid4()
    run = note.using(community_id=community, requested_by=asker, label="Note it for us").enqueue("hello", times=2)
    assert run.state == JobState.WAITING
    assert run_pending() == 1
    run.refresh_from_db()
    assert sample_jobs.done == ["hello", "hello"]
    assert run.state == JobState.FINISHED
    assert (run.community_id, run.requested_by, run.attempts) == (community, asker, 1)
    assert (run.name, run.label) == ("tests.foundation.jobs.sample_jobs.note", "Note it for us")
    assert run.arguments == {"args": ["hello"], "kwargs": {"times": 2}}
    assert run.queued_at <= run.started_at <= run.finished_at
    assert run.next_attempt_at is None
    assert list(JobRun.objects.for_community(community)) == [run]
    assert not JobRun.objects.for_community(asker).exists()


def test_a_call_runs_at_once_and_leaves_no_trace():
    note("hello")
    assert sample_jobs.done == ["hello"]
    assert not JobRun.objects.exists()


def test_a_request_belongs_to_the_transaction_that_makes_it():
    with transaction.atomic():
        note.enqueue("never")
        transaction.set_rollback(True)
    assert not JobRun.objects.exists()
    assert not DBTaskResult.objects.exists()


def test_an_error_is_tried_again_with_growing_waits_and_the_last_one_is_kept(hand_clock):
    sample_jobs.to_raise += [OSError("network"), OSError("still away"), OSError("gone for good")]
    run = note.enqueue("hello")
    waits = []
    for _ in range(2):
        assert run_pending() == 1
        run.refresh_from_db()
        assert run.state == JobState.WAITING
        waits.append((run.next_attempt_at - hand_clock.now).total_seconds())
        hand_clock.advance(seconds=waits[-1] - 0.001)
        assert run_pending() == 0, "not before its time"
        hand_clock.advance(seconds=0.001)
    assert waits == [10, 30]
    assert run_pending() == 1
    run.refresh_from_db()
    assert run.state == JobState.FAILED
    assert (run.attempts, run.failed_at) == (3, hand_clock.now)
    assert run.error == "OSError: gone for good"
    assert "in note" in run.traceback
    assert "gone for good" in run.traceback
    assert list(JobRun.objects.failed()) == [run]
    hand_clock.advance(days=1)
    assert run_pending() == 0


def test_a_success_after_errors_clears_them(hand_clock):
    sample_jobs.to_raise += [OSError("network")]
    run = note.enqueue("hello")
    run_pending()
    hand_clock.advance(minutes=1)
    run_pending()
    run.refresh_from_db()
    assert (run.state, run.attempts, run.error, run.traceback) == (JobState.FINISHED, 2, "", "")


def test_a_rule_that_refuses_is_final_and_its_words_are_kept():
    run = sample_jobs.refuse.enqueue()
    run_pending()
    run.refresh_from_db()
    assert run.state == JobState.FAILED
    assert (run.attempts, run.max_attempts) == (1, 4)
    assert run.error == "The charter does not allow it. Ask a steward."


def test_a_job_may_say_when_to_come_back(hand_clock):
    run = sample_jobs.come_back.enqueue()
    run_pending()
    run.refresh_from_db()
    assert run.next_attempt_at == hand_clock.now + timedelta(seconds=123)
    hand_clock.advance(seconds=123)
    run_pending()
    run.refresh_from_db()
    assert (run.state, sample_jobs.done) == (JobState.FINISHED, ["asked to wait", "came back"])


def test_a_failed_transaction_takes_nothing_with_it(hand_clock):
    run = note.enqueue("other")
    broken = sample_jobs.break_transaction.enqueue(str(run.pk))
    assert run_pending() == 2
    broken.refresh_from_db()
    run.refresh_from_db()
    assert (broken.state, broken.error) == (JobState.WAITING, "ValueError: broken")
    assert run.label == "Note a word"


def test_a_postponed_job_waits_for_its_moment(hand_clock):
    note.using(run_after=hand_clock.now + timedelta(hours=2)).enqueue("later")
    assert run_pending() == 0
    hand_clock.advance(hours=2)
    assert run_pending() == 1
    assert sample_jobs.done == ["later"]


def test_urgent_work_goes_first():
    note.enqueue("usual")
    note.using(priority=-50).enqueue("whenever")
    note.using(priority=50).enqueue("urgent")
    run_pending()
    assert sample_jobs.done == ["urgent", "usual", "whenever"]


def test_a_message_that_comes_twice_or_late_does_nothing(hand_clock):
    run = note.enqueue("hello")
    assert run_job.call(str(run.pk), 1) == "finished"
    assert run_job.call(str(run.pk), 1) == "passed over"
    assert run_pending() == 1, "the backend's own message is still there"
    assert sample_jobs.done == ["hello"]

    sample_jobs.to_raise.append(OSError())
    retried = note.enqueue("again")
    run_pending()
    assert run_job.call(str(retried.pk), 1) == "passed over", "attempt 1 is over, attempt 2 has its own message"
    assert sample_jobs.done == ["hello"]


def test_two_workers_hand_a_run_over_once(hand_clock):
    sample_jobs.to_raise.append(OSError())
    run = note.enqueue("hello")
    run_pending()
    hand_clock.advance(minutes=1)
    seen_by_one, seen_by_other = JobRun.objects.get(pk=run.pk), JobRun.objects.get(pk=run.pk)
    assert hand_over(seen_by_one)
    assert not hand_over(seen_by_other)
    assert run_pending() == 1


def test_a_zombie_cannot_write_over_the_attempt_that_replaced_it():
    run = note.enqueue("hello")
    zombie = JobRun.claim(str(run.pk), 1, "zombie")
    assert zombie.retry(timedelta(0), "taken for dead")
    second = JobRun.claim(str(run.pk), 2, "living")
    assert not zombie.finish()
    assert not zombie.fail("too late")
    assert not zombie.beat()
    assert second.finish()


def test_a_job_that_this_version_does_not_know_fails_and_says_so():
    run = note.enqueue("hello")
    JobRun.objects.update(name="gone.tasks.old_job")
    run_pending()
    run.refresh_from_db()
    assert run.state == JobState.FAILED
    assert "gone.tasks.old_job" in run.error
    assert run.title == "Note a word"


def test_only_plain_functions_of_a_module_are_jobs():
    with pytest.raises(TypeError, match="top of its module"):
        sample_jobs.not_on_top()
    with pytest.raises(TypeError, match="plain function"):
        job(label="Later")(sample_jobs.asynchronous)
    with pytest.raises(TypeError, match="Unsupported type"):
        note.enqueue(uuid.uuid4())  # type: ignore[arg-type]


# --- again, cancel -------------------------------------------------------------------------------


def failed_run() -> JobRun:
    sample_jobs.to_raise.append(OSError("network"))
    run = note_once.enqueue("hello")
    run_pending()
    run.refresh_from_db()
    assert run.failed_at
    return run


def test_a_failed_run_is_asked_for_again_once():
    run, asker = failed_run(), uuid.uuid4()
    again = run.again(by=asker)
    assert run.again(by=uuid.uuid4()) == again
    assert (again.requested_by, again.again_of, again.attempts) == (asker, run, 0)
    assert run_pending() == 1
    again.refresh_from_db()
    run.refresh_from_db()
    assert (again.state, run.state) == (JobState.FINISHED, JobState.FAILED)
    assert sample_jobs.done == ["hello"]
    assert list(JobRun.objects.failed().unanswered()) == []


def test_what_goes_on_or_finished_is_not_repeated():
    run = note.enqueue("hello")
    with pytest.raises(Conflict, match="has not failed"):
        run.again()
    run_pending()
    with pytest.raises(Conflict, match="has not failed"):
        run.again()


@pytest.mark.django_db(transaction=True)
def test_two_stewards_at_once_make_one_repetition():
    run = failed_run()
    start = threading.Barrier(4)

    def ask(_: int) -> uuid.UUID:
        try:
            start.wait()
            return JobRun.objects.get(pk=run.pk).again(by=uuid.uuid4()).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(ask, range(4)))
    assert len(made) == 1
    assert JobRun.objects.filter(again_of=run).count() == 1


def test_a_waiting_run_is_cancelled_and_its_message_does_nothing():
    run = note.enqueue("hello")
    run.cancel()
    moment = run.cancelled_at
    run.cancel()
    assert (run.state, run.cancelled_at) == (JobState.CANCELLED, moment)
    run_pending()
    assert sample_jobs.done == []
    again = run.again()
    run_pending()
    again.refresh_from_db()
    assert (again.state, sample_jobs.done) == (JobState.FINISHED, ["hello"])


def test_what_has_ended_is_not_cancelled():
    run = note.enqueue("hello")
    run_pending()
    with pytest.raises(Conflict, match="already ended"):
        run.cancel()
    run.refresh_from_db()
    assert run.state == JobState.FINISHED


def test_a_running_job_that_fails_after_cancelling_was_asked_for_is_not_tried_again():
    run = note.enqueue("hello")
    running = JobRun.claim(str(run.pk), 1, "worker")
    run.cancel()
    assert (run.state, run.cancelled_at) == (JobState.RUNNING, None)
    assert running.has_attempts_left
    from milepost.foundation.jobs.registry import find
    from milepost.foundation.jobs.running import _settle_failure

    assert _settle_failure(running, find(note.name), OSError("network")) == "cancelled"
    run.refresh_from_db()
    assert run.state == JobState.CANCELLED


# --- the backend's side --------------------------------------------------------------------------


def test_the_backend_carries_only_the_id_and_the_number_of_the_attempt():
    run = note.enqueue("hello")
    carried = DBTaskResult.objects.get()
    assert carried.args_kwargs == {"args": [str(run.pk), 1], "kwargs": {}}
    run.refresh_from_db()
    assert run.transport_id == str(carried.pk)
    run_pending()
    carried.refresh_from_db()
    assert (carried.status, carried.return_value) == (TaskResultStatus.SUCCESSFUL, "finished")
