"""A PostgreSQL cluster for one run: made in a temporary folder, on a free port, gone afterwards.

    with throwaway_cluster() as cluster:
        env = {"DATABASE_URL": cluster.url("milepost")}

`initdb` refuses to run as root, so there the cluster belongs to the user `postgres`. A shell watches over
the server: when the process that asked for it ends, however it ends, the server stops and the folder goes.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

SUPERUSER = "milepost"
SECONDS_TO_START = 60

# Nothing here outlives the run, so nothing needs to reach the disk.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_min_messages": "warning",
}

# Standard input is a pipe from the process that asked; `read` returns when that process ends.
WATCH = """
"$@" </dev/null & server=$!
read -r _
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$0"
"""


class NoServer(Exception):
    """There is no PostgreSQL server program here, or no user to run it as."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster. `bin` is the folder of its programs: pg_dump and pg_restore of the same version lie there."""

    port: int
    bin: Path
    folder: Path

    @property
    def server(self) -> int:
        """The process id of its first process, which all others come from."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Make an empty database and return its address."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return self.url(name)


def find_programs() -> Path | None:
    """The folder of the newest server's programs: Debian keeps them off PATH, by version."""
    # In Debian's tree the newest version first; what PATH gives comes last, as it may be an old copy.
    versioned = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0)
    )
    on_path = shutil.which("initdb")
    candidates = [*reversed(versioned), *([Path(on_path).resolve().parent] if on_path else [])]
    for folder in candidates:
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres", "pg_dump", "pg_restore")):
            return folder
    return None


def missing() -> str:
    """Why no cluster can be started here, in words for a person; empty if one can."""
    if find_programs() is None:
        return "no PostgreSQL server program is installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0:
        if shutil.which("runuser") is None:
            return "PostgreSQL refuses to run as root, and there is no runuser to run it as someone else"
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            return "PostgreSQL refuses to run as root, and there is no user postgres to run it as"
    return ""


def _as_server_user(command: list[str]) -> list[str]:
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(cluster: Cluster, server: subprocess.Popen[bytes], log: Path) -> bool:
    """True when the cluster answers; False when it ended or never came up."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        # pg_ctl status and pg_isready do not say which cluster answers on that port; its data folder does.
        try:
            with psycopg.connect(cluster.url(), connect_timeout=2) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
            return row is not None and Path(row[0]) == cluster.folder / "data"
        except psycopg.OperationalError:
            if "could not bind" in (log.read_text(errors="replace") if log.exists() else ""):
                return False
            time.sleep(0.05)
    return False


@contextmanager
def throwaway_cluster() -> Iterator[Cluster]:
    """A fresh cluster, listening on 127.0.0.1 only. Raises NoServer where there is none to be had."""
    reason = missing()
    programs = find_programs()
    if reason or programs is None:
        raise NoServer(reason)
    folder = Path(tempfile.mkdtemp(prefix="milepost-postgres-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        data = folder / "data"
        made = subprocess.run(
            _as_server_user(
                [str(programs / "initdb"), "-D", str(data), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]
                + ["--locale=C.UTF-8", "--no-sync", "--no-instructions"]
            ),
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise NoServer(f"initdb failed: {made.stderr.strip()}")
        for attempt in (1, 2, 3):
            cluster = Cluster(_free_port(), programs, folder)
            log = folder / f"server-{attempt}.log"
            server = _start(cluster, data, log)
            try:
                if _wait(cluster, server, log):
                    yield cluster
                    return
            finally:
                _stop(server)
            # The watcher took the folder with it only when the server was told to stop; a taken port is tried again.
            if not data.is_dir():
                break
        raise NoServer(f"the server did not start: {log.read_text(errors='replace') if log.exists() else 'no log'}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(cluster: Cluster, data: Path, log: Path) -> subprocess.Popen[bytes]:
    settings = SETTINGS | {"port": str(cluster.port), "unix_socket_directories": str(cluster.folder)}
    command = [str(cluster.bin / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with log.open("wb") as output:
        # A session of its own: Ctrl-C in the terminal must not reach the server before those who use it are done.
        return subprocess.Popen(
            _as_server_user(["sh", "-c", WATCH, str(cluster.folder), *command]),
            cwd=cluster.folder,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.stdin:
        server.stdin.close()
    server.wait(timeout=30)
