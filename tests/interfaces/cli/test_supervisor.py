"""The parent of web server and worker: starts again, passes signals on, leaves nobody behind. Real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.sites import CHECKOUT

PARENT = """
import os, signal, sys, time
from milepost.interfaces.cli.serving.supervisor import Child, Supervisor

ready_read, ready_write = os.pipe()

def say(word):
    os.write(1, f"{word} {os.getpid()}\\n".encode())

def steady():
    signal.signal(signal.SIGTERM, lambda *_: (say("asked"), sys.exit(0)))
    say("steady")
    os.write(ready_write, b"1")
    while True:
        time.sleep(0.05)

def deaf():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say("deaf")
    while True:
        time.sleep(0.05)

def short():
    say("short")
    return 3

children = [Child(name, globals()[name], again=again == "again") for name, again in (w.split(":") for w in sys.argv[1:])]
say("parent")
sys.exit(Supervisor(children, lambda: say("ready"), ready_read).run())
"""


class Family:
    def __init__(self, *children: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PARENT, *children],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.pids: list[int] = []

    def wait_for(self, word: str) -> int:
        """The process id of whoever says the word next."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said, pid = line.split()
            self.pids.append(int(pid))
            if said == word:
                return int(pid)
        raise AssertionError(f"nobody said {word}")


@pytest.fixture
def family() -> Iterator[Callable[..., Family]]:
    made: list[Family] = []

    def make(*children: str) -> Family:
        made.append(Family(*children))
        return made[-1]

    yield make
    for one in made:
        one.process.kill()
        one.process.wait()
        for pid in one.pids:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        assert one.process.stdout is not None
        one.process.stdout.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_says_ready_when_the_web_server_is(family):
    one = family("steady:end")
    assert one.wait_for("ready") == one.process.pid


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_every_child_once_and_waits(family, number):
    one = family("steady:end", "steady:again")
    first, second = one.wait_for("steady"), one.wait_for("steady")
    one.process.send_signal(number)
    assert {one.wait_for("asked"), one.wait_for("asked")} == {first, second}
    assert one.process.wait(timeout=60) == 0
    assert not alive(first)
    assert not alive(second)


def test_a_child_that_died_is_started_again(family):
    one = family("steady:again")
    first = one.wait_for("steady")
    os.kill(first, signal.SIGKILL)
    assert one.wait_for("steady") != first
    assert one.process.poll() is None


def test_one_that_fails_at_once_is_started_later_and_later(family):
    one = family("short:again")
    begun = time.monotonic()
    for _ in range(3):
        one.wait_for("short")
    # After half a second, then one second.
    assert time.monotonic() - begun >= 1.4


def test_the_end_of_the_web_server_is_the_end_of_all(family):
    one = family("steady:end", "steady:again")
    # Whichever speaks first, the one that was begun first is the one whose end is the end of all.
    first, second = sorted((one.wait_for("steady"), one.wait_for("steady")))
    os.kill(first, signal.SIGKILL)
    assert one.process.wait(timeout=60) == 1
    assert not alive(second)


def test_a_second_signal_insists(family):
    one = family("deaf:end")
    pid = one.wait_for("deaf")
    one.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        one.process.wait(timeout=0.5)
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(timeout=60) == 0
    assert not alive(pid)
