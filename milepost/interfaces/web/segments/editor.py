"""The editor of rules, for any page's form.

    editor = RuleEditor.posted(request.POST, community) if request.method == "POST" else RuleEditor(community, segment.rule)
    if request.method == "POST" and not editor.is_acting and form.is_valid() and editor.is_valid:
        …define(rule=editor.tree, …)
    return editor.answer(request, "web/…/edit.html", {"form": form, "editor": editor})

and inside the page's form: {% include "web/components/rule_editor.html" %}. A button of the editor posts the whole form; the page
then draws itself again with what was typed. With HTMX only the editor is replaced. A rule may be absent with `optional=True`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.engines.segments.looking import Preview, preview
from milepost.foundation.activity import registry as log
from milepost.foundation.conditions import Condition, Invalid, parse, registry
from milepost.foundation.identity.models import Community

from . import drafts, shapes

ACT = "rule-act"
AGAIN = "rule-again"


@dataclass(frozen=True, slots=True)
class Known:
    """What lines can ask in one community: asked for once a page."""

    community: Community
    fields: dict[str, registry.Field]
    spaces: list[tuple[str, str]]
    tags: list[tuple[str, str]]
    references: dict[str, list[tuple[str, str]]]

    @classmethod
    def of(cls, community: Community) -> Known:
        return cls(
            community,
            registry.fields(community),
            registry.spaces(community),
            registry.tags(community),
            {key: ref.options(community) for key, ref in registry.references().items()},
        )

    def choices_of_what(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Everything that a line can ask, in groups."""
        deeds = [(f"did:{name}", str(verb.label)) for name, verb in log.verbs().items() if verb.public or verb.objects]
        named = [(key, str(ref.label)) for key, ref in registry.references().items() if self.references[key]]
        short = [(key, str(one.label)) for key, one in registry.shorthands().items()]
        asked = [(f"attribute:{name}", str(one.label)) for name, one in self.fields.items()]
        groups = [
            (_("What they did"), [("did:*", _("did anything at all")), *sorted(deeds, key=lambda one: one[1])]),
            (_("Where they stand"), [*named, *short]),
            (_("What they are"), asked),
        ]
        return [(title, choices) for title, choices in groups if choices]


class RuleEditor:
    def __init__(
        self,
        community: Community,
        tree: Any = None,
        *,
        owner: tuple[str, str] | None = None,
        optional: bool = False,
        label: str = "",
    ) -> None:
        self.community, self.owner, self.optional = community, owner, optional
        self.label = label or _("Who it is about")
        self.draft = drafts.of_tree(tree)
        self.acting = ""
        self.is_posted = False
        self.focus = ""

    @classmethod
    def posted(cls, data: Mapping[str, Any], community: Community, **options: Any) -> RuleEditor:
        made = cls(community, **options)
        made.draft, made.is_posted = drafts.of_form(data), True
        made.acting = str(data.get(ACT) or data.get(AGAIN) or "")
        if ACT in data:
            made.focus = drafts.act(made.draft, str(data[ACT]))
        return made

    # --- what it says -----------------------------------------------------------------------------------

    @property
    def is_acting(self) -> bool:
        """Whether one of the editor's own buttons was pressed: nothing is to be saved."""
        return bool(self.acting)

    @cached_property
    def known(self) -> Known:
        return Known.of(self.community)

    @cached_property
    def is_empty(self) -> bool:
        return not any(line.what for _place, line in drafts.lines(self.draft))

    @cached_property
    def _read(self) -> tuple[Condition | None, dict[str, list[str]], Any]:
        """The condition, or what is wrong by the place of the draft; and the tree."""
        wrong: dict[str, list[str]] = defaultdict(list)
        shapes.complete(self.draft, self.known)
        for place, line in drafts.lines(self.draft):
            if not line.what:
                wrong[place].append(_("Choose what this line asks, or remove it."))
        if not self.draft.parts:
            wrong["0"].append(_("Add a line."))
        written = drafts.write(self.draft, self.known.fields)
        if wrong:
            return None, wrong, written.tree
        try:
            return parse(written.tree, community=self.community, owner=self.owner), {}, written.tree
        except Invalid as invalid:
            for problem in invalid.problems:
                message = problem.message
                if problem.other:
                    number = shapes.number_of(written.place(problem.other))
                    message = message.replace(problem.other, _("line %(number)s") % {"number": number})
                wrong[written.place(problem.path)].append(message)
            return None, wrong, written.tree

    @property
    def condition(self) -> Condition | None:
        return self._read[0]

    @property
    def problems(self) -> dict[str, list[str]]:
        return self._read[1]

    @property
    def is_valid(self) -> bool:
        return self.condition is not None or (self.optional and self.is_empty)

    @property
    def tree(self) -> Any:
        """The rule to keep; None for an empty one."""
        return self.condition.tree if self.condition else None

    # --- what it shows ----------------------------------------------------------------------------------

    @property
    def shows_problems(self) -> bool:
        """A rule that nobody has tried to save yet is not scolded for what is still missing."""
        return self.is_posted and not self.is_acting

    @cached_property
    def root(self) -> shapes.GroupShape:
        shown = self.problems if self.shows_problems else {p: m for p, m in self.problems.items() if self._is_typed(p)}
        return shapes.group(self.draft, "0", self.known, shown)

    def _is_typed(self, place: str) -> bool:
        """While someone is at work, only what is there and wrong is said; what is still empty will be filled in."""
        part = drafts.at(self.draft, place)
        return isinstance(part, drafts.Line) and bool(part.what) and not shapes.is_unfinished(part)

    @cached_property
    def preview(self) -> Preview | None:
        return preview(self.condition, self.community) if self.condition else None

    @property
    def explanation(self) -> str:
        return self.condition.explain() if self.condition else ""

    @property
    def as_text(self) -> str:
        return json.dumps(self.tree, ensure_ascii=False, indent=2) if self.condition else ""

    @property
    def how_many(self) -> str:
        """The count in words."""
        found = self.preview
        if found is None:
            return ""
        if found.count is None:
            return _("Fewer than five members: too few to say how many.")
        if found.is_estimate:
            return ngettext("About %(n)d member", "About %(n)d members", found.count) % {"n": found.count}
        return ngettext("%(n)d member", "%(n)d members", found.count) % {"n": found.count}

    def answer(
        self, request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int | None = None
    ) -> HttpResponse:
        """The page, drawn again or for the first time; screen readers hear how many there are now."""
        wrong = self.is_posted and not self.is_acting
        if not (self.is_acting and request.headers.get("HX-Request")):
            return render(request, template, {"editor": self, **context}, status=status or (422 if wrong else 200))
        # The editor alone: the whole page would bring a style whose nonce is another.
        response = render(request, "web/components/rule_editor.html", {"editor": self})
        said = self.how_many or _("This rule is not finished yet.")
        response.headers["HX-Trigger"] = json.dumps({"announce": said})
        return response
