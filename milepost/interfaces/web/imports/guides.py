"""How to get an export out of each tool, in the words that the tool's own pages use."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Guide:
    kind: str
    name: str | Promise
    file: str | Promise
    """What the file is."""
    steps: tuple[str | Promise, ...]
    brings: str | Promise


FORMATS = (
    Guide(
        "slack",
        "Slack",
        _("A zip file with users.json and a folder for each channel"),
        (
            _("In Slack, an owner or admin opens the workspace's menu: Tools & settings, then Workspace settings."),
            _("Choose Import/export data, then Export, and a range of dates."),
            _("Slack sends a mail when the file is ready. Download it and leave it packed."),
        ),
        _("People, channels, threads, reactions, names of files, and who joined when."),
    ),
    Guide(
        "discord",
        "Discord",
        _("JSON files, one a channel, in a zip"),
        (
            _(
                "Discord has no export of its own. Use the program DiscordChatExporter with an account that may read the channels."
            ),
            _("Choose the format JSON, and all channels and threads that you want."),
            _("Pack the files into one zip."),
        ),
        _("People, channels, threads, replies, reactions, and who joined when."),
    ),
    Guide(
        "discourse",
        "Discourse",
        _("The users' CSV and topics as JSON, in a zip"),
        (
            _("In Discourse, an admin opens Users, then Export, and gets a CSV file by message."),
            _(
                "Save topics from its API: /c/…/l/latest.json for lists, /t/….json for each topic, /site.json for categories."
            ),
            _("Pack all of it into one zip."),
        ),
        _("People with the day they signed up, categories, topics, replies, and likes as counts."),
    ),
    Guide(
        "mbox",
        _("Mailing list"),
        _("An mbox file, also packed (.gz, .zip)"),
        (
            _("Mailman: the archive's page offers each month or all of it as text or mbox (…/export/list.mbox.gz)."),
            _("Google Groups: takeout.google.com, choose Groups."),
            _("A mail program: export the folder as mbox."),
        ),
        _("People, conversations by who answers whom, and names of attachments."),
    ),
    Guide(
        "table",
        _("A table"),
        _("CSV, JSON Lines or Parquet"),
        (
            _("One row a message, a member, or a thing that somebody did. The first row has the names of the columns."),
            _("Spreadsheets: save as CSV."),
            _("You say afterwards which column is what; most are recognised."),
        ),
        _("Messages in conversations, members with the day they joined, or activities such as attendances."),
    ),
)


def guide_to(kind: str) -> Guide | None:
    return next((guide for guide in FORMATS if guide.kind == kind), None)
