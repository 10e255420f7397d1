from __future__ import annotations

import os
import socket
import sys

import click

from .terminal import Terminal, in_columns


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; a proxy makes it public.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--workers", type=click.IntRange(1, 64), help="Web processes; by default one a processor, at most 4.")
@click.option("--no-worker", is_flag=True, help="Without background work, where another process does it.")
@click.option("--demo", is_flag=True, help="Load the demo community if it is not there.")
@click.option("--demo-first-time", is_flag=True, help="Load the demo community into an empty site.")
def serve(host: str, port: int, workers: int | None, no_worker: bool, demo: bool, demo_first_time: bool) -> None:
    """Start the site: web server and worker together.

    Prepares first whatever is missing: database, migrations, static files. Ctrl-C or SIGTERM ends it, after what is under
    way was finished.
    """
    from .serving.listening import open_socket
    from .serving.notify import take_notify_address
    from .site import start

    manager = take_notify_address()
    listener = open_socket(host, port)
    own = _own_address(host, listener.getsockname()[1])
    os.environ["MILEPOST_PROCESS"] = "serve"
    os.environ.setdefault("MILEPOST_URL", own)
    start()
    from .occupied import in_use

    with in_use():
        _prepare(Terminal(), demo=demo or demo_first_time, only_first_time=demo_first_time and not demo)
        status = _supervise(listener, workers or _workers(), not no_worker, _welcome(own), manager)
    sys.exit(status)


def _own_address(host: str, port: int) -> str:
    # Browsers allow passkeys without https on the name "localhost" only.
    name = "localhost" if host in {"127.0.0.1", "::1", "0.0.0.0", "::", "localhost"} else host  # noqa: S104 (compared)
    return f"http://{name}:{port}"


def _workers() -> int:
    return max(2, min(4, os.cpu_count() or 1))


def _prepare(terminal: Terminal, *, demo: bool, only_first_time: bool) -> None:
    from .serving.demo import load_demo
    from .serving.static import collect
    from .site import prepare

    if applied := prepare():
        terminal.note(f"The database is prepared: {len(applied)} migrations ran.")
    collect()
    if demo:
        load_demo(terminal, only_first_time=only_first_time)


def _welcome(own: str) -> str:
    from django.conf import settings

    from .serving.demo import sign_ins

    lines = ["", "Milepost is ready.", f"  Address  {settings.MILEPOST_URL}"]
    if own != settings.MILEPOST_URL:
        lines.append(f"  Listens  {own}")
    lines.append(f"  Data     {settings.MILEPOST_HOME}")
    if people := sign_ins():
        lines += ["", "Sign in to the demo community as:"]
        lines += ["  " + line for line in in_columns(people).splitlines()]
    return "\n".join([*lines, "", "Ctrl-C stops it."])


def _supervise(listener: socket.socket, workers: int, with_worker: bool, welcome: str, manager: str) -> int:
    from .serving.background import background_worker
    from .serving.notify import notify
    from .serving.supervisor import Child, Supervisor
    from .serving.web import web_server
    from .site import leave_database

    # Children must not share the parent's connections.
    leave_database()
    ready_read, ready_write = os.pipe()

    def ready() -> None:
        notify(manager, "READY=1")
        click.echo(welcome)
        sys.stdout.flush()

    children = [Child("web server", web_server(listener, workers, ready_write), again=False)]
    if with_worker:
        children.append(Child("worker", background_worker(), again=True))
    status = Supervisor(children, ready, ready_read).run()
    notify(manager, "STOPPING=1")
    return status
