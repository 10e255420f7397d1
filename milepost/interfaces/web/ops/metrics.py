"""Figures for Prometheus, of the requests here and of what the database says at the moment of the scrape.

Counters are shared by the processes of one machine (`milepost serve` and its worker); the gauges about jobs and readers are
the whole site's, whichever machine is asked.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

from django.db import DatabaseError
from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, generate_latest
from prometheus_client.core import REGISTRY, GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from milepost import __version__
from milepost.foundation.activity import following
from milepost.foundation.jobs.metrics import QueueCollector
from milepost.foundation.jobs.models import JobRun
from milepost.foundation.jobs.services import failures

logger = logging.getLogger("milepost.metrics")

REQUESTS = Counter("milepost_http_requests", "Requests answered.", ["route", "method", "status"])
SECONDS = Histogram(
    "milepost_http_request_seconds",
    "Time from a request's arrival to its answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
OUTAGES = Counter("milepost_database_outages", "Requests that failed because of the database or the disk.", ["kind"])
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def answered(*, route: str, method: str | None, status: int, seconds: float) -> None:
    # A method is the caller's own word: an odd one must not make a series of its own.
    REQUESTS.labels(route, method if method in METHODS else "other", str(status)).inc()
    SECONDS.labels(route).observe(seconds)


class SiteCollector(Collector):
    """Readers and failed jobs, asked of the database."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("milepost_jobs_failed_unanswered", "Failed jobs to look at.", value=failures().count())
        yield GaugeMetricFamily(
            "milepost_jobs_kept", "Job runs of which a trace is kept.", value=JobRun.objects.count()
        )
        behind = GaugeMetricFamily("milepost_reader_behind", "Activities a reader has not seen.", labels=["reader"])
        failing = GaugeMetricFamily("milepost_reader_failing", "1 where the last turn failed.", labels=["reader"])
        for row in following.status():
            behind.add_metric([row["reader"]], row["behind"])
            failing.add_metric([row["reader"]], 1 if row["error"] else 0)
        yield behind
        yield failing


def exposition() -> bytes:
    """All figures in Prometheus' text format; without those of the database where it does not answer."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        PlatformCollector(registry)
        text = generate_latest(registry)
    else:
        text = generate_latest(REGISTRY)
    about = CollectorRegistry()
    up = GaugeMetricFamily("milepost_database_up", "1 where the database answers.", value=1)
    try:
        site = CollectorRegistry()
        site.register(QueueCollector())
        site.register(SiteCollector())
        text += generate_latest(site)
    except DatabaseError:
        logger.warning("The database did not answer for the metrics", exc_info=True)
        up = GaugeMetricFamily("milepost_database_up", "1 where the database answers.", value=0)
    info = GaugeMetricFamily("milepost_info", "The version at work.", labels=["version"])
    info.add_metric([__version__], 1)
    about.register(_Fixed(up, info))
    return text + generate_latest(about)


class _Fixed(Collector):
    def __init__(self, *families: GaugeMetricFamily) -> None:
        self.families = families

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self.families
