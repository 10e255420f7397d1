"""The description that programs read, and the page that people read."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from milepost.interfaces.api import reference
from milepost.interfaces.api.problems import KINDS
from milepost.interfaces.api.site import api


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "a" and str(found.get("href")).startswith("#"):
            self.targets.append(str(found["href"])[1:])
        for name in ("src", "href"):
            if tag in {"script", "link", "img"} and found.get(name):
                self.sources.append(str(found[name]))


@pytest.fixture
def page(db: None) -> str:
    answer = Client().get("/api/v1/docs")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_has_every_operation_type_and_problem(page: str) -> None:
    links = Links()
    links.feed(page)
    schema = api.get_openapi_schema()
    wanted = [o["operationId"] for path in schema["paths"].values() for o in path.values()]
    wanted += [f"type-{name}" for name in schema["components"]["schemas"]]
    wanted += list(KINDS)
    assert set(wanted) <= set(links.ids)
    assert len(links.ids) == len(set(links.ids))
    assert set(links.targets) <= set(links.ids)


def test_nothing_comes_from_elsewhere(page: str) -> None:
    links = Links()
    links.feed(page)
    assert links.sources
    assert all(source.startswith("/static/") for source in links.sources)


def test_programs_read_openapi(db: None) -> None:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.headers["Content-Type"].startswith("application/json")
    schema = answer.json()
    assert schema["openapi"].startswith("3.1")
    assert schema["components"]["securitySchemes"]["Token"]["scheme"] == "bearer"
    refs = [part for part in answer.content.decode().split('"') if part.startswith("#/components/schemas/")]
    assert refs
    assert {ref.rpartition("/")[2] for ref in refs} <= schema["components"]["schemas"].keys()


def test_types_have_names_that_callers_would_give_them() -> None:
    names = api.get_openapi_schema()["components"]["schemas"].keys()
    assert {"Person", "PersonPage", "ActivitiesInput", "OptionsInput", "ProblemDocument"} <= names
    assert not [name for name in names if name.endswith(("Told", "Given", "_"))]


def test_the_reference_is_only_read(db: None) -> None:
    assert Client().post("/api/v1/docs").status_code == 405


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "uuid"}, "uuid"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer or null"),
        ({"enum": ["a", "b"]}, "'a' or 'b'"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Person"}}, "list of Person"),
        ({"const": ""}, "''"),
        ({}, "anything"),
    ],
)
def test_types_in_words(schema: dict[str, Any], words: str) -> None:
    assert reference.type_of(schema) == words


@pytest.mark.browser
@pytest.mark.django_db
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1440, "dark")])
def test_the_page_in_a_browser(chromium: Any, live_server: Any, width: int, scheme: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
        shown = context.new_page()
        refused: list[str] = []
        shown.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        shown.goto(f"{live_server.url}/api/v1/docs")
        assert shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        found = Axe().run(shown).response["violations"]
        assert [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]] == []
        assert refused == []
