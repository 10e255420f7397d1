"""`{% load signin %}`: how pages about an account speak of browsers."""

from __future__ import annotations

from django import template

from milepost.interfaces.web.accounts import browsers

register = template.Library()


@register.filter
def browser(user_agent: object) -> str:
    return browsers.in_words(str(user_agent or ""))
