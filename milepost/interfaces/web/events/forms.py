"""What is asked about an event."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.events import recurrence
from milepost.domain.events.changing import Links
from milepost.domain.events.models import Event
from milepost.domain.events.proposing import When
from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.spaces.models import Space
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.home.forms import DayInput
from milepost.interfaces.web.people.forms import zones
from milepost.interfaces.web.times import figure

from .showing import zone_of

REPEATS = {
    "": _("It takes place once"),
    "weekly": _("Every week, on this weekday"),
    "fortnightly": _("Every second week, on this weekday"),
    "monthly_weekday": _("Every month, as on the second Tuesday"),
    "monthly_last": _("Every month, on the last such weekday"),
    "monthly_day": _("Every month, on this day of the month"),
    "yearly": _("Every year, on this day"),
    "daily": _("Every day"),
    "rule": _("By a rule that I write"),
}
_MINUTES = re.compile(r"^\s*(\d{1,4})\s*(?:min\.?|')?\s*[:|.)-]?\s+(.*)$")


GROUPS = (
    (
        _("It comes round again, or lasts for days"),
        _("A series that people join once"),
        ("repeats", "times", "ends_on", "rule", "last_day"),
    ),
    (_("For whom, and how many"), _("Guests, places, questions"), ("audience", "space", "capacity", "questions")),
    (_("Agenda"), _("Parts, talks in small groups, what happens afterwards"), ("agenda", "follow_up")),
    (
        _("Who, and what it serves"),
        _("Hosts, speakers, milestones, goal, value, tags"),
        ("hosts", "speakers", "milestones", "goal", "value", "tags"),
    ),
)


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, **attributes: Any) -> None:
        super().__init__(attrs=attributes, format="%H:%M")


class EventForm(forms.Form):
    title = forms.CharField(label=_("What is it called"), max_length=160)
    kind = forms.ChoiceField(
        label=_("What kind"),
        choices=Event.Kind.choices,
        help_text=_(
            "A Social Workshop is interactive: an agenda, talks in small groups, and something to do afterwards."
        ),
    )
    summary = forms.CharField(
        label=_("In one line"), max_length=240, required=False, help_text=_("What one has from being there.")
    )
    description = forms.CharField(
        label=_("What happens there"), max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )
    day = forms.DateField(label=_("Day"), widget=DayInput())
    at = forms.TimeField(label=_("Begins at"), widget=TimeInput())
    until = forms.TimeField(label=_("Ends at"), widget=TimeInput())
    last_day = forms.DateField(
        label=_("Last day"), widget=DayInput(), required=False, help_text=_("Only where it goes on for several days.")
    )
    zone = forms.ChoiceField(label=_("In which time zone"), help_text=_("Everyone else sees their own time beside it."))
    repeats = forms.ChoiceField(label=_("Does it come round again"), choices=REPEATS.items(), required=False)
    rule = forms.CharField(
        label=_("The rule"), max_length=200, required=False,
        help_text=_("Only for “by a rule that I write”, as RFC 5545 has it: FREQ=MONTHLY;BYDAY=2TU."),
    )  # fmt: skip
    times = forms.IntegerField(label=_("How many times"), min_value=1, max_value=1000, required=False)
    ends_on = forms.DateField(
        label=_("Or until which day"), widget=DayInput(), required=False, help_text=_("Neither: it goes on.")
    )
    mode = forms.ChoiceField(label=_("Where"), choices=Event.Mode.choices)
    place = forms.CharField(
        label=_("Place"), max_length=300, required=False,
        help_text=_("Name, street, how to get in. Say whether it can be reached without steps."),
    )  # fmt: skip
    link = forms.URLField(
        label=_("Video link"), max_length=500, required=False, assume_scheme="https",
        help_text=_("Only who has a place sees it."),
    )  # fmt: skip
    room = forms.BooleanField(label=_("Make a Jitsi room for it"), required=False)
    audience = forms.ChoiceField(label=_("For whom"), choices=Event.Audience.choices)
    space = forms.ModelChoiceField(
        Space.objects.none(),
        label=_("In which space"),
        required=False,
        empty_label=_("In none: for the whole community"),
    )
    capacity = forms.IntegerField(
        label=_("Places"), min_value=1, max_value=100_000, required=False,
        help_text=_("Left empty: room for all. When they are taken, people wait, and move up by themselves."),
    )  # fmt: skip
    hosts = forms.CharField(
        label=_("Who hosts"), max_length=1_000, required=False,
        help_text=_("@names of members or names, with commas between. Hosts may change the event and see who comes."),
    )  # fmt: skip
    speakers = forms.CharField(label=_("Who speaks"), max_length=1_000, required=False, help_text=_("The same way."))
    agenda = forms.CharField(
        label=_("Agenda"), max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("A line for each part, its minutes first: “10 Welcome”. A line that begins with > says what small groups talk about."),
    )  # fmt: skip
    follow_up = forms.CharField(
        label=_("What happens afterwards"), max_length=4_000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The step that everyone takes home."),
    )  # fmt: skip
    questions = forms.CharField(
        label=_("Questions at registration"), max_length=5_000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A line for each. A star at the end (*) means that it has to be answered."),
    )  # fmt: skip
    milestones = forms.ModelMultipleChoiceField(
        Milestone.objects.none(), label=_("Which milestones it helps with"), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    goal = forms.ModelChoiceField(Goal.objects.none(), label=_("Which goal it serves"), required=False)
    value = forms.ModelChoiceField(Value.objects.none(), label=_("Which value it serves"), required=False)
    tags = forms.CharField(label=_("Tags"), max_length=400, required=False, help_text=_("With commas between."))

    def __init__(self, *args: Any, actor: Actor, event: Event | None = None, **options: Any) -> None:
        if event is not None:
            options.setdefault("initial", _initial(event))
        super().__init__(*args, **options)
        self.actor, self.event = actor, event
        community = actor.community
        zone = event.zone if event else zone_of(actor)
        known = zones()
        self._choice("zone").choices = known if zone in dict(known) else [(zone, zone), *known]
        self.fields["zone"].initial = zone
        self._rows("space").queryset = Space.objects.visible_to(actor).live().order_by("name")
        self._rows("goal").queryset = Goal.objects.adopted().filter(community=community)
        self._rows("value").queryset = Value.objects.held().filter(community=community)
        self._rows("milestones").queryset = Milestone.objects.pursued().filter(community=community)
        if not community.is_public:
            self._choice("audience").choices = [("members", Event.Audience.MEMBERS.label)]
        else:
            self.fields["audience"].initial = Event.Audience.PUBLIC
        if not self._rows("milestones").queryset.exists():
            del self.fields["milestones"]
        if event is not None:
            self._as_change(event)

    def _choice(self, name: str) -> Any:
        return self.fields[name]

    def _rows(self, name: str) -> Any:
        return self.fields[name]

    def _as_change(self, event: Event) -> None:
        del self.fields["room"]
        if event.series_id is None:
            for name in ("repeats", "rule", "times", "ends_on"):
                del self.fields[name]
            return
        self._choice("repeats").choices = [("", _now("As it is now")), *list(REPEATS.items())[1:]]
        which = forms.ChoiceField(
            label=_("What to change"), widget=forms.RadioSelect, initial="one",
            choices=[
                ("one", _("This event only")),
                ("following", _("This one and those that follow")),
                ("all", _("All that are still to come")),
            ],
        )  # fmt: skip
        self.fields = {"which": which, **self.fields}

    def groups(self) -> list[dict[str, Any]]:
        """The form in parts: what everyone fills in, and what stands behind a heading until it is wanted."""
        found = []
        for title, text, names in GROUPS:
            fields = [self[name] for name in names if name in self.fields]
            used = any(field.errors or field.value() for field in fields if field.name not in {"audience", "zone"})
            if fields:
                found.append({"title": title, "text": text, "fields": fields, "open": used})
        return found

    # -- what was said ---------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("hosts", "speakers"):
            if name in data:
                try:
                    data[name] = _people(self.actor, data[name])
                except DomainError as refusal:
                    self.add_error(name, str(refusal))
        return data

    def when(self) -> When:
        """Raises DomainError for a rule that is none."""
        data = self.cleaned_data
        start = datetime.combine(data["day"], data["at"])
        end = datetime.combine(data["last_day"] or data["day"], data["until"])
        if end <= start:
            end += timedelta(days=1)
        return When(data["day"], data["at"], round((end - start) / timedelta(minutes=1)), data["zone"], self._rule())

    def _rule(self) -> recurrence.Rule | None:
        data = self.cleaned_data
        name = data.get("repeats", "")
        if not name:
            return None
        if name == "rule":
            return recurrence.Rule.parse(data["rule"], data["zone"])
        return recurrence.chosen(name, data["day"], count=data["times"], until=data["ends_on"])

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        names = ("title", "kind", "summary", "description", "mode", "place", "link", "audience", "space", "capacity")
        return {name: data[name] for name in (*names, "follow_up", "goal", "value")} | {
            "agenda": read_agenda(data["agenda"]),
            "questions": read_questions(data["questions"], self.event),
        }

    def links(self) -> Links:
        data = self.cleaned_data
        return Links(
            hosts=data["hosts"],
            speakers=data["speakers"],
            milestones=list(data["milestones"]) if "milestones" in data else None,
            tags=data["tags"].split(","),
        )


def _people(actor: Actor, words: str) -> list[Person | str]:
    """Members by @name or whole name; other names are those of people from outside."""
    members = Person.objects.claimed().listed().filter(community=actor.community)
    found: list[Person | str] = []
    for word in (part.strip() for part in words.replace("\0", "").split(",")):
        if word.startswith("@"):
            person = members.filter(handle=word[1:].lower()).first()
            if person is None:
                raise DomainError(_now("Nobody here is called %(name)s.") % {"name": word[:60]})
            found.append(person)
        elif word:
            same = list(members.filter(name__iexact=word)[:2])
            found.append(same[0] if len(same) == 1 else word)
    return found


def _initial(event: Event) -> dict[str, Any]:
    start, end = event.local_start, event.local_end
    long = event.minutes >= 24 * 60
    return {
        **{name: getattr(event, name) for name in ("title", "kind", "summary", "description", "mode", "place", "link")},
        **{
            name: getattr(event, name)
            for name in ("audience", "space", "capacity", "follow_up", "goal", "value", "zone")
        },
        "day": start.date(),
        "at": time(start.hour, start.minute),
        "until": time(end.hour, end.minute),
        "last_day": end.date() if long else None,
        "hosts": _names(event, "host"),
        "speakers": _names(event, "speaker"),
        "agenda": write_agenda(event.agenda),
        "questions": "\n".join(q["question"] + (" *" if q["required"] else "") for q in event.questions),
        "milestones": list(event.milestone_links.values_list("milestone", flat=True)),
        "tags": ", ".join(event.tags.values_list("name", flat=True)),
    }


def _names(event: Event, role: str) -> str:
    parts = event.parts.filter(role=role).select_related("person")
    return ", ".join(f"@{p.person.handle}" if p.person and p.person.handle else str(p) for p in parts)


def read_agenda(text: str) -> list[dict[str, Any]]:
    """Lines with minutes first; a line with > is the prompt of the part above it."""
    items: list[dict[str, Any]] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        if line.lstrip().startswith(">"):
            if not items:
                items.append({"minutes": 0, "title": "", "prompt": ""})
            items[-1]["prompt"] = f"{items[-1]['prompt']} {line.lstrip()[1:].strip()}".strip()
            continue
        found = _MINUTES.match(line)
        minutes, title = (int(found[1]), found[2]) if found else (0, line.strip())
        items.append({"minutes": minutes, "title": title, "prompt": ""})
    return items


def write_agenda(items: list[dict[str, Any]]) -> str:
    lines = []
    for item in items:
        lines.append(f"{item['minutes']} {item['title']}" if item["minutes"] else item["title"])
        if item["prompt"]:
            lines.append(f"> {item['prompt']}")
    return "\n".join(lines)


def read_questions(text: str, event: Event | None) -> list[dict[str, Any]]:
    """Questions that stay in the same words keep their key, and so the answers given before."""
    keys = {q["question"]: q["key"] for q in event.questions} if event else {}
    found = []
    for line in text.splitlines():
        words = " ".join(line.split())
        required = words.endswith("*")
        words = words.rstrip("* ")
        if words:
            found.append({"key": keys.get(words, ""), "question": words, "required": required})
    return found


class RegistrationForm(forms.Form):
    """The event's own questions; for guests, who they are."""

    def __init__(self, *args: Any, event: Event, guest: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.event = event
        if guest:
            self.fields["name"] = forms.CharField(label=_("Your name"), max_length=120)
            self.fields["mail"] = forms.EmailField(
                label=_("Your mail address"),
                max_length=254,
                help_text=_("The confirmation goes there. Nobody else sees it."),
            )
        for question in event.questions:
            self.fields[f"q-{question['key']}"] = forms.CharField(
                label=question["question"], required=question["required"], max_length=2_000
            )

    def replies(self) -> dict[str, str]:
        return {name[2:]: value for name, value in self.cleaned_data.items() if name.startswith("q-")}


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"), max_length=400, required=False, help_text=_("Whoever wanted to come reads it.")
    )
    following = forms.BooleanField(label=_("And all that follow: the series ends"), required=False)

    def __init__(self, *args: Any, event: Event, **options: Any) -> None:
        super().__init__(*args, **options)
        if event.series_id is None:
            del self.fields["following"]


