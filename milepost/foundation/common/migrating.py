"""Migrations, without building again and again what they do not look at.

Django keeps every model of the project as a class while it migrates, and with each new key builds anew all those that hang
together by keys: through a community that is every model, some 17,000 classes for an empty database. What an operation asks
of the state is one model, and of those that its keys point to no more than name and primary key; so that is what is built,
when it is asked for. Operations of other kinds (code that moves data, renames, altered fields) get the whole state.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    CreateModel,
    RemoveConstraint,
    RemoveIndex,
)
from django.db.migrations.state import ModelState, ProjectState, StateApps
from django.db.migrations.utils import resolve_relation

NEAR = (AddConstraint, AddField, AddIndex, CreateModel, RemoveConstraint, RemoveIndex)
"""Operations that look at one model and at what its own keys point to."""
OF_A_NEIGHBOUR = frozenset({"db_table", "managed", "swappable"})

Key = tuple[str, str]


class NearApps:
    """Stands where Django's registry of models stands, and builds those that it is asked for."""

    def __init__(self, state: SparingState) -> None:
        self.state = state

    def get_model(
        self, app_label: str, model_name: str | None = None, require_ready: bool = True
    ) -> type[models.Model]:
        """The model with its neighbours; LookupError where there is none."""
        if model_name is None:
            app_label, model_name = app_label.split(".")
        key = (app_label, model_name.lower())
        if key not in self.state.models:
            raise LookupError(f"no model {key} in this state")
        if key not in self.state.built:
            self.state.built[key] = self._build(key)
        return self.state.built[key]

    def _build(self, key: Key) -> type[models.Model]:
        wanted = {key: self.state.models[key]}
        todo = _points_to(wanted[key])
        while todo:
            neighbour = todo.pop()
            if neighbour not in wanted and neighbour in self.state.models:
                wanted[neighbour] = _slim(self.state.models[neighbour])
                todo |= _points_to(wanted[neighbour])
        return StateApps(list(self.state.real_apps), wanted).get_model(*key)


class SparingState(ProjectState):
    """A project state whose `apps` are built on demand."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.built: dict[Key, type[models.Model]] = {}
        self.before: SparingState | None = None

    @property
    def apps(self) -> Any:
        return NearApps(self)

    def clone(self) -> SparingState:
        """How it is before the next operation changes this one."""
        self.built = {}
        self.before = SparingState({key: model.clone() for key, model in self.models.items()}, self.real_apps)
        return self.before

    def add_field(self, app_label: str, model_name: str, *args: Any) -> None:
        # SQLite's columns lie in the order in which their fields were built: the new one behind those that were there.
        if self.before is not None and (app_label, model_name) in self.before.models:
            self.before.apps.get_model(app_label, model_name)
        super().add_field(app_label, model_name, *args)


class SparingExecutor(MigrationExecutor):
    def _migrate_all_forwards(self, state: ProjectState, *args: Any, **options: Any) -> ProjectState:
        done = super()._migrate_all_forwards(_sparing(state), *args, **options)  # type: ignore[misc]
        return _whole(done)

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        if all(isinstance(operation, NEAR) for operation in migration.operations):
            return super().apply_migration(state, migration, fake, fake_initial)
        whole = _whole(state)
        _ = whole.apps  # From here on Django keeps it in step, which costs less than to build it for each operation.
        return _sparing(super().apply_migration(whole, migration, fake, fake_initial))


def _sparing(state: ProjectState) -> SparingState:
    return SparingState(state.models, state.real_apps)


def _whole(state: ProjectState) -> ProjectState:
    return ProjectState(state.models, state.real_apps)


def _points_to(model: ModelState) -> set[Key]:
    """The models that its keys and bases name."""
    me = (model.app_label, model.name_lower)
    named: list[Any] = [base for base in model.bases if isinstance(base, str)]
    for field in model.fields.values():
        if field.is_relation and field.remote_field is not None:
            named += [field.remote_field.model, getattr(field.remote_field, "through", None)]
    return {resolve_relation(name, *me) for name in named if name} - {me}


def _slim(model: ModelState) -> ModelState:
    """The same model, without the keys that point on from there."""
    fields = [(name, field) for name, field in model.fields.items() if field.primary_key or not field.is_relation]
    options = {name: value for name, value in model.options.items() if name in OF_A_NEIGHBOUR}
    return ModelState(model.app_label, model.name, fields, options, model.bases)
