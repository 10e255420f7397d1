"""Sources: streaming readers of other systems' exports, without any database. Each yields batches of neutral records."""

from __future__ import annotations

from django.utils.translation import gettext as _

from milepost.outward.connectors.records import ConnectorError, Options
from milepost.outward.connectors.sources.base import BaseSource
from milepost.outward.connectors.sources.discord import DiscordSource
from milepost.outward.connectors.sources.discourse import DiscourseSource
from milepost.outward.connectors.sources.mbox import MboxSource
from milepost.outward.connectors.sources.slack import SlackSource
from milepost.outward.connectors.sources.table import TableSource

#: By name, in the order in which `detect_source` asks them: the most particular format first.
SOURCES: dict[str, type[BaseSource]] = {
    source.name: source for source in (SlackSource, DiscordSource, DiscourseSource, MboxSource, TableSource)
}


def detect_source(path: str) -> str | None:
    """The name of the first source whose format the file looks like."""
    return next((name for name, source in SOURCES.items() if source.detect(path)), None)


def open_source(name: str, path: str, options: Options | None = None) -> BaseSource:
    """The source `name` over the file or folder at `path`. Raises ConnectorError if it is of another kind."""
    source = SOURCES.get(name)
    if source is None:
        raise ConnectorError(
            _("“%(name)s” is not a source that can be imported.") % {"name": name},
            _("Sources are: %(names)s.") % {"names": ", ".join(SOURCES)},
        )
    return source(path, options)


__all__ = ["SOURCES", "BaseSource", "detect_source", "open_source"]
