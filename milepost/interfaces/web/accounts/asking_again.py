"""Whoever changes what protects an account, or ends it, is asked once more who they are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate

from allauth.account.decorators import reauthentication_required
from django.http import HttpRequest, HttpResponseBase


def asked_again[R: HttpRequest, **P](
    view: Callable[Concatenate[R, P], HttpResponseBase],
) -> Callable[Concatenate[R, P], HttpResponseBase]:
    """allauth's check, unless the person signed in or was asked a few minutes ago. What they sent is kept meanwhile."""
    checked = reauthentication_required(view)

    @functools.wraps(view)
    def page(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        answer: HttpResponseBase = checked(request, *args, **kwargs)
        return answer

    return page
