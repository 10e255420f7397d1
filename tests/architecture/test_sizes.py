"""A file that nobody can hold in mind has two subjects; so has such a function."""

from __future__ import annotations

import ast

from tests.architecture.source import CHECKOUT, python_files

LINES_OF_A_FILE = 500
LINES_OF_A_FUNCTION = 60


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        docstring = function.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


def test_no_file_is_too_long():
    files = [*python_files("milepost", "tests"), CHECKOUT / "scripts" / "gate"]
    counted = {path: len(path.read_text().splitlines()) for path in files}
    assert len(counted) > 50
    long = [f"{path.relative_to(CHECKOUT)}: {lines}" for path, lines in counted.items() if lines > LINES_OF_A_FILE]
    assert not long, "\n".join(long)


def test_no_function_is_too_long():
    long = []
    for path in python_files("milepost", "tests"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > LINES_OF_A_FUNCTION:
                long.append(f"{path.relative_to(CHECKOUT)}:{node.lineno} {node.name}: {length(node)}")
    assert not long, "\n".join(long)


def test_a_docstring_does_not_count():
    function = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n').body[0]
    assert isinstance(function, ast.FunctionDef)
    assert length(function) == 2
