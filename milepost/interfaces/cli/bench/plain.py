"""The framework's floor: a page as a plain Django project has it, on the same database and in the same process.

Django's own middleware, context processors and session; who is signed in and thirty rows by three queries; a template that
extends a skeleton, with a form, links by `{% url %}` and dates.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.template.backends.django import DjangoTemplates
from django.test.utils import override_settings
from django.urls import path

from milepost.foundation.identity.models import Membership

ROWS = 30
MIDDLEWARE = [
    "milepost.interfaces.cli.bench.plain.own_addresses",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]


def own_addresses(get_response: Any) -> Any:
    """Middleware: look addresses up here."""

    def answer(request: HttpRequest) -> HttpResponse:
        request.urlconf = __name__
        response: HttpResponse = get_response(request)
        return response

    return answer


def handler() -> WSGIHandler:
    with override_settings(MIDDLEWARE=MIDDLEWARE):
        return WSGIHandler()


@cache
def _templates() -> DjangoTemplates:
    return DjangoTemplates(
        {
            "NAME": "plain",
            "DIRS": [Path(__file__).parent / "plain_pages"],
            "APP_DIRS": False,
            "OPTIONS": {"context_processors": PROCESSORS},
        }
    )


def people(request: HttpRequest) -> HttpResponse:
    newest = Membership.objects.order_by("-community_id", "-joined_at").values(
        "joined_at", "role", ident=F("person_id"), name=F("person__name"), handle=F("person__handle")
    )[:ROWS]
    page = _templates().get_template("people.html")
    return HttpResponse(page.render({"people": newest}, request))


def person(request: HttpRequest, ident: str) -> HttpResponse:
    return HttpResponse(ident)


urlpatterns = [path("people/", people, name="people"), path("people/<uuid:ident>/", person, name="person")]
