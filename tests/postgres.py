"""A PostgreSQL cluster for one test run. It lives with `milepost bench`, which starts its own too."""

from __future__ import annotations

from milepost.interfaces.cli.bench.cluster import Cluster, NoServer, find_programs, missing, throwaway_cluster

__all__ = ["Cluster", "NoServer", "find_programs", "missing", "throwaway_cluster"]
