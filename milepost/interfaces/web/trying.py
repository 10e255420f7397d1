"""Sending a form to the domain: what a rule refuses is said above the form, which keeps what was typed."""

from __future__ import annotations

from collections.abc import Callable

from django import forms

from milepost.foundation.common.errors import DomainError, NotAllowed


def accepted(form: forms.BaseForm, change: Callable[[], object]) -> bool:
    """Whether the change was made. A refusal becomes the form's error; NotAllowed stays a refusal of the page."""
    try:
        change()
    except NotAllowed:
        raise
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return False
    return True
