"""Which file, and what of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from milepost.foundation.activity import registry
from milepost.interfaces.web.people.forms import zones
from milepost.outward.connectors.models import ImportRun, TableMapping
from milepost.outward.connectors.records import Options, RecordKind
from milepost.outward.connectors.sources.columns import FIELDS

from .guides import FORMATS

WHAT = {
    "id": _("Its own number or key"),
    "author": _("Who (a name or number)"),
    "author_name": _("Their name"),
    "author_mail": _("Their mail address"),
    "time": _("When"),
    "channel": _("Channel, list or group"),
    "thread": _("Topic or conversation"),
    "title": _("Title"),
    "text": _("Text"),
    "reply_to": _("Which message it answers"),
    "mentions": _("Who is mentioned"),
    "edited": _("When it was changed"),
    "verb": _("What was done"),
    "object_kind": _("Kind of thing it was done with"),
    "object": _("What it was done with"),
    "quantity": _("How much"),
    "name": _("Name"),
    "handle": _("User name"),
    "mail": _("Mail address"),
    "audience": _("Kind of member"),
    "is_bot": _("Whether it is a program"),
}
JOINED = _("When they joined")
KINDS: dict[RecordKind, Any] = {
    "messages": _("Messages"),
    "members": _("Members"),
    "activities": _("Things that people did"),
}


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label=_("Where does it come from?"), widget=forms.RadioSelect)
    upload = forms.FileField(label=_("The file"), allow_empty_file=False)
    label = forms.SlugField(
        label=_("Name of the workspace"),
        required=False,
        max_length=24,
        help_text=_("Only where you bring in a second workspace of the same tool, so that the two stay apart: berlin."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [(guide.kind, guide.name) for guide in FORMATS]


class ChoicesForm(forms.Form):
    """What of a file comes in: for channels how, for tables which column is what. Built from the run's preview."""

    def __init__(self, run: ImportRun, mappings: Iterable[TableMapping], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.run, self.seen = run, run.preview
        self.chosen = run.options
        self.kind = ""
        if run.kind == "table":
            self._add_table(mappings)
        if run.kind in {"table", "mbox"}:
            self._add_times()
        if run.kind == "table":
            self._add_name()
        self.channel_names = [self._add_channel(at, entry) for at, entry in enumerate(self.seen.get("channels", []))]

    # -- channels --------------------------------------------------------------------------------------

    def _add_channel(self, at: int, entry: dict[str, Any]) -> str:
        name = f"channel-{at}"
        private = (pgettext_lazy("how a channel comes in", "Only who was in it"), "private")
        out = (pgettext_lazy("how a channel comes in", "Leave it out"), "out")
        shared = (pgettext_lazy("how a channel comes in", "For all members"), "members")
        kinds = {"open": [shared, private, out], "private": [private, out], "direct": [out, private]}
        kind = self._kind_in_file(entry)
        self.fields[name] = forms.ChoiceField(
            label=entry["name"], choices=[(value, text) for text, value in kinds[kind]], initial=self._now(entry, kind)
        )
        return name

    def _kind_in_file(self, entry: dict[str, Any]) -> str:
        """The preview shows a channel as private that was chosen to become so."""
        if entry["kind"] == "private" and {entry["key"], entry["name"]} & set(self.chosen.get("private_channels", ())):
            return "open"
        return str(entry["kind"])

    def _now(self, entry: dict[str, Any], kind: str) -> str:
        names = {entry["key"], entry["name"]}
        if kind == "direct":
            return "private" if names & set(self.chosen.get("direct", ())) else "out"
        if names & set(self.chosen.get("skip_channels", ())):
            return "out"
        return "private" if kind == "private" or names & set(self.chosen.get("private_channels", ())) else "members"

    def channel_rows(self) -> list[dict[str, Any]]:
        return [
            {"field": self[name], "name": entry["name"], "messages": entry["messages"], "kind": entry["kind"]}
            for name, entry in zip(self.channel_names, self.seen.get("channels", []), strict=True)
        ]

    # -- tables and times ------------------------------------------------------------------------------

    def _add_table(self, mappings: Iterable[TableMapping]) -> None:
        kept = [("", _now("The columns below")), *((str(m.pk), m.name) for m in mappings)]
        if len(kept) > 1:
            self.fields["saved"] = forms.ChoiceField(
                label=_("Take the columns from"), choices=kept, required=False,
                help_text=_("A mapping that was kept from an earlier table."),
            )  # fmt: skip
        kind: RecordKind = self.chosen.get("kind") or self.seen.get("kind") or "messages"
        self.kind = kind
        self.fields["kind"] = forms.ChoiceField(label=_("A row of the table is"), choices=KINDS.items(), initial=kind)
        columns = self.seen.get("columns", [])
        mapping = self.chosen.get("mapping") or self.seen.get("mapping", {})
        for field in FIELDS[kind]:
            label = JOINED if (kind, field) == ("members", "time") else WHAT[field]
            now = mapping.get(field, "")
            choices = [("", _now("– no column –")), *((c, c) for c in columns)]
            if now and now not in columns:
                choices.append((now, now))
            self.fields[f"column-{field}"] = forms.ChoiceField(
                label=label, choices=choices, initial=now, required=False
            )
        if kind == "activities":
            verbs = [(name, f"{registry.known(name).label} ({name})") for name in registry.external_verbs()]
            self.fields["verb"] = forms.ChoiceField(
                label=_("What was done, in every row"), choices=[("", _now("– a column says it –")), *verbs],
                initial=self.chosen.get("verb", ""), required=False,
            )  # fmt: skip

    def _add_times(self) -> None:
        zone = self.chosen.get("timezone", "UTC")
        known = zones()
        self.fields["timezone"] = forms.ChoiceField(
            label=_("Time zone of times that do not say theirs"), initial=zone,
            choices=known if zone in dict(known) else [(zone, zone), *known],
        )  # fmt: skip
        if self.run.kind == "table":
            day = self.chosen.get("day_first")
            self.fields["day_first"] = forms.ChoiceField(
                label=_("03/04/2021 is"), required=False, initial={True: "day", False: "month"}.get(day, ""),
                choices=[("", _("found from the rows")), ("day", _("3 April")), ("month", _("4 March"))],
            )  # fmt: skip

    def _add_name(self) -> None:
        self.fields["save_as"] = forms.CharField(
            label=_("Keep these columns as"), max_length=80, required=False,
            help_text=_("A name, so that the next table of this shape needs no choosing."),
        )  # fmt: skip

    def plain_fields(self) -> list[forms.BoundField]:
        """All but the channels and the columns."""
        return [self[name] for name in self.fields if name not in self.channel_names and not name.startswith("column-")]

    def column_rows(self) -> list[dict[str, Any]]:
        needed = {"column-author", "column-time"} if self.kind != "members" else {"column-name"}
        return [{"field": self[name], "needed": name in needed} for name in self.fields if name.startswith("column-")]

    # -- what was chosen -------------------------------------------------------------------------------

    def options(self, saved: TableMapping | None) -> Options:
        """The choices in the connector's words; `saved` is the mapping that was taken instead of the columns."""
        data = self.cleaned_data
        found = Options(timezone=data.get("timezone") or self.chosen.get("timezone", "UTC"))
        found.day_first = {"day": True, "month": False}.get(data.get("day_first", ""))
        groups: dict[str, set[str]] = {"direct": set(), "skip": set(), "private": set()}
        for name, entry in zip(self.channel_names, self.seen.get("channels", []), strict=True):
            kind, how = self._kind_in_file(entry), data[name]
            if kind == "direct" and how == "private":
                groups["direct"].add(entry["key"])
            elif kind != "direct" and how == "out":
                groups["skip"].add(entry["key"])
            elif kind == "open" and how == "private":
                groups["private"].add(entry["key"])
        found.direct, found.skip_channels = frozenset(groups["direct"]), frozenset(groups["skip"])
        found.private_channels = frozenset(groups["private"])
        if self.run.kind == "table":
            found.kind = data["kind"]
            found.verb = data.get("verb", "")
            if saved is not None:
                found.kind, found.mapping = saved.kind, dict(saved.mapping)  # type: ignore[assignment]
            elif data["kind"] == (self.chosen.get("kind") or self.seen.get("kind") or data["kind"]):
                # A field that is set to no column stays empty; it is not guessed again.
                found.mapping = {
                    name.removeprefix("column-"): data[name] for name in self.fields if name.startswith("column-")
                }
        return found
