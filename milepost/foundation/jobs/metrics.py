"""Figures for Prometheus.

The counters count in the process that ran the job (the worker); the gauges ask the database, so any
process can answer for them: `REGISTRY.register(QueueCollector())` where the metrics page is served.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Min
from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from milepost.foundation.common import clock

from .models import JobRun

JOBS_FINISHED = Counter("milepost_jobs_finished", "Background jobs that finished.", ["job"])
JOBS_FAILED = Counter("milepost_jobs_failed", "Background jobs given up.", ["job"])
JOBS_RETRIED = Counter("milepost_jobs_retried", "Attempts that failed and will be repeated.", ["job"])
JOBS_REAPED = Counter("milepost_jobs_reaped", "Attempts whose worker died.", ["job"])
JOB_SECONDS = Histogram(
    "milepost_job_seconds", "Time that one attempt took.", ["job"], buckets=(0.05, 0.25, 1, 5, 30, 120, 600, 3600)
)
_COUNTERS = {"finished": JOBS_FINISHED, "failed": JOBS_FAILED, "retried": JOBS_RETRIED}


def settled(name: str, outcome: str, seconds: float) -> None:
    JOB_SECONDS.labels(name).observe(seconds)
    counter = _COUNTERS.get(outcome)
    if counter is not None:
        counter.labels(name).inc()


def queue_depth() -> dict[str, int]:
    """How many runs wait for their moment or for a worker, by queue."""
    waiting = JobRun.objects.waiting().order_by().values_list("queue_name").annotate(Count("pk"))
    return dict(waiting)


def oldest_due_seconds() -> float:
    """For how long the most patient due run has been waiting for a worker; 0 where none does."""
    now = clock.now()
    oldest = JobRun.objects.waiting().filter(next_attempt_at__lte=now).aggregate(at=Min("next_attempt_at"))["at"]
    return (now - oldest).total_seconds() if oldest else 0.0


class QueueCollector(Collector):
    """Queue depth at the moment of the scrape."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # registering must not ask the database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        depth = GaugeMetricFamily("milepost_jobs_waiting", "Background jobs waiting.", labels=["queue"])
        for queue, count in queue_depth().items():
            depth.add_metric([queue], count)
        yield depth
        running = JobRun.objects.running().count()
        yield GaugeMetricFamily("milepost_jobs_running", "Background jobs running.", value=running)
        yield GaugeMetricFamily(
            "milepost_jobs_oldest_due_seconds", "Waiting time of the oldest due job.", value=oldest_due_seconds()
        )
