from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.spaces.models import Space
from milepost.domain.spaces.posting import LONGEST
from milepost.engines.milestones.bearings import Bearings
from milepost.foundation.common.ids import new_id
from milepost.foundation.identity.models import Community

MARKDOWN = _("You can write **bold**, *italic*, > quotes, `code`, lists, and name people as @handle.")


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files in one field."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=ManyFiles(), **options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        given: list[UploadedFile] = [file for file in (data or []) if file]
        return [super(FilesField, self).clean(file, initial) for file in given]


class ServesField(forms.ChoiceField):
    """Which goal or value something serves, in one choice."""

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("It serves"), required=False, **options)

    def offer(self, now: Bearings) -> None:
        choices: list[Any] = [("", gettext("Nothing in particular"))]
        if now.goals:
            choices.append((gettext("A goal"), [(f"goal:{g.id}", g.title) for g in now.goals]))
        if now.values:
            choices.append((gettext("A value"), [(f"value:{v.id}", v.name) for v in now.values]))
        self.choices = choices


def served(choice: str, community: Community) -> dict[str, Any]:
    """`goal` and `value` of a choice in a ServesField; one of them at most."""
    kind, _colon, pk = choice.partition(":")
    goal = Goal.objects.filter(community=community, pk=pk).first() if kind == "goal" else None
    value = Value.objects.filter(community=community, pk=pk).first() if kind == "value" else None
    return {"goal": goal, "value": value}


def serving(goal: object, value: object) -> str:
    """The choice that stands for what is served now."""
    return f"goal:{goal}" if goal else f"value:{value}" if value else ""


class PostForm(forms.Form):
    """A reply, drawn by `spaces/reply.html`. `post_id` is the same when the form is sent twice, so that one post comes of it."""

    text = forms.CharField(max_length=LONGEST, strip=True, error_messages={"required": _("Write something first.")})
    attached = FilesField()
    reply_to = forms.UUIDField(required=False)
    post_id = forms.UUIDField(required=False)


class EditForm(forms.Form):
    text = forms.CharField(
        label=_("Your post"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=MARKDOWN,
        error_messages={"required": _("Write something first, or remove the post.")},
    )


class ThreadForm(forms.Form):
    title = forms.CharField(label=_("What is it about?"), max_length=200, help_text=_("A question or a few words."))
    text = forms.CharField(
        label=_("Your post"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 8}), help_text=MARKDOWN
    )
    serves = ServesField()
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=300, help_text=_("Up to five, with commas between them.")
    )
    attached = FilesField(label=_("Files"))
    post_id = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, now: Bearings, **options: Any) -> None:
        options["initial"] = {"post_id": new_id()} | (options.get("initial") or {})
        super().__init__(*args, **options)
        field = self.fields["serves"]
        assert isinstance(field, ServesField)
        field.offer(now)

    def clean_tags(self) -> list[str]:
        return tag_names(self.cleaned_data["tags"])


def tag_names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


class ThreadEditForm(ThreadForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("text", "attached", "post_id"):
            del self.fields[name]


class SpaceForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    purpose = forms.CharField(
        label=_("What it is for"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("So that a newcomer knows whether to ask here."),
    )
    serves = ServesField()
    kind = forms.ChoiceField(
        label=_("Who can read"), choices=Space.Kind.choices, widget=forms.RadioSelect, initial=Space.Kind.MEMBERS
    )

    def __init__(self, *args: Any, now: Bearings, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["serves"]
        assert isinstance(field, ServesField)
        field.offer(now)


class MoveForm(forms.Form):
    to = forms.ChoiceField(label=_("Into which space"))

    def __init__(self, *args: Any, spaces: Iterable[Space], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(space.pk), space.name) for space in spaces]


class LetInForm(forms.Form):
    handle = forms.CharField(label=_("Let someone in"), max_length=60, help_text=_("Their @handle."))