class InvitationsForm(forms.Form):
    mails = forms.CharField(
        label=_("Mail addresses"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, or with commas. Each gets an invitation that their calendar understands."),
    )  # fmt: skip

    def addresses(self) -> list[str]:
        return [word for word in re.split(r"[\s,;]+", self.cleaned_data["mails"]) if word]


class SegmentInvitationForm(forms.Form):
    """To the members of a segment or list; those whose members are not told even to stewards are not offered."""

    segment = forms.ChoiceField(label=_("Segment or list"))

    def __init__(self, *args: Any, segments: Sequence[tuple[str, str, int]], **options: Any) -> None:
        """`segments`: slug, name, size."""
        super().__init__(*args, **options)
        choice = self.fields["segment"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(slug, f"{name} ({figure(size)})") for slug, name, size in segments]


class AfterwardsForm(forms.Form):
    recording = forms.URLField(label=_("Recording"), required=False, max_length=500, assume_scheme="https")
    notes = forms.CharField(
        label=_("Notes"), required=False, max_length=40_000, widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("What was said and decided, for those who were there and those who could not be."),
    )  # fmt: skip
    follow_up = forms.CharField(
        label=_("What happens now"), required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    tell = forms.BooleanField(label=_("Send it by mail to who was there"), required=False)


class FeedbackForm(forms.Form):
    rating = forms.TypedChoiceField(
        label=_("How was it for you"), coerce=int, widget=forms.RadioSelect,
        choices=[(5, _("Very good")), (4, _("Good")), (3, _("All right")), (2, _("Not so good")), (1, _("Not good"))],
    )  # fmt: skip
    words = forms.CharField(
        label=_("What helped, and what would make it better"), required=False, max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}), help_text=_("Hosts read it without your name."),
    )  # fmt: skip


class WalkInForm(forms.Form):
    who = forms.CharField(
        label=_("Someone who is here and not on the list"),
        max_length=120,
        help_text=_("@name or the whole name of a member."),
    )

    def __init__(self, *args: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*args, **options)
        self.actor = actor

    def clean_who(self) -> Person:
        try:
            found = _people(self.actor, self.cleaned_data["who"])
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        if len(found) != 1 or not isinstance(found[0], Person):
            raise forms.ValidationError(_now("No member has this name, or several have. Use their @name."))
        return found[0]


class SettingsForm(forms.Form):
    approval = forms.BooleanField(
        label=_("A steward looks at what members propose before others see it"), required=False
    )
    video_server = forms.URLField(
        label=_("Jitsi server for rooms that are made"), max_length=200, assume_scheme="https",
        help_text=_("Your own, or https://meet.jit.si."),
    )  # fmt: skip
