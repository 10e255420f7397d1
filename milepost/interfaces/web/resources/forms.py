from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.resources.drafting import LONGEST, Draft, LessonDraft, Serving
from milepost.domain.resources.models import Resource, ResourceVersion
from milepost.foundation.identity.models import Community, Person

MARKDOWN = _("You can write **bold**, *italic*, > quotes, `code`, lists and headings.")
WRITTEN = {
    Resource.Kind.GUIDE: ("title", "summary", "text", "minutes"),
    Resource.Kind.LINK: ("title", "url", "summary", "text", "minutes"),
    Resource.Kind.FILE: ("title", "file", "summary", "text", "minutes"),
    Resource.Kind.TEMPLATE: ("title", "summary", "text", "file", "minutes"),
    Resource.Kind.COURSE: ("title", "summary", "text"),
}
"""The fields of each kind, in their order."""
SERVING = ("milestones", "goals", "values", "tags", "authors", "credit", "access")
SEVERAL = forms.CheckboxSelectMultiple


class ResourceForm(forms.Form):
    """Reads only: `Resource.propose` and `change` write."""

    title = forms.CharField(label=_("Title"), max_length=160, help_text=_("What it helps with, in a few words."))
    url = forms.CharField(
        label=_("Address"),
        max_length=1000,
        widget=forms.URLInput(),
        help_text=_("The whole one, with https:// in front."),
    )
    file = forms.FileField(label=_("File"), required=False)
    summary = forms.CharField(
        label=_("Who it is for, and what they will be able to do"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    text = forms.CharField(
        label=_("Text"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=MARKDOWN,
    )
    minutes = forms.IntegerField(label=_("How many minutes it takes"), required=False, min_value=1, max_value=10_000)
    milestones = forms.ModelMultipleChoiceField(
        label=_("Which milestones it helps with"), queryset=Milestone.objects.none(), required=False, widget=SEVERAL,
        help_text=_("Whoever has one of them next is shown this."),
    )  # fmt: skip
    goals = forms.ModelMultipleChoiceField(
        label=_("Which goals it serves"), queryset=Goal.objects.none(), required=False, widget=SEVERAL
    )
    values = forms.ModelMultipleChoiceField(
        label=_("Which values it serves"), queryset=Value.objects.none(), required=False, widget=SEVERAL
    )
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=500, help_text=_("Up to eight, with commas between them.")
    )
    authors = forms.CharField(
        label=_("Authors"), required=False, max_length=600,
        help_text=_("Members who wrote it, as @names with commas between them."),
    )  # fmt: skip
    credit = forms.CharField(
        label=_("With thanks to"), required=False, max_length=200, help_text=_("People and sources from elsewhere.")
    )
    access = forms.ChoiceField(
        label=_("Who can use it"),
        choices=Resource.Access.choices,
        widget=forms.RadioSelect,
        initial=Resource.Access.MEMBERS,
    )
    note = forms.CharField(
        label=_("What changed"), required=False, max_length=400, help_text=_("It stands in the history.")
    )
    after = forms.IntegerField(widget=forms.HiddenInput(), required=False, min_value=0)

    def __init__(
        self, *args: Any, community: Community, kind: str, before: ResourceVersion | None = None, serving: bool = True,
        **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **options)
        self.community, self.kind = community, Resource.Kind(kind)
        kept = [*WRITTEN[self.kind], *(SERVING if serving else ()), *(("note", "after") if before else ())]
        for name in list(self.fields):
            if name not in kept:
                del self.fields[name]
        self.order_fields(kept)
        self._offer()
        self._word(before)

    def _offer(self) -> None:
        offered: dict[str, Any] = {
            "milestones": Milestone.objects.pursued().filter(community=self.community, is_secret=False),
            "goals": Goal.objects.adopted().filter(community=self.community),
            "values": Value.objects.held().filter(community=self.community),
        }
        for name, rows in offered.items():
            field = self.fields.get(name)
            if field is None:
                continue
            if not rows.exists():
                del self.fields[name]
                continue
            assert isinstance(field, forms.ModelMultipleChoiceField)
            field.queryset = rows

    def _word(self, before: ResourceVersion | None) -> None:
        """The same fields are called by what they are in each kind."""
        kind, text = self.kind, self.fields["text"]
        if kind == Resource.Kind.GUIDE:
            text.required = True
        elif kind == Resource.Kind.COURSE:
            text.label = _now("What the course is about")
            text.widget.attrs["rows"] = 4
        elif kind in {Resource.Kind.LINK, Resource.Kind.FILE}:
            text.label = _now("What to look for in it")
            text.widget.attrs["rows"] = 4
        if "file" in self.fields:
            field = self.fields["file"]
            if before is not None and before.file:
                field.help_text = _now("“%(name)s” stays unless you choose another one.") % {"name": before.file_name}
            else:
                field.required = kind == Resource.Kind.FILE
                field.help_text = _now("Pictures, PDF, office documents, text, sound, video and zip files are fine.")

    def clean_authors(self) -> list[Person]:
        """By @name, in the order in which they are given."""
        handles = [word.strip().removeprefix("@").lower() for word in self.cleaned_data["authors"].split(",")]
        handles = list(dict.fromkeys(handle for handle in handles if handle))
        people = Person.objects.listed().filter(community=self.community, handle__in=handles)
        known = {person.handle: person for person in people}
        if missing := [handle for handle in handles if handle not in known]:
            raise forms.ValidationError(_("Nobody here is called @%(name)s."), params={"name": missing[0]})
        return [known[handle] for handle in handles]

    def clean_tags(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["tags"].split(",") if name.strip()]

    def without_errors(self) -> None:
        """Show what was typed, and say nothing about what is not there yet."""
        self._errors = ErrorDict()

    def draft(self, lessons: Sequence[LessonDraft] = ()) -> Draft:
        given = self.cleaned_data
        return Draft(
            kind=self.kind,
            title=given["title"],
            summary=given["summary"],
            minutes=given.get("minutes"),
            text=given["text"],
            url=given.get("url", ""),
            file=given.get("file") or None,
            lessons=lessons,
            note=given.get("note", ""),
        )

    def serving(self) -> Serving | None:
        given = self.cleaned_data
        if "access" not in given:
            return None
        return Serving(
            access=given["access"],
            credit=given["credit"],
            tags=given["tags"],
            milestones=list(given.get("milestones", ())),
            goals=list(given.get("goals", ())),
            values=list(given.get("values", ())),
            authors=given["authors"],
        )


def as_written(resource: Resource, version: ResourceVersion) -> dict[str, Any]:
    """What the form shows when someone changes a resource."""
    return {
        **{key: getattr(version, key) for key in ("title", "summary", "minutes", "text", "url")},
        "milestones": list(resource.milestones.values_list("pk", flat=True)),
        "goals": list(resource.goals.values_list("pk", flat=True)),
        "values": list(resource.values.values_list("pk", flat=True)),
        "tags": ", ".join(resource.tags.values_list("name", flat=True)),
        "authors": ", ".join(
            f"@{a.person.handle}" for a in resource.authors.select_related("person") if a.person.handle
        ),
        "credit": resource.credit,
        "access": resource.access,
        "after": resource.version_number or 0,
    }


class LessonForm(forms.Form):
    id = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput())
    title = forms.CharField(label=_("Title of the lesson"), max_length=160, required=False)
    text = forms.CharField(
        label=_("What one reads and does"), max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 8}),
        help_text=MARKDOWN,
    )  # fmt: skip
    minutes = forms.IntegerField(label=_("Minutes"), required=False, min_value=1, max_value=1_000)

    def clean_id(self) -> str:
        try:
            return str(uuid.UUID(self.cleaned_data["id"]))
        except ValueError:
            return ""

    @property
    def is_blank(self) -> bool:
        given = getattr(self, "cleaned_data", {})
        return not given.get("title") and not given.get("text")


LessonForms = forms.formset_factory(LessonForm, extra=0, can_order=True, can_delete=True, max_num=60, absolute_max=70)


class RatingForm(forms.Form):
    stars = forms.TypedChoiceField(
        label=_("How much did it help you?"),
        coerce=int,
        widget=forms.RadioSelect,
        choices=[
            (5, _("5: I use it all the time")),
            (4, _("4: a lot")),
            (3, _("3: somewhat")),
            (2, _("2: a little")),
            (1, _("1: not at all")),
        ],
    )
    comment = forms.CharField(
        label=_("What helped, what was missing?"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Members read it, with your name."),
    )


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label=_("What is missing"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Its writer reads this, and can propose it again."),
    )
