"""Foreign keys point down the floors, as imports do. Keys given as strings are no imports, so no linter sees them."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

from tests.architecture.source import levels


def upward(source: str, target: str) -> bool:
    """Whether a key from one app to another goes up, or sideways to an app on the same level."""
    if source == target:
        return False
    level = levels()
    return level[source] <= level[target]


def keys() -> list[tuple[str, str, str]]:
    """(app, app that the key points to, name of the key) for each key between Milepost's own models."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        source = model._meta.app_config.name
        if not source.startswith("milepost."):
            continue
        for field in model._meta.get_fields(include_parents=False):
            if not isinstance(field, (models.ForeignKey, models.ManyToManyField)):
                continue
            target = field.related_model._meta.app_config.name
            if target.startswith("milepost."):
                found.append((source, target, f"{model._meta.label}.{field.name}"))
    return found


def test_every_app_has_its_place():
    installed = {config.name for config in apps.get_app_configs() if config.name.startswith("milepost.")}
    assert installed <= set(levels())


def test_keys_point_down():
    found = keys()
    assert len(found) > 20, "the walk over the models found too little to mean anything"
    wrong = [f"{name} points up to {target}" for source, target, name in found if upward(source, target)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("milepost.domain.goals", "milepost.foundation.identity", False),
        ("milepost.foundation.identity", "milepost.domain.goals", True),
        ("milepost.foundation.identity", "milepost.foundation.activity", True),
        ("milepost.domain.events", "milepost.domain.work", True),
        ("milepost.domain.goals", "milepost.domain.goals", False),
    ],
)
def test_what_counts_as_upward(source, target, expected):
    assert upward(source, target) is expected
