from __future__ import annotations

from milepost.foundation.common.errors import DomainError


class Malformed(DomainError):
    """A file of votes that cannot be read: which line, what is wrong there, what was expected."""

    def __init__(self, name: str, line: int | None, wrong: str, expected: str) -> None:
        where = f"{name}, line {line}" if line else name
        super().__init__(f"{where}: {wrong}.", f"Expected: {expected}.")
        self.line = line


def text_of(content: bytes, name: str) -> str:
    """UTF-8, with or without a mark at its beginning."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Malformed(name, line, "this is not UTF-8 text", "a text file in UTF-8") from error


def lines_of(content: bytes, name: str) -> list[str]:
    """Lines that end with LF, CRLF or CR; other separators may stand in names."""
    return text_of(content, name).replace("\r\n", "\n").replace("\r", "\n").split("\n")
