from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.paths.describing import Details
from milepost.domain.paths.models import Milestone
from milepost.domain.spaces.models import Space
from milepost.foundation.common import clock
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.conditions.registry import object_of
from milepost.foundation.identity.models import Community, Person
from milepost.interfaces.web.home.forms import DayInput

ICONS = (
    ("milestone", _("Milestone")),
    ("sprout", _("Sprout")),
    ("star", _("Star")),
    ("heart", _("Heart")),
    ("mic", _("Microphone")),
    ("music", _("Note")),
    ("banknote", _("Banknote")),
    ("ticket", _("Ticket")),
    ("trophy", _("Cup")),
    ("book-open", _("Book")),
    ("pen-line", _("Pen")),
    ("presentation", _("Talk")),
    ("users", _("People")),
    ("hand-helping", _("Helping hand")),
    ("message-circle", _("Words")),
    ("calendar-days", _("Calendar")),
    ("map-pin", _("Place")),
    ("graduation-cap", _("Cap")),
    ("leaf", _("Leaf")),
    ("hammer", _("Hammer")),
    ("camera", _("Camera")),
    ("rocket", _("Rocket")),
)
WAYS = (
    (Milestone.Way.CLAIM, _("A member says so: best for what happens in their lives")),
    (Milestone.Way.AWARD, _("A steward awards it")),
    (Milestone.Way.RULE, _("A rule finds it in what happens here: you write the rule on the next page")),
    (Milestone.Way.ATTENDANCE, _("By attending an event")),
    (Milestone.Way.RESOURCE, _("By finishing a resource")),
    (Milestone.Way.IMPORT, _("It comes from another system, in a file")),
)
_ADDRESS = re.compile(r"/(event|resource)s/([^/?#]+)/?")


