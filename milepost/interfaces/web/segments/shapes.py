"""Lines and groups of the rule editor as its template draws them: fields with their choices, ids and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from milepost.foundation.activity import registry as log
from milepost.foundation.conditions import registry
from milepost.foundation.conditions.asking_attributes import OPERATORS
from milepost.foundation.conditions.registry import Field

from .drafts import COUNTED, ENDS, MEASURES, PAUSE, Group, Line, Part, lines

if TYPE_CHECKING:
    from .editor import Known

type Choices = Sequence[tuple[str, str]]


@dataclass(slots=True)
class Input:
    """One control. `type`: select, many (a list in which several are chosen), number, date, text or hidden."""

    name: str
    label: str
    type: str
    value: str = ""
    choices: Choices = ()
    values: Sequence[str] = ()
    after: str = ""
    """A word behind it, such as a unit."""
    least: str = ""
    step: str = ""
    refreshes: bool = False
    """Whether the line looks different with another value."""

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    @property
    def options(self) -> list[tuple[str, str, bool]]:
        chosen = {self.value, *self.values}
        found = [(value, label, value in chosen) for value, label in self.choices]
        if self.type == "select" and self.value and not any(is_chosen for _value, _label, is_chosen in found):
            # What is gone is still shown, so that nothing changes by looking at it.
            found.append((self.value, self.value, True))
        return found


@dataclass(slots=True)
class LineShape:
    place: str
    number: str
    """“2” or “2.1”, as people count."""
    what: str
    what_groups: list[tuple[str, list[tuple[str, str, bool]]]]
    negated: bool
    inputs: list[Input]
    more: list[Input]
    """What few need; folded away unless it is used."""
    hidden: list[Input]
    problems: list[str]
    is_group: bool = False

    @property
    def more_is_open(self) -> bool:
        return any(
            one.value or one.values for one in self.more if not (one.name.endswith("-role") and one.value == "actor")
        )


@dataclass(slots=True)
class GroupShape:
    place: str
    number: str
    kind: str
    kinds: list[tuple[str, str, bool]]
    parts: list[LineShape | GroupShape]
    problems: list[str]
    is_group: bool = True
    can_nest: bool = True


@dataclass(slots=True)
class _Drawing:
    known: Known
    problems: dict[str, list[str]]
    groups: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)


def group(root: Group, place: str, known: Known, problems: dict[str, list[str]]) -> GroupShape:
    return _group(root, place, "", _Drawing(known, problems, known.choices_of_what()))


def number_of(place: str) -> str:
    """The number of a place as people count: of 0.1.0, 2.1."""
    return ".".join(str(int(step) + 1) for step in place.split(".")[1:])


def complete(root: Group, known: Known) -> None:
    """Give every line the values that its controls begin with."""
    for place, line in lines(root):
        _Line(line, f"rule-{place}", known).drawn()


def is_unfinished(line: Line) -> bool:
    """Whether a value is still to be filled in."""
    wanted = {"n": line.get("op") in {*COUNTED, *MEASURES, PAUSE} or line.get("op").endswith("_ago")}
    wanted["date"] = line.get("op") in ENDS
    wanted["days"] = line.get("period") == "past"
    wanted["value"] = not line.what.startswith("did:") and not line.get("op").endswith("_ago")
    return any(needed and not line.get(name) and not line.listed("values") for name, needed in wanted.items())


def _group(part: Group, place: str, number: str, drawing: _Drawing) -> GroupShape:
    kinds = [
        ("all", _("all of these hold")),
        ("any", _("at least one of these holds")),
        ("none", _("none of these holds")),
    ]
    parts: list[LineShape | GroupShape] = []
    for n, one in enumerate(part.parts):
        below = f"{number}.{n + 1}" if number else str(n + 1)
        parts.append(_part(one, f"{place}.{n}", below, drawing))
    return GroupShape(
        place,
        number,
        part.kind,
        [(value, label, value == part.kind) for value, label in kinds],
        parts,
        drawing.problems.get(place, []),
        can_nest=place.count(".") < 4,
    )


def _part(part: Part, place: str, number: str, drawing: _Drawing) -> LineShape | GroupShape:
    if isinstance(part, Group):
        return _group(part, place, number, drawing)
    return _line(part, place, number, drawing)


def _line(line: Line, place: str, number: str, drawing: _Drawing) -> LineShape:
    groups = [
        (title, [(value, label, value == line.what) for value, label in choices]) for title, choices in drawing.groups
    ]
    if line.what and not any(chosen for _title, options in groups for _value, _label, chosen in options):
        groups.append((_("No longer there"), [(line.what, line.what.partition(":")[2] or line.what, True)]))
    made = _Line(line, f"rule-{place}", drawing.known)
    inputs, more, hidden = made.drawn()
    return LineShape(
        place, number, line.what, groups, line.negated, inputs, more, hidden, drawing.problems.get(place, [])
    )


class _Line:
    """The controls of one line."""

    def __init__(self, line: Line, prefix: str, known: Known) -> None:
        self.line, self.prefix, self.known = line, prefix, known

    def drawn(self) -> tuple[list[Input], list[Input], list[Input]]:
        what = self.line.what
        if not what:
            return [], [], []
        if what.startswith("did:"):
            return self._deed()
        if what.startswith("attribute:"):
            found = self.known.fields.get(what.removeprefix("attribute:"))
            return (self._attribute(found) if found else []), [], []
        if what in registry.shorthands():
            short = registry.shorthands()[what]
            choices = [(value, str(label)) for value, label in short.choices]
            return [self._select("value", str(short.label), choices)], [], []
        ref = registry.references().get(what)
        if ref is None:
            return [], [], []
        inputs = [self._select("value", str(ref.noun), self.known.references[what])]
        if ref.dated:
            inputs += [*self._counting(COUNTED, ENDS), *self._period()]
        return inputs, [], []

    # --- deeds -----------------------------------------------------------------------------------------

    def _deed(self) -> tuple[list[Input], list[Input], list[Input]]:
        verb = log.verbs().get(self.line.what.removeprefix("did:"))
        detailed = verb is not None and verb.objects
        measures = MEASURES if detailed else tuple(m for m in MEASURES if not m.startswith("distinct_"))
        inputs = [*self._counting((*COUNTED, *measures, PAUSE), ENDS), *self._period()]
        more = [self._also()]
        if detailed:
            more += [
                self._select("space", _("In the space"), [("", _("anywhere")), *self.known.spaces]),
                self._select("tag", _("Tagged"), [("", _("with anything")), *self.known.tags]),
                self._select(
                    "role",
                    _("Seen from"),
                    [("actor", _("who did it")), ("recipient", _("for whom it was done"))],
                    default="actor",
                ),
                self._number("newcomers", _("Only toward people who came less than so many days before"), _("days")),
            ]
        hidden = [self._hidden(name) for name in ("object", "times", "times_op") if self.line.get(name)]
        return inputs, [one for one in more if one.choices or one.type == "number"], hidden

    def _also(self) -> Input:
        """Further deeds that count alike."""
        chosen = self.line.listed("also")
        main = self.line.what.removeprefix("did:")
        names = [(name, str(verb.label)) for name, verb in log.verbs().items() if verb.public and name != main]
        return Input(
            self._name("also"),
            _("Or one of these"),
            "many",
            choices=sorted(names, key=lambda one: one[1]),
            values=chosen,
        )

    def _counting(self, operators: Iterable[str], ends: Iterable[str]) -> list[Input]:
        labels = _counting_labels()
        chosen = self.line.get("op", "at_least")
        choices = [(name, labels[name]) for name in (*operators, *ends)]
        inputs = [self._select("op", _("How often"), choices, default="at_least", refreshes=True)]
        if chosen in ENDS:
            return [*inputs, self._date("date", _("Day"))]
        units = {
            "streak_weeks_at_least": _("weeks"),
            PAUSE: _("days"),
            "days_at_least": _("days"),
            "quantity_at_least": "",
        }
        units |= {"distinct_people_at_least": _("people"), "distinct_objects_at_least": _("things")}
        number = self._number("n", _("Number"), units.get(chosen, _("times")), default="1")
        if chosen == "quantity_at_least":
            number.step, number.least = "any", "0"
        elif chosen in {"at_most", "exactly"}:
            number.least = "0"
        return [*inputs, number]

    def _period(self) -> list[Input]:
        if self.line.get("op") in ENDS:
            return []
        choices = [("ever", _("at any time")), ("past", _("in the past")), ("between", _("between two days"))]
        inputs = [self._select("period", _("When"), choices, default="ever", refreshes=True)]
        if self.line.get("period") == "past":
            inputs.append(self._number("days", _("Days"), _("days"), default="90"))
        elif self.line.get("period") == "between":
            inputs += [self._date("from", _("From")), self._date("to", _("To"))]
        return inputs

    # --- attributes --------------------------------------------------------------------------------------

    def _attribute(self, found: Field) -> list[Input]:
        labels = _operator_labels()
        names = OPERATORS[found.kind]
        operator = self.line.get("op", names[0])
        if operator not in names:
            operator = self.line.given["op"] = names[0]
        inputs = [
            self._select(
                "op", _("How it compares"), [(name, labels[name]) for name in names], default=names[0], refreshes=True
            )
        ]
        options = found.options(self.known.community)
        yes_no = [("yes", _("yes")), ("no", _("no"))]
        if operator == "is_empty" or found.kind == "flag":
            return [*inputs, self._select("value", _("Yes or no"), yes_no, default="yes")]
        if operator.endswith("_ago"):
            units = [("D", _("days")), ("W", _("weeks")), ("M", _("months")), ("Y", _("years"))]
            return [
                *inputs,
                self._number("n", _("Number"), "", default="1"),
                self._select("unit", _("Unit"), units, default="D"),
            ]
        if found.kind == "date":
            return [*inputs, self._date("value", _("Day"))]
        if found.kind == "number":
            number = self._number("value", _("Number"), "")
            number.least, number.step = "", "any"
            return [*inputs, number]
        if operator in {"in", "contains_any", "contains_all"}:
            if options:
                chosen = self.line.listed("values")
                return [*inputs, Input(self._name("values"), _("Which"), "many", choices=options, values=chosen)]
            return [
                *inputs,
                Input(self._name("value"), _("Values, with commas between"), "text", self.line.get("value")),
            ]
        if options:
            return [*inputs, self._select("value", str(found.label), options)]
        return [*inputs, Input(self._name("value"), str(found.label), "text", self.line.get("value"))]

    # --- controls ------------------------------------------------------------------------------------------

    def _given(self, name: str, default: str) -> str:
        """What was chosen; else what a browser shows as chosen, so that the rule says what can be seen."""
        if not self.line.get(name) and default:
            self.line.given[name] = default
        return self.line.get(name)

    def _name(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def _select(self, name: str, label: str, choices: Choices, *, default: str = "", refreshes: bool = False) -> Input:
        value = self._given(name, default or (choices[0][0] if choices else ""))
        return Input(self._name(name), label, "select", value, choices, refreshes=refreshes)

    def _number(self, name: str, label: str, after: str, *, default: str = "") -> Input:
        return Input(self._name(name), label, "number", self._given(name, default), after=after, least="1", step="1")

    def _date(self, name: str, label: str) -> Input:
        return Input(self._name(name), label, "date", self.line.get(name))

    def _hidden(self, name: str) -> Input:
        return Input(self._name(name), "", "hidden", self.line.get(name))


def _counting_labels() -> dict[str, str]:
    return {
        "at_least": _("at least"),
        "at_most": _("at most"),
        "exactly": _("exactly"),
        "days_at_least": _("on different days, at least"),
        "distinct_people_at_least": _("with different people, at least"),
        "distinct_objects_at_least": _("about different things, at least"),
        "quantity_at_least": _("in all, an amount of at least"),
        "streak_weeks_at_least": _("weeks in a row, at least"),
        PAUSE: _("after a pause of at least"),
        "first_before": _("for the first time before"),
        "first_after": _("for the first time after"),
        "last_before": _("for the last time before"),
        "last_after": _("for the last time after"),
    }


def _operator_labels() -> dict[str, str]:
    return {
        "is": _("is"),
        "is_not": _("is not"),
        "in": _("is one of"),
        "contains": _("contains"),
        "contains_any": _("contains one of"),
        "contains_all": _("contains all of"),
        "starts_with": _("starts with"),
        "is_empty": _("is empty"),
        "at_least": _("is at least"),
        "at_most": _("is at most"),
        "more_than": _("is more than"),
        "less_than": _("is less than"),
        "before": _("is before"),
        "after": _("is after"),
        "at_least_ago": _("is at least so long ago"),
        "less_than_ago": _("is less than so long ago"),
    }
