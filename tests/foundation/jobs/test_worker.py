"""Real workers: in threads where that is enough, in processes where one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from milepost.foundation.jobs import pulse as pulse_module
from milepost.foundation.jobs import this_process
from milepost.foundation.jobs.lanes import LANES, Lane
from milepost.foundation.jobs.models import JobRun, JobState
from milepost.foundation.jobs.pulse import Pulse, pulse
from milepost.foundation.jobs.worker import Timing, run_worker

from . import sample_jobs
from .sample_jobs import hang, note, stay, touch

CHECKOUT = Path(__file__).resolve().parents[3]
PATIENCE = 120.0


def wait_until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


def address_of_this_database() -> str:
    """The address of this test's own database, for another process."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    user, host = quote(settings["USER"]), settings["HOST"]
    return f"postgresql://{user}:{quote(settings['PASSWORD'])}@{host}:{settings['PORT']}/{settings['NAME']}"


@contextmanager
def worker_process() -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {"DATABASE_URL": address_of_this_database()}
    command = [sys.executable, "-m", "tests.foundation.jobs.worker_process"]
    process = subprocess.Popen(command, cwd=CHECKOUT, env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)


def pids(folder: Path, word: str) -> set[int]:
    return {int(path.name.partition("-")[2]) for path in folder.glob(f"{word}-*")}


def handles(pid: int, signum: signal.Signals) -> bool:
    """Whether the process catches the signal; the worker no longer does once it was asked to stop."""
    status = Path(f"/proc/{pid}/status").read_text()
    (caught,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
    return bool(int(caught, 16) >> (signum - 1) & 1)


@pytest.mark.django_db(transaction=True)
def test_a_killed_workers_job_is_taken_up_by_the_other_and_short_work_never_waits(tmp_path):
    run = stay.enqueue(str(tmp_path))
    with worker_process() as one, worker_process() as two:
        wait_until(lambda: pids(tmp_path, "started"), "a worker takes the job")
        (taker,) = pids(tmp_path, "started")
        victim, heir = (one, two) if one.pid == taker else (two, one)

        short = touch.enqueue(str(tmp_path / "short"))
        wait_until((tmp_path / "short").exists, "short work beside the long")
        mine = DBTaskResult.objects.filter(status=TaskResultStatus.SUCCESSFUL, args_kwargs__args__0=str(short.pk))
        wait_until(mine.exists, "whoever took the short work has said so: it may be the one to be killed")

        victim.send_signal(signal.SIGKILL)
        victim.wait(PATIENCE)
        run.refresh_from_db()
        assert (run.state, run.attempts) == (JobState.RUNNING, 1), "nobody could say goodbye"

        wait_until(lambda: heir.pid in pids(tmp_path, "started"), "the other worker takes it up")
        (tmp_path / "go").touch()
        wait_until(lambda: JobRun.objects.finished().filter(pk=run.pk), "the job is finished")
        heir.send_signal(signal.SIGTERM)
        assert heir.wait(PATIENCE) == 0
    run.refresh_from_db()
    assert (run.attempts, f":{heir.pid}/long" in run.worker) == (2, True)
    assert pids(tmp_path, "ended") == {heir.pid}
    assert not DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING).exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_asked_to_stop_finishes_its_job_and_begins_no_other(tmp_path):
    run = stay.enqueue(str(tmp_path))
    with worker_process() as worker:
        wait_until(lambda: pids(tmp_path, "started"), "the worker takes the job")
        other = stay.enqueue(str(tmp_path))
        worker.send_signal(signal.SIGTERM)
        wait_until(lambda: not handles(worker.pid, signal.SIGTERM), "the worker hears it")
        (tmp_path / "go").touch()
        assert worker.wait(PATIENCE) == 0
    run.refresh_from_db()
    other.refresh_from_db()
    assert (run.state, run.attempts) == (JobState.FINISHED, 1)
    assert (other.state, other.attempts) == (JobState.WAITING, 0)


@pytest.mark.django_db(transaction=True)
def test_a_job_that_hangs_ends_the_worker_and_is_settled():
    run = hang.enqueue()
    with worker_process() as worker:
        assert worker.wait(PATIENCE) == this_process.EXIT_HUNG
    run.refresh_from_db()
    assert run.state == JobState.FAILED
    assert "did not answer" in run.error


@contextmanager
def worker_thread() -> Iterator[None]:
    stop = threading.Event()
    settings = {"timing": Timing(poll=0.02, house=0.02), "exit_when_hung": False}
    thread = threading.Thread(target=run_worker, args=(stop,), kwargs=settings)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_a_worker_runs_what_is_enqueued_while_it_idles_and_beats_the_pulses(monkeypatch):
    monkeypatch.setattr(pulse_module, "_pulses", {})
    beaten = threading.Event()

    @pulse(seconds=0.02)
    def look() -> bool:
        beaten.set()
        return False

    with worker_thread():
        assert beaten.wait(PATIENCE)
        run = note.enqueue("hello")
        wait_until(lambda: JobRun.objects.finished().filter(pk=run.pk), "the job is finished")
    assert sample_jobs.done == ["hello"]
    assert not this_process.stop_asked.is_set(), "the next worker in this process begins afresh"


@pytest.mark.django_db(transaction=True)
def test_a_worker_survives_trouble_with_the_queue(monkeypatch, caplog):
    claim, troubles = Lane.claim, iter([RuntimeError("odd"), RuntimeError("odd again")])

    def troubled(lane: Lane):
        if trouble := next(troubles, None):
            raise trouble
        return claim(lane)

    monkeypatch.setattr(Lane, "claim", troubled)
    run = note.enqueue("hello")
    with worker_thread():
        wait_until(lambda: JobRun.objects.finished().filter(pk=run.pk), "the job is finished")
    assert "could not be settled" in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.sqlite
def test_an_idle_look_at_the_queue_takes_no_write_lock():
    import sqlite3

    note.enqueue("hello")
    writer = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert Lane(LANES[1]).step() is False, "nothing for this lane, though another process writes"
    finally:
        writer.execute("ROLLBACK")
        writer.close()


# --- pulses --------------------------------------------------------------------------------------


def test_a_pulse_that_finds_work_beats_again_at_once_and_one_that_fails_slows_down(caplog):
    answers: list[bool | Exception] = [True, False, ValueError(), ValueError(), False]

    def look() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    watched, due = Pulse(look, seconds=1), []
    for _ in range(5):
        watched.beat(100.0)
        due.append(watched.due - 100)
    assert due == [0, 1, 2, 4, 1]
    assert "failed 2 times" in caplog.text
