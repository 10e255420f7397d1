"""How Django draws forms: with the house's own components, so that `{{ form }}` looks the same everywhere, sign-in included."""

from __future__ import annotations

from django.forms.renderers import DjangoTemplates


class HouseRenderer(DjangoTemplates):
    form_template_name = "web/components/fields.html"
    field_template_name = "web/components/field.html"
