"""JSON of any size, item by item, at the speed of `json.loads` and in flat memory.

A window of the text is decoded object by object with the C scanner's `raw_decode`; it only grows while one object does
not fit. What came before a break in the file is kept.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from milepost.outward.connectors.archive import Damaged

#: Characters. A larger item is skipped and reported, not read: one entry must not be able to fill the memory.
MAX_ITEM = 8 << 20

_decode = json.JSONDecoder(strict=False).raw_decode
_GAP = re.compile(r"[\s,]*")
_MARKS = re.compile(r'["\\{}\[\]]')
_BLANK = re.compile(r"[\s:]*")


class TooLarge:
    """Stands for an item that was passed over; `excerpt` is its beginning."""

    __slots__ = ("excerpt",)

    def __init__(self, excerpt: str) -> None:
        self.excerpt = excerpt


class _Window:
    """The part of the text that is being decoded."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        first = next(chunks, b"")
        self._decoder = codecs.getincrementaldecoder(_encoding(first))("replace")
        self.text = self._decoder.decode(first).removeprefix("\ufeff")
        self.at = 0
        self.ended = not first

    def grow(self) -> bool:
        """More text behind the present position; false at the end. At least doubles what is left."""
        if self.ended:
            return False
        left = len(self.text) - self.at
        parts, size = [self.text[self.at :]], 0
        while size <= left:
            raw = next(self._chunks, None)
            if raw is None:
                self.ended = True
                parts.append(self._decoder.decode(b"", final=True))
                break
            part = self._decoder.decode(raw)
            parts.append(part)
            size += len(part)
        self.text = "".join(parts)
        self.at = 0
        return bool(size) or len(self.text) > left

    def skip(self, gap: re.Pattern[str]) -> str:
        """The next character that counts, or "" at the end."""
        while True:
            match = gap.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.grow():
                return ""

    def value(self) -> Any:
        """The value at the present position; TooLarge where it does not fit; raises Damaged where it is none."""
        while True:
            try:
                value, end = _decode(self.text, self.at)
            except json.JSONDecodeError as error:
                unfinished = error.msg.startswith("Unterminated") or error.pos >= len(self.text) - 16
                if not unfinished or self.ended:
                    raise Damaged("json") from error
                if len(self.text) - self.at > MAX_ITEM:
                    return self._pass_over()
                self.grow()
                continue
            except RecursionError as error:
                raise Damaged("json") from error
            # A number may go on behind the window (“1.” of “1.5”, “1e-” of “1e-7”).
            if end + 2 >= len(self.text) and not self.ended and not isinstance(value, dict | list | str):
                self.grow()
                continue
            self.at = end
            return value

    def _pass_over(self) -> TooLarge:
        """Moves behind the value without keeping it."""
        excerpt = self.text[self.at : self.at + 500]
        depth, quoted, escaped, at = 0, False, False, self.at
        while True:
            text = self.text
            if escaped:
                at, escaped = at + 1, False
            for match in _MARKS.finditer(text, at):
                if match.start() < at:
                    continue
                mark = match.group()
                if quoted:
                    if mark == "\\":
                        at = match.start() + 2
                    elif mark == '"':
                        quoted = False
                elif mark == '"':
                    quoted = True
                elif mark in "{[":
                    depth += 1
                elif mark in "}]":
                    depth -= 1
                if not quoted and depth <= 0 and mark != "\\":
                    self.at = match.end()
                    return TooLarge(excerpt)
            escaped = at > len(text)
            self.at = len(text)
            at = 0
            if not self.grow():
                raise Damaged("json")


def items(chunks: Iterator[bytes], array: str | None = None) -> Iterator[tuple[str, Any]]:
    """Pairs (name, value) of a JSON document.

    Of a top-level array, each element as ("", element). Of a top-level object, each entry as (name, value), but the
    elements of the list named `array` one by one. An element over MAX_ITEM comes as TooLarge. Raises Damaged where
    the document breaks off or is none.
    """
    window = _Window(chunks)
    opening = window.skip(_GAP)
    window.at += 1
    if opening == "[":
        for value in _elements(window):
            yield "", value
    elif opening == "{":
        while (char := window.skip(_GAP)) == '"':
            name = window.value()
            char = window.skip(_BLANK)
            if name == array and char == "[":
                window.at += 1
                for value in _elements(window):
                    yield name, value
            elif char:
                yield name, window.value()
        if char != "}":
            raise Damaged("json")
    else:
        raise Damaged("json")


def _elements(window: _Window) -> Iterator[Any]:
    while (char := window.skip(_GAP)) != "]":
        if not char:
            raise Damaged("json")
        yield window.value()
    window.at += 1


def _encoding(first: bytes) -> str:
    if first.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return "utf-8"


def decode(data: bytes) -> tuple[str, bool]:
    """The text of a small file, and whether it was what it should be (UTF-8, or UTF-16 with a mark)."""
    encoding = _encoding(data)
    try:
        return data.decode(encoding).removeprefix("\ufeff"), True
    except UnicodeDecodeError:
        return data.decode("cp1252" if encoding == "utf-8" else encoding, "replace"), False


def loads(text: str) -> Any:
    """`json.loads` that bears control characters; raises Damaged."""
    try:
        return json.loads(text, strict=False)
    except (json.JSONDecodeError, RecursionError) as error:
        raise Damaged("json") from error
