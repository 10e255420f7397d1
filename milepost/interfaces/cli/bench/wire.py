"""Requests over HTTP, several connections at once that stay open: how long an answer takes, and how many come a second."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from .metering import quantile

MOST = 5_000
"""Requests in one measurement, however quick they are."""


def measure(address: str, path: str, cookie: str, connections: int, seconds: float) -> dict[str, Any]:
    """Milliseconds from the request's first byte to the answer's last. `failed`: answers that were no 200, or none."""
    return asyncio.run(_measure(address, path, cookie, connections, seconds))


async def _measure(address: str, path: str, cookie: str, connections: int, seconds: float) -> dict[str, Any]:
    times: list[float] = []
    failed = 0
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nAccept: text/html\r\nAccept-Language: en\r\n"
        "Accept-Encoding: gzip, br\r\nConnection: keep-alive\r\n\r\n"
    ).encode()
    host, _, port = address.rpartition(":")
    began = time.perf_counter()

    async def visitor() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            while time.perf_counter() - began < seconds and len(times) < MOST:
                sent = time.perf_counter()
                writer.write(request)
                status, stays = await _answer(reader)
                times.append((time.perf_counter() - sent) * 1000)
                failed += status != 200
                if not stays:
                    writer.close()
                    reader, writer = await asyncio.open_connection(host, int(port))
        except (OSError, EOFError):
            failed += 1
        finally:
            writer.close()

    await asyncio.gather(*(visitor() for _ in range(connections)))
    took = time.perf_counter() - began
    return {
        "requests": len(times),
        "failed": failed,
        "p50_ms": round(quantile(times, 0.5), 1),
        "p95_ms": round(quantile(times, 0.95), 1),
        "per_second": round(len(times) / took, 1),
    }


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one answer to its end; its status, and whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    headers = dict(line.partition(": ")[::2] for line in head.split("\r\n")[1:] if line)
    if "content-length" in headers:
        await reader.readexactly(int(headers["content-length"]))
    elif headers.get("transfer-encoding") == "chunked":
        while size := int((await reader.readline()).partition(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        await reader.read()
        return int(head[9:12]), False
    return int(head[9:12]), headers.get("connection") != "close"
