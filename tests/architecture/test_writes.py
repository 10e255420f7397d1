"""Pages and API hold no rules: they call one change method, and never save or record themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.source import CHECKOUT, python_files

ALWAYS_A_WRITE = {
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "record",
    "record_many",
    "save",
    "update_or_create",
}
# Also the names of methods of dictionaries, sessions and forms: a write on a manager or a queryset only.
A_WRITE_ON_ROWS = {"create", "delete", "update"}
# A session is the browser's state, not the community's.
NOT_ROWS = {"session", "sessions"}


def writes(tree: ast.AST) -> list[tuple[int, str]]:
    """Line and name of each call that changes rows or the log."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in ALWAYS_A_WRITE:
            found.append((node.lineno, node.func.id))
        elif isinstance(node.func, ast.Attribute):
            receiver = [part.attr for part in ast.walk(node.func.value) if isinstance(part, ast.Attribute)]
            if NOT_ROWS & set(receiver):
                continue
            if node.func.attr in ALWAYS_A_WRITE or (node.func.attr in A_WRITE_ON_ROWS and "objects" in receiver):
                found.append((node.lineno, node.func.attr))
    return found


def views() -> list[Path]:
    return python_files("milepost/interfaces/web", "milepost/interfaces/api")


def test_pages_and_api_never_write():
    files = views()
    assert len(files) > 10
    wrong = [
        f"{path.relative_to(CHECKOUT)}:{line} {name}()"
        for path in files
        for line, name in writes(ast.parse(path.read_text()))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("goal.save()", ["save"]),
        ("record(verb='goal.adopted')", ["record"]),
        ("activity.record_many(rows)", ["record_many"]),
        ("Goal.objects.create(title='x')", ["create"]),
        ("Goal.objects.filter(pk=1).update(title='x')", ["update"]),
        ("Goal.objects.filter(pk=1).delete()", ["delete"]),
        ("context.update(title='x')", []),
        ("request.session.save()", []),
        ("goal.adopt(by=person)", []),
    ],
)
def test_what_counts_as_a_write(code, expected):
    assert [name for _, name in writes(ast.parse(code))] == expected
