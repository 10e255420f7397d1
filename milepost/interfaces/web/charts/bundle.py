"""The script that draws charts, made once from the package vl-convert and served as a static file."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

NAME = "web/charts/vega.js"


def available() -> bool:
    """Whether the packages for charts are installed."""
    return all(importlib.util.find_spec(name) for name in ("altair", "vl_convert"))


class VegaFinder(BaseFinder):
    """Finds the joined script of Vega, Vega-Lite and Vega-Embed; makes it again only for another version (some seconds)."""

    def __init__(self, app_names: Sequence[str] | None = None, *args: Any, **kwargs: Any) -> None:
        self.root = Path(settings.MILEPOST_HOME) / "cache" / "charts"
        self.storage = FileSystemStorage(location=self.root)

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path != NAME or not available():
            return [] if find_all else None
        found = str(self._made())
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        if available():
            self._made()
            yield NAME, self.storage

    def _made(self) -> Path:
        target, mark = self.root / NAME, self.root / "version"
        version = importlib.metadata.version("vl-convert-python")
        if target.exists() and mark.exists() and mark.read_text() == version:
            return target
        import vl_convert

        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, delete=False) as draft:
            # Without a snippet: vegaEmbed, vega and vegaLite on the window. (The package's types want one.)
            draft.write(vl_convert.javascript_bundle())  # type: ignore[call-arg]
        Path(draft.name).replace(target)
        target.chmod(0o644)
        mark.write_text(version)
        return target
