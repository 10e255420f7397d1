"""The `milepost` command: how an operator, a script or a service manager speaks to a site.

One subcommand a module, named in `registry.COMMANDS` and imported only when it is called. No rules here: a command parses,
calls one function, and prints. Standard output holds the answer (with `--json` nothing but JSON), standard error what is
going on. Exit status: 0 done, 1 refused or failed (with what to do), 2 wrong usage.

Commands speak English: they are an interface for scripts and operators, and the documentation names their words.
"""

from __future__ import annotations


def main() -> None:
    from .root import milepost

    milepost(prog_name="milepost")