class ClaimForm(forms.Form):
    reached_on = forms.DateField(
        label=_("On which day"),
        widget=DayInput(),
        help_text=_("If you do not know it any more, take one that is near."),
    )
    evidence = forms.CharField(
        label=_("What happened"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("A sentence or two. Whoever may see your milestone reads it too."),
    )
    link = forms.URLField(
        label=_("A link"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("A poster, a recording, an article."),
    )
    file = forms.FileField(
        label=_("A file"),
        required=False,
        help_text=_("A picture, a PDF, a document. Only those who verify it, and you, open it."),
    )

    def __init__(self, *args: Any, community: Community, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = clock.today(community.time_zone)
        self.fields["reached_on"].widget.attrs["max"] = self.today.isoformat()

    def clean_reached_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["reached_on"]
        if day > self.today:
            raise forms.ValidationError(_("That day is still to come. Give the day on which it happened."))
        return day


class ProposalForm(forms.Form):
    name = forms.CharField(
        label=_("Milestone"), max_length=120, help_text=_("Something that happens in a member's life: First paid gig.")
    )
    why = forms.CharField(
        label=_("Why it matters"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class DefinitionForm(ProposalForm):
    """Everything of a milestone but its rule, which has a page of its own."""

    icon = forms.ChoiceField(label=_("Sign"), required=False, choices=ICONS)
    kind = forms.ChoiceField(
        label=_("What it is"),
        required=False,
        choices=Milestone.Kind,
        help_text=_(
            "Steps of taking part are small and help people find their feet. What counts are milestones of life."
        ),
    )
    value = forms.ModelChoiceField(
        label=_("Which of our values it serves"), required=False, queryset=Value.objects.none()
    )
    goal = forms.ModelChoiceField(label=_("Which of our goals it serves"), required=False, queryset=Goal.objects.none())
    way = forms.ChoiceField(
        label=_("How it is reached"),
        required=False,
        choices=WAYS,
        initial=Milestone.Way.CLAIM,
        widget=forms.RadioSelect(),
    )
    subject = forms.CharField(
        label=_("Which event or resource"),
        required=False,
        max_length=300,
        help_text=_("Its address on this site, if it is reached by one of them. Empty: by any."),
    )
    verified_by = forms.ChoiceField(
        label=_("Who verifies what members say"), required=False, choices=Milestone.Verifier
    )
    needs_evidence = forms.BooleanField(label=_("A text, a link or a file is needed"), required=False)
    repeats = forms.ChoiceField(label=_("How often someone can reach it"), required=False, choices=Milestone.Repeats)
    valid_for_days = forms.IntegerField(
        label=_("For how many days it holds"),
        required=False,
        min_value=1,
        max_value=36_525,
        help_text=_("Empty: for good."),
    )
    requires = forms.ModelMultipleChoiceField(
        label=_("What has to be reached before"),
        required=False,
        queryset=Milestone.objects.none(),
        widget=forms.CheckboxSelectMultiple(),
    )
    grants_role = forms.ChoiceField(label=_("Which role it gives"), required=False)
    spaces = forms.ModelMultipleChoiceField(
        label=_("Which private spaces it opens"),
        required=False,
        queryset=Space.objects.none(),
        widget=forms.CheckboxSelectMultiple(),
    )
    is_secret = forms.BooleanField(
        label=_("Keep it secret"), required=False, help_text=_("Only who reached it, and stewards, see it.")
    )

    def __init__(self, *args: Any, community: Community, milestone: Milestone | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.community, self.milestone = community, milestone
        others = Milestone.objects.pursued().filter(community=community)
        rows: dict[str, Any] = {
            "value": Value.objects.held().filter(community=community),
            "goal": Goal.objects.adopted().filter(community=community),
            "requires": others.exclude(pk=milestone.pk) if milestone else others,
            "spaces": Space.objects.filter(community=community, kind=Space.Kind.PRIVATE, archived_at__isnull=True),
        }
        for name, found in rows.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = found
            field.empty_label = _now("None in particular")
        for name in ("requires", "spaces"):
            if not rows[name].exists():
                del self.fields[name]
        icon = self.fields["icon"]
        assert isinstance(icon, forms.ChoiceField)
        if milestone is not None and milestone.icon not in dict(ICONS):
            # One from a file stays, unless another is chosen.
            icon.choices = [(milestone.icon, _now("As it is")), *ICONS]
        roles = self.fields["grants_role"]
        assert isinstance(roles, forms.ChoiceField)
        roles.choices = [("", _now("None")), ("ambassador", _now("Ambassador")), ("moderator", _now("Moderator"))]

    def clean_subject(self) -> uuid.UUID:
        words = self.cleaned_data["subject"].strip()
        if not words:
            return NO_ID
        address = _ADDRESS.search(words)
        found = object_of(self.community, f"{address[1]}:{address[2]}" if address else words)
        if found is None:
            raise forms.ValidationError(
                _("There is nothing at this address. Copy it from the page of the event or resource.")
            )
        return found

    PLAIN: ClassVar[dict[str, Any]] = {"kind": Milestone.Kind.LIFE, "repeats": Milestone.Repeats.ONCE}
    MORE = (
        "kind", "value", "goal", "requires", "repeats", "valid_for_days", "grants_role", "spaces", "is_secret",
    )  # fmt: skip

    @property
    def more(self) -> list[forms.BoundField]:
        """What most milestones leave as it is."""
        return [self[name] for name in self.MORE if name in self.fields]

    @property
    def shows_more(self) -> bool:
        """Whether any of that was said, or is wrong."""
        if any(field.errors for field in self.more):
            return True
        return any((field.value() or "") not in ("", [], self.PLAIN.get(field.name)) for field in self.more)

    def details(self) -> Details:
        """Without the rule, which is kept as it is where a rule still finds it."""
        given, there = self.cleaned_data, self.milestone
        way = given["way"] or Milestone.Way.CLAIM
        keeps = there is not None and way == Milestone.Way.RULE
        return Details(
            kind=given["kind"] or Milestone.Kind.LIFE,
            value=given["value"],
            way=way,
            verified_by=given["verified_by"] or Milestone.Verifier.NOBODY,
            needs_evidence=given["needs_evidence"],
            rule=dict(there.rule) if keeps and there else {},
            levels=tuple(there.levels) if keeps and there else (),
            subject_id=given["subject"],
            repeats=given["repeats"] or Milestone.Repeats.ONCE,
            requires=_slugs(given.get("requires") or ()),
            is_secret=given["is_secret"],
            valid_for_days=given["valid_for_days"],
            grants_role=given["grants_role"],
        )

    @staticmethod
    def start(milestone: Milestone) -> dict[str, Any]:
        """What the form holds of a milestone that is there."""
        plain = (
            "name",
            "why",
            "icon",
            "kind",
            "value",
            "way",
            "verified_by",
            "needs_evidence",
            "repeats",
            "valid_for_days",
        )
        serves = getattr(milestone, "serves", None)
        return {name: getattr(milestone, name) for name in (*plain, "grants_role", "is_secret")} | {
            "subject": "" if milestone.subject_id == NO_ID else str(milestone.subject_id),
            "requires": list(milestone.requires.values_list("pk", flat=True)),
            "goal": serves.goal_id if serves else None,
            "spaces": list(milestone.space_grants.values_list("space", flat=True)),
        }


def _slugs(milestones: Iterable[Milestone]) -> tuple[str, ...]:
    return tuple(milestone.slug for milestone in milestones)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The person reads it, and it stands on the audit trail."),
    )


class DoubtForm(forms.Form):
    reason = forms.CharField(
        label=_("What is not right"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Stewards read it, and decide."),
    )


class BestowForm(forms.Form):
    who = forms.CharField(
        label=_("Who"), max_length=120, help_text=_("Their name here, as in @amara, or their full name.")
    )
    reached_on = forms.DateField(label=_("On which day"), widget=DayInput())
    words = forms.CharField(
        label=_("For what"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, community: Community, **options: Any) -> None:
        super().__init__(*args, **options)
        self.community = community

    def clean_who(self) -> Person:
        words = self.cleaned_data["who"].strip().removeprefix("@")
        people = Person.objects.listed().filter(community=self.community).select_related("community")
        found = list(people.filter(handle__iexact=words)[:1]) or list(people.filter(name__iexact=words)[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise forms.ValidationError(
                _("More than one person has this name. Give their @name; it stands on their page.")
            )
        raise forms.ValidationError(_("Nobody here has this name. Look for them under People."))
