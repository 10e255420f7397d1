"""A rule as people write it: lines with a field, an operator and a value, in groups. From a form and back, from a tree and back.

Names in the form: `rule-<place>-<what>`, with places like 0, 0.1, 0.1.0. Nothing that was typed gets lost, right or wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from milepost.foundation.conditions import registry
from milepost.foundation.conditions.durations import duration
from milepost.foundation.conditions.language import DEEPEST, MOST
from milepost.foundation.conditions.registry import Field

NAME = re.compile(r"^rule-(\d{1,3}(?:\.\d{1,3}){0,15})-([a-z_]+)$")
COUNTED = ("at_least", "at_most", "exactly")
MEASURES = (
    "days_at_least", "distinct_people_at_least", "distinct_objects_at_least", "quantity_at_least", "streak_weeks_at_least",
)  # fmt: skip
ENDS = ("first_before", "first_after", "last_before", "last_after")
PAUSE = "after_pause"
LISTS = frozenset({"also", "values"})


@dataclass(slots=True)
class Line:
    """`what`: “did:reply.posted”, “attribute:place”, or a key such as “in_segment”. `given`: what was typed, by name."""

    what: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    negated: bool = False

    def get(self, name: str, default: str = "") -> str:
        value = self.given.get(name)
        return default if value is None or value == "" else str(value)

    def listed(self, name: str) -> list[str]:
        found = self.given.get(name) or []
        return [str(one) for one in found if one] if isinstance(found, list) else [str(found)]


@dataclass(slots=True)
class Group:
    """`kind`: all, any, or none of the parts."""

    kind: str = "all"
    parts: list[Part] = field(default_factory=list)


type Part = Line | Group


# --- forms ------------------------------------------------------------------------------------------------


def of_form(data: Mapping[str, Any]) -> Group:
    """The draft that a form holds."""
    nodes: dict[tuple[int, ...], dict[str, Any]] = {}
    for name in data:
        found = NAME.match(name)
        if found is None or len(nodes) > 3 * MOST:
            continue
        place = tuple(int(step) for step in found[1].split("."))
        values = data.getlist(name) if hasattr(data, "getlist") else [data[name]]
        nodes.setdefault(place, {})[found[2]] = values if found[2] in LISTS else values[-1]
    made = _node((0,), nodes)
    return made if isinstance(made, Group) else Group("all", [made])


def _node(place: tuple[int, ...], nodes: dict[tuple[int, ...], dict[str, Any]]) -> Part:
    given = nodes.get(place, {})
    if "group" in given or place == (0,):
        kind = given.get("group", "all")
        below = sorted(other for other in nodes if len(other) == len(place) + 1 and other[:-1] == place)
        inner = below if len(place) <= DEEPEST else []
        return Group(kind if kind in {"all", "any", "none"} else "all", [_node(one, nodes) for one in inner])
    typed = {name: value for name, value in given.items() if name not in {"what", "not"}}
    return Line(str(given.get("what", "")), typed, "not" in given)


def act(root: Group, action: str) -> str:
    """Carry out what a button says: “add:0.1”, “group:0”, “remove:0.1.0”. Returns the place to which the eye goes."""
    verb, _, where = action.partition(":")
    part = at(root, where)
    if verb == "remove":
        above = at(root, where.rpartition(".")[0])
        last = where.rpartition(".")[2]
        if part is not None and isinstance(above, Group):
            del above.parts[int(last)]
            return where.rpartition(".")[0]
    elif verb in {"add", "group"} and isinstance(part, Group):
        part.parts.append(Line() if verb == "add" else Group("any", [Line()]))
        return f"{where}.{len(part.parts) - 1}"
    return where


def at(root: Group, place: str) -> Part | None:
    """The part at a place; None where there is none."""
    part: Part = root
    for step in place.split(".")[1:]:
        if not isinstance(part, Group) or not step.isdigit() or int(step) >= len(part.parts):
            return None
        part = part.parts[int(step)]
    return part


# --- trees: reading -----------------------------------------------------------------------------------------


def of_tree(tree: Any) -> Group:
    """The draft of a rule; None is an empty one."""
    if not tree:
        return Group("all", [Line()])
    made = _of(tree)
    return made if isinstance(made, Group) else Group("all", [made])


def _of(tree: dict[str, Any]) -> Part:
    if "not" in tree:
        return _negated(_of(tree["not"]))
    for kind in ("all", "any"):
        if kind in tree:
            return Group(kind, [_of(part) for part in tree[kind]])
    if "did" in tree:
        return _of_did(tree)
    if "attribute" in tree:
        return _of_attribute(tree)
    name = next(iter(tree))
    given: dict[str, Any] = {"value": tree[name]} | _of_period(tree)
    if counted := [key for key in COUNTED if key in tree]:
        given |= {"op": counted[0], "n": tree[counted[0]]}
    lines = [Line(name, given)]
    for key in ENDS:
        if key in tree:
            lines.append(Line(name, {"value": tree[name], "op": key, "date": tree[key]}))
    for key in counted[1:]:
        lines.append(Line(name, given | {"op": key, "n": tree[key]}))
    if len(lines) > 1 and not counted:
        lines = lines[1:]
    return lines[0] if len(lines) == 1 else Group("all", list(lines))


def _negated(part: Part) -> Part:
    if isinstance(part, Line):
        part.negated = not part.negated
        return part
    if part.kind == "any":
        return Group("none", part.parts)
    if part.kind == "none":
        return Group("any", part.parts)
    return Group("none", [part])


def _of_did(tree: dict[str, Any]) -> Part:
    """One line for each thing that is counted; together they say the same."""
    verbs = tree["did"] if isinstance(tree["did"], list) else [tree["did"]]
    given: dict[str, Any] = {"role": tree.get("role", "actor"), "also": list(verbs[1:]), **_of_period(tree)}
    given |= {name: tree["in"][name] for name in ("space", "tag", "object") if name in tree.get("in", {})}
    if length := duration(tree.get("newcomers")):
        given["newcomers"] = length.as_days
    counts: list[dict[str, Any]] = [{"op": op, "n": tree[op]} for op in (*COUNTED, *MEASURES) if op in tree]
    counts += [{"op": op, "date": tree[op]} for op in ENDS if op in tree]
    if length := duration(tree.get(PAUSE)):
        times = counts or [{"op": "at_least", "n": 1}]
        counts = [{"op": PAUSE, "n": length.as_days, "times": one["n"], "times_op": one["op"]} for one in times]
    lines: list[Part] = [Line(f"did:{verbs[0]}", given | one) for one in counts or [{"op": "at_least", "n": 1}]]
    return lines[0] if len(lines) == 1 else Group("all", lines)


def _of_period(tree: dict[str, Any]) -> dict[str, Any]:
    if length := duration(tree.get("within")):
        return {"period": "past", "days": length.as_days}
    if "from" in tree or "to" in tree:
        return {"period": "between", "from": tree.get("from", ""), "to": tree.get("to", "")}
    return {"period": "ever"}


def _of_attribute(tree: dict[str, Any]) -> Line:
    operator = next(name for name in tree if name != "attribute")
    value = tree[operator]
    given: dict[str, Any] = {"op": operator, "value": value}
    if isinstance(value, list):
        given = {"op": operator, "values": value, "value": ", ".join(value)}
    elif isinstance(value, bool):
        given["value"] = "yes" if value else "no"
    elif operator.endswith("_ago") and (length := duration(value)):
        years, months = divmod(length.months, 12)
        if length.days and not length.months:
            given |= {"n": length.days, "unit": "D"}
        elif months or length.days:
            given |= {"n": length.months, "unit": "M"}
        else:
            given |= {"n": years, "unit": "Y"}
    return Line(f"attribute:{tree['attribute']}", given)


# --- trees: writing -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Written:
    """The tree of a draft, and to which place of the draft each of its pointers belongs."""

    tree: Any
    places: dict[str, str] = field(default_factory=dict)

    def place(self, pointer: str) -> str:
        """The place whose line or group the pointer leads to, or into."""
        while pointer not in self.places and pointer:
            pointer = pointer.rpartition("/")[0]
        return self.places.get(pointer, "0")


def write(root: Group, fields: Mapping[str, Field]) -> Written:
    """`fields`: the attributes that the community's members have."""
    written = Written(None)
    written.tree = _write(root, "0", "", written.places, fields)
    return written


