"""Schemathesis: whatever comes in, valid or not, the answer is one that the OpenAPI description names, and never a 5xx."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation

from milepost.interfaces.api.site import api
from tests.factories import Cast

from .conftest import caller

load_all_checks()
WANTED: Any = CHECKS.get_by_names(
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

REFUSALS = [400, 401, 403, 404, 405, 406, 409, 415, 422, 428, 429, "5xx"]
"""What Schemathesis takes for a refusal by itself."""

_site = functools.cache(get_wsgi_application)


def application(environ: Any, start_response: Any) -> Any:
    """The whole site in this process, made when it is first asked: tests settle where static files lie."""
    return _site()(environ, start_response)


schema = schemathesis.openapi.from_dict(
    dict(api.get_openapi_schema()),
    config=SchemathesisConfig.from_dict(
        {
            "generation": {"mode": "all"},
            # A body above two megabytes is refused as such, before anyone looks at what is wrong with it.
            "checks": {"negative_data_rejection": {"expected-statuses": [*REFUSALS, 413]}},
        }
    ),
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


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=int(os.environ.get("MILEPOST_API_EXAMPLES", "12")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_described(
    case: schemathesis.Case, known: dict[str, Any], cast: Cast, one_transaction: None
) -> None:
    cache.clear()
    if not _negated(case, ParameterLocation.PATH):
        # Made-up ids are never there: with real ones, the operations themselves are reached.
        for name in case.path_parameters or {}:
            case.path_parameters[name] = known[name]
    # A case that is wrong in its headers may be so by having no token: giving it one would make it right.
    ours = {"Authorization": f"Bearer {caller(cast.amara).secret}"}
    response = case.call(headers=None if _negated(case, ParameterLocation.HEADER) else ours)
    case.validate_response(response, checks=WANTED)
    assert response.status_code < 500, response.text


def _negated(case: schemathesis.Case, place: ParameterLocation) -> bool:
    component = case.meta.components.get(place) if case.meta else None
    return component is not None and component.mode == GenerationMode.NEGATIVE
