"""JSON comes item by item, from chunks cut anywhere, and what precedes a break is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.outward.connectors.archive import Damaged
from milepost.outward.connectors.sources import jsonstream
from milepost.outward.connectors.sources.jsonstream import TooLarge, decode, items, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def cut(data: bytes, size: int):
    return (data[at : at + size] for at in range(0, len(data), size))


@given(st.lists(VALUES, max_size=8), st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
def test_a_list_in_any_chunks_is_the_list(values, size, indent, ascii_only):
    data = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    if b"\xed" not in data:
        assert [value for _key, value in items(cut(data, size))] == values


@given(st.lists(VALUES, max_size=6), VALUES, VALUES, st.integers(1, 30))
def test_a_named_list_in_an_object(values, before, after, size):
    data = json.dumps({"guild": before, "messages": values, "count": after}).encode()
    assert list(items(cut(data, size), "messages")) == [
        ("guild", before),
        *(("messages", value) for value in values),
        ("count", after),
    ]


def test_what_comes_before_a_break_is_kept():
    data = json.dumps([{"n": n, "text": "x" * 50} for n in range(100)]).encode()
    got: list[Any] = []
    with pytest.raises(Damaged):
        got.extend(value["n"] for _key, value in items(cut(data[:-300], 64)))
    assert got == list(range(len(got)))
    assert 90 < len(got) < 100


@pytest.mark.parametrize(
    "data", [b"", b"   ", b"hello", b'{"a": 1', b'[1, {"a": }]', b"[1 2", b"[" * 100_000, b'{"a" 1']
)
def test_what_is_no_json_is_damaged(data):
    with pytest.raises(Damaged):
        list(items(cut(data, 16)))


def test_an_error_in_the_middle_does_not_read_the_rest():
    read = 0

    def chunks():
        nonlocal read
        yield b'[{"a": 1}, {"a": oops}, '
        for _ in range(1000):
            read += 1
            yield b'{"a": 2}, ' * 1000

    got: list[Any] = []
    with pytest.raises(Damaged):
        got.extend(value for _key, value in items(chunks()))
    assert got == [{"a": 1}]
    assert read < 3


def test_an_item_that_is_too_large_is_passed_over(monkeypatch):
    monkeypatch.setattr(jsonstream, "MAX_ITEM", 1000)
    nasty = '\\"]}{[' * 2000 + "\\"
    values = [{"n": 1}, {"text": nasty, "deep": [{"x": "}"}]}, {"n": 2}, "y" * 9000, {"n": 3}]
    for size in (7, 64, 1000):
        got = [value for _key, value in items(cut(json.dumps(values).encode(), size))]
        assert [got[0], got[2], got[4]] == [{"n": 1}, {"n": 2}, {"n": 3}]
        assert isinstance(got[1], TooLarge)
        assert got[1].excerpt.startswith('{"text"')
        assert isinstance(got[3], TooLarge)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_with_a_mark(encoding):
    data = '[{"text": "naïve 🌱"}]'.encode(encoding)
    assert [value for _key, value in items(cut(data, 64))] == [{"text": "naïve 🌱"}]
    if encoding != "utf-32":
        assert decode(data) == ('[{"text": "naïve 🌱"}]', True)


def test_other_encodings_are_read_as_best_as_possible():
    assert decode('["caf\xe9"]'.encode("cp1252")) == ('["café"]', False)
    assert loads('["a\nb"]') == ["a\nb"]
    with pytest.raises(Damaged):
        loads("[1,")
