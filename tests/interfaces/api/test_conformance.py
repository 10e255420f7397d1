"""Schemathesis: whatever comes in, valid or not, the answer is one that the OpenAPI description names, and never a 5xx."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation

from milepost.foundation.activity.recording import record
from milepost.foundation.identity.access import permissions
from milepost.foundation.identity.models import ApiToken
from milepost.interfaces.api.site import api
from milepost.outward.connectors.importing import start
from milepost.outward.connectors.uploading import keep
from tests.factories import Cast, make_attachment, make_charter, make_goal, make_reaction, make_space, make_thread

load_all_checks()
WANTED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "missing_required_header",
        "unsupported_method",
    ]
)

_site = functools.cache(get_wsgi_application)


def application(environ: Any, start_response: Any) -> Any:
    """The whole site in this process, made when it is first asked: tests settle where static files lie."""
    return _site()(environ, start_response)


schema = schemathesis.openapi.from_dict(
    dict(api.get_openapi_schema()),
    config=SchemathesisConfig.from_dict({"generation": {"mode": "all"}}),
)
schema.app = application


@pytest.fixture
def one_transaction() -> Iterator[None]:
    """A request closes connections that are in a transaction, and this test is in one; Django's own client does the same."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def known(cast: Cast, settings: Any, one_transaction: None) -> dict[str, Any]:
    """What is there, by the names that paths have for it; and the token of an owner."""
    settings.API_RATES = {"read": 10**9, "write": 10**9, "address": 10**9}
    community = cast.community
    make_charter(community)
    goal = make_goal(community)
    space = make_space(community, kind="open", goal=goal)
    thread = make_thread(space, author=cast.amara, posts=3)
    post = thread.posts.first()
    make_reaction(post, by=cast.ife)
    make_attachment(post, url="https://example.org/a.txt")
    activity = record("praise.given", community=community, by=cast.ife, other=cast.amara, data={"words": "Thanks"})
    file = ContentFile(b"id,name\n1,Amara\n", name="members.csv")
    run = start("table", str(keep(file, community)), community=community, by=cast.amara)  # type: ignore[arg-type]
    _token, secret = ApiToken.issue(
        account=cast.amara.account, community=community, name="schemathesis", scopes=sorted(permissions())
    )
    return {
        "secret": secret,
        "slug": community.slug,
        "goal": goal.slug,
        "space": space.slug,
        "thread_id": str(thread.pk),
        "post_id": str(post.pk),
        "person_id": str(cast.ife.pk),
        "activity_id": activity.pk,
        "run_id": str(run.pk),
        "emoji": "👍",
    }


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=int(os.environ.get("MILEPOST_API_EXAMPLES", "12")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_described(case: schemathesis.Case, known: dict[str, Any]) -> None:
    cache.clear()
    if case.meta is None or not _negated(case):
        # Made-up ids are never there: with real ones, the operations themselves are reached.
        for name in case.path_parameters or {}:
            case.path_parameters[name] = known[name]
    response = case.call(headers={"Authorization": f"Bearer {known['secret']}"})
    case.validate_response(response, checks=WANTED)


def _negated(case: schemathesis.Case) -> bool:
    component = case.meta.components.get(ParameterLocation.PATH)
    return component is not None and component.mode == GenerationMode.NEGATIVE
