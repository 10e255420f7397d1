"""Readers when things go wrong: real processes, killed by SIGKILL in the middle, and what the database holds afterwards.

A scenario is code that runs in a site of its own. It forks the workers that are killed, which costs nothing beside starting
each of them as a command.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.database import on_postgres
from tests.postgres import NoServer, throwaway_cluster
from tests.sites import Site

WORKERS = """
import datetime, importlib, json, os, signal
from django.db import connections
from milepost.foundation.activity import following
from milepost.foundation.common import clock

def start(work):
    connections.close_all()
    for one in connections.all():
        # A pool's connections would be one and the same in both processes.
        getattr(one, "close_pool", lambda: None)()
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException:
        import traceback
        traceback.print_exc()
        os._exit(1)

def end(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def killed(place, after, work=following.catch_up):
    "Run it in a process that is killed when `place` (module:function) has done its work for the nth time."
    module, _, name = place.partition(":")
    def cut_off():
        home = importlib.import_module(module)
        real, left = getattr(home, name), [after]
        def counted(*words, **more):
            done = real(*words, **more)
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return done
        setattr(home, name, counted)
        work()
    status = end(start(cut_off))
    assert status == -signal.SIGKILL, (place, after, status)

def two_at_once(work=following.catch_up):
    assert [end(child) for child in [start(work), start(work)]] == [0, 0]
"""


@contextmanager
def a_site(home: Path) -> Iterator[Site]:
    """Empty, on the database that the tests run on."""
    if not on_postgres():
        yield Site.prepared(home)
        return
    try:
        with throwaway_cluster() as cluster:
            home.mkdir()
            made = Site(home, cluster.create_database("faults"))
            assert made.milepost("community", "list").returncode == 0
            yield made
    except NoServer as reason:
        pytest.skip(str(reason))


def told(site: Site, scenario: str) -> Any:
    """What the scenario prints, JSON."""
    return json.loads(site.python(WORKERS + scenario))