def _write(part: Part, place: str, pointer: str, places: dict[str, str], fields: Mapping[str, Field]) -> Any:
    places[pointer] = place
    if isinstance(part, Line):
        if not part.negated:
            return _line(part, fields)
        places[f"{pointer}/not"] = place
        return {"not": _line(part, fields)}
    if len(part.parts) == 1 and part.kind != "none":
        return _write(part.parts[0], f"{place}.0", pointer, places, fields)
    kind = "any" if part.kind == "none" else part.kind
    inside = f"{pointer}/not/{kind}" if part.kind == "none" else f"{pointer}/{kind}"
    places[inside] = place
    if part.kind == "none" and len(part.parts) == 1:
        return {"not": _write(part.parts[0], f"{place}.0", f"{pointer}/not", places, fields)}
    parts = [_write(one, f"{place}.{n}", f"{inside}/{n}", places, fields) for n, one in enumerate(part.parts)]
    return {"not": {kind: parts}} if part.kind == "none" else {kind: parts}


def _line(line: Line, fields: Mapping[str, Field]) -> dict[str, Any]:
    if line.what.startswith("did:"):
        return _did(line)
    if line.what.startswith("attribute:"):
        return _attribute(line, fields)
    tree: dict[str, Any] = {line.what: line.get("value")}
    ref = registry.references().get(line.what)
    if ref is None or not ref.dated:
        return tree
    operator = line.get("op")
    if operator in ENDS:
        return tree | {operator: line.get("date")}
    if operator in COUNTED and (operator != "at_least" or line.get("n", "1") != "1"):
        tree[operator] = number(line.get("n"))
    return tree | _period(line)


