"""The published form of rules, as JSON Schema (2020-12). What names are known differs by community and is checked by `parse`."""

from __future__ import annotations

from typing import Any

from milepost.foundation.activity import registry as log

from . import registry
from .asking_attributes import OPERATORS
from .asking_deeds import COUNTS, ENDS, MEASURES, ROLES
from .language import ANYTHING, DEEPEST, MOST

ID = "urn:milepost:condition:1"


def schema() -> dict[str, Any]:
    """Of this site: with its verbs, attributes and keys."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "Milepost condition",
        "description": f"Which members: a rule of at most {MOST} lines, in groups at most {DEEPEST} deep.",
        "$ref": "#/$defs/rule",
        "$defs": {
            "rule": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in ("all", "any", "not", *_lines())]},
            "all": _group("all", "Every rule of the list holds."),
            "any": _group("any", "At least one rule of the list holds."),
            "not": _object({"not": {"$ref": "#/$defs/rule"}}, ["not"], "The rule does not hold."),
            "length": {
                "type": "string",
                "pattern": r"^P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?$",
                "examples": ["P90D", "P1Y"],
            },
            "day": {"type": "string", "format": "date", "examples": ["2026-05-31"]},
            "number": {"type": "integer", "minimum": 1},
            **_lines(),
        },
    }


def _lines() -> dict[str, Any]:
    found = {"did": _did(), "attribute": _attribute()}
    for name, one in registry.keyed().items():
        choices = [str(value) for value, _label in one.choices(None)] if one.choices else None
        value: dict[str, Any] = {"enum": choices} if choices else {"type": "string"}
        found[name] = _object({name: value}, [name], str(one.label))
    for key, short in registry.shorthands().items():
        found[key] = _object({key: {"enum": [value for value, _label in short.choices]}}, [key], str(short.label))
    for key, ref in registry.references().items():
        options = _counting() if ref.dated else {}
        what = f"The slug of a {ref.noun} of the community."
        found[key] = _object({key: {"type": "string", "description": what}, **options}, [key], str(ref.label))
    return found


def _group(kind: str, what: str) -> dict[str, Any]:
    rules = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/rule"}}
    return _object({kind: rules}, [kind], what)


def _object(properties: dict[str, Any], required: list[str], what: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": what,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _counting() -> dict[str, Any]:
    length, day, number = ({"$ref": f"#/$defs/{name}"} for name in ("length", "day", "number"))
    counts = {key: {"type": "integer", "minimum": 0} for key in COUNTS}
    return {**counts, "at_least": number, "within": length, "from": day, "to": day, **dict.fromkeys(ENDS, day)}


def _did() -> dict[str, Any]:
    verb = {"enum": [ANYTHING, *sorted(log.verbs())]}
    measures: dict[str, Any] = {key: {"$ref": "#/$defs/number"} for key in MEASURES}
    measures["quantity_at_least"] = {"type": "number", "exclusiveMinimum": 0}
    place = {name: {"type": "string"} for name in ("space", "object", "tag")}
    return _object(
        {
            "did": {"oneOf": [verb, {"type": "array", "minItems": 1, "items": verb}]},
            "role": {"enum": list(ROLES)},
            "in": {"type": "object", "minProperties": 1, "properties": place, "additionalProperties": False},
            "newcomers": {"$ref": "#/$defs/length"},
            "after_pause": {"$ref": "#/$defs/length"},
            **_counting(),
            **measures,
        },
        ["did"],
        "What someone did, or (role recipient) what others did toward them.",
    )


def _attribute() -> dict[str, Any]:
    operators = {operator for allowed in OPERATORS.values() for operator in allowed}
    length = {"$ref": "#/$defs/length"}
    value: dict[str, Any] = {"type": ["string", "number", "boolean"]}
    values = {"type": "array", "minItems": 1, "items": {"type": "string"}}
    kinds = {"in": values, "contains_any": values, "contains_all": values, "is_empty": {"type": "boolean"}}
    kinds |= {"at_least_ago": length, "less_than_ago": length}
    made = _object(
        {"attribute": {"type": "string"}, **{operator: kinds.get(operator, value) for operator in sorted(operators)}},
        ["attribute"],
        "What a member is or says of themselves; one operator.",
    )
    return made | {"minProperties": 2, "maxProperties": 2}