def _did(line: Line) -> dict[str, Any]:
    verb = line.what.removeprefix("did:")
    also = [one for one in line.listed("also") if one != verb]
    tree: dict[str, Any] = {"did": [verb, *also] if also else verb}
    if line.get("role") == "recipient":
        tree["role"] = "recipient"
    if inside := {name: line.get(name) for name in ("space", "tag", "object") if line.get(name)}:
        tree["in"] = inside
    if days := line.get("newcomers"):
        tree["newcomers"] = f"P{days}D"
    operator = line.get("op", "at_least")
    if operator in ENDS:
        return tree | {operator: line.get("date")}
    if operator == PAUSE:
        times, how = line.get("times", "1"), line.get("times_op", "at_least")
        tree |= {PAUSE: f"P{line.get('n')}D", how if how in COUNTED else "at_least": number(times)}
    else:
        tree[operator] = number(line.get("n", "1"))
    return tree | _period(line)


def _period(line: Line) -> dict[str, Any]:
    if line.get("period") == "past":
        return {"within": f"P{line.get('days')}D"}
    if line.get("period") == "between":
        return {name: line.get(name) for name in ("from", "to") if line.get(name)}
    return {}


def _attribute(line: Line, fields: Mapping[str, Field]) -> dict[str, Any]:
    name, operator = line.what.removeprefix("attribute:"), line.get("op", "is")
    value: Any = line.get("value")
    known = fields.get(name)
    kind = known.kind if known else "text"
    if operator in {"in", "contains_any", "contains_all"}:
        value = line.listed("values") or [one.strip() for one in value.split(",") if one.strip()]
    elif operator.endswith("_ago"):
        value = f"P{line.get('n')}{line.get('unit', 'D')}"
    elif operator == "is_empty" or kind == "flag":
        value = value != "no"
    elif kind == "number":
        value = number(value)
    if operator == "is" and known and known.as_key:
        return {name: value}
    return {"attribute": name, operator: value}


def number(text: str) -> Any:
    """The number that was typed, or the text where it is none: the parser says what is wrong with it."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def lines(part: Part, place: str = "0") -> Iterator[tuple[str, Line]]:
    """Every line with its place."""
    if isinstance(part, Line):
        yield place, part
    else:
        for n, one in enumerate(part.parts):
            yield from lines(one, f"{place}.{n}")
