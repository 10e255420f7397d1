"""The skeletons, the components and the joined sheet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import lucide
import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import resolve

from milepost.interfaces.web import sheet
from milepost.interfaces.web.icons import icon_svg
from milepost.interfaces.web.styleguide import styleguide

TEMPLATES = Path(sheet.__file__).parent / "templates"
COMPONENTS = sorted(p.name for p in (TEMPLATES / "web" / "components").glob("*.html"))
# Parts of the skeletons, and pages in themselves; each is reached by another test here.
NOT_IN_GUIDE = {
    "account.html",
    "compass.html",
    "dock.html",
    "footer.html",
    "steward_menu.html",
    "sorry.html",
    # A form around a community's own fields and members; tests/interfaces/web/segments shows it in every look.
    "rule_editor.html",
}


def guide(**query: str) -> str:
    request = RequestFactory().get("/styleguide/", query)
    request.user = AnonymousUser()
    answer = styleguide(request)
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


def rendered(source: str, **context: Any) -> str:
    return Template("{% load look i18n %}" + source).render(Context(context))


@pytest.mark.parametrize("query", [{}, {"accent": "300"}, {"accent": "#cc3366"}, {"dir": "rtl"}])
def test_the_guide_renders_without_inline_styles(query: dict[str, str]) -> None:
    page = guide(**query)
    assert "style=" not in page
    assert page.count("<h1") >= 1
    assert 'id="main"' in page


def test_ids_in_the_guide_are_unique() -> None:
    # The two sample forms share their fields' ids by nature; everything before them may not.
    found = re.findall(r'\bid="([^"]+)"', guide().split('id="g-form"')[0])
    assert len(found) == len(set(found))


def test_every_component_is_in_the_guide() -> None:
    shown = (TEMPLATES / "web" / "styleguide.html").read_text("utf-8")
    nested = "".join((TEMPLATES / "web" / "components" / name).read_text("utf-8") for name in COMPONENTS)
    skeletons = "".join((TEMPLATES / "web" / name).read_text("utf-8") for name in ("base.html", "community.html"))
    for name in COMPONENTS:
        if name not in NOT_IN_GUIDE:
            assert f"components/{name}" in shown + nested + skeletons, name


def test_the_accent_comes_with_the_pages_nonce_and_only_in_a_community() -> None:
    styled = rendered("{% accent_style %}", community={"accent": 300}, csp_nonce="abc")
    assert styled.startswith('<style nonce="abc">:root{--accent:light-dark(#')
    assert rendered("{% accent_style %}") == ""
    assert rendered("{% accent_style %}", community={"accent": "</style><script>"}).count("<") == 2


NAV = [
    {"label": "Home", "url": "/c/x/", "icon": "house", "current": True},
    {"label": "Talk", "url": "/c/x/talk/", "icon": "message-circle"},
    {"label": "People", "url": "/c/x/people/", "icon": "users"},
    {"label": "Mission", "url": "/c/x/mission/", "icon": "flag"},
    {"label": "Desk", "url": "/c/x/desk/", "icon": "inbox", "steward": True},
    {"label": "Log", "url": "/c/x/log/", "icon": "scroll-text", "steward": True},
]


def test_a_community_page_has_its_landmarks() -> None:
    context = {
        "community": {"name": "Open <Stage>", "slug": "x"},
        "nav": NAV,
        "search_url": "/c/x/search/",
        "compass": {"mission": "A stage for all", "url": "/m/", "label": "1 of 2", "value": 1, "max": 2},
    }
    page = render_to_string("web/community.html", context)
    for landmark in (
        "<header",
        "<main",
        "<footer",
        'class="skip"',
        'role="search"',
        'class="dock"',
        'role="complementary"',
    ):
        assert landmark in page
    assert "Open &lt;Stage&gt;" in page
    assert "<Stage>" not in page
    assert page.count('aria-current="page"') == 2  # in the header and in the dock
    assert page.count("<summary>Steward") == 1


def test_a_community_page_stands_with_nothing_known() -> None:
    assert 'id="main"' in render_to_string("web/community.html", {})


@pytest.mark.parametrize("code", [400, 403, 404, 429, 500])
def test_error_pages_say_what_is_safe_and_need_no_context(code: int) -> None:
    page = render_to_string(f"{code}.html")
    assert page.count("<h1>") == 1
    assert page.count("<p>") >= 2
    assert 'href="/"' in page


def test_confirm_asks_with_the_name_of_the_thing() -> None:
    page = render_to_string(
        "web/components/confirm.html",
        {"title": "Remove “Rooms”?", "text": "t", "submit": "Remove", "danger": True, "cancel_url": "/"},
    )
    assert "Remove “Rooms”?" in page
    assert "btn danger" in page
    assert 'method="post"' in page


def test_icons_are_hidden_unless_they_speak() -> None:
    assert 'aria-hidden="true"' in rendered('{% icon "house" %}')
    spoken = rendered('{% icon "house" label=_("Home & hearth") %}')
    assert 'role="img" aria-label="Home &amp; hearth"' in spoken
    assert "aria-hidden" not in spoken
    assert rendered("{% icon name %}", name="flag") == icon_svg("flag")
    assert rendered("{% icon name %}") == ""


def test_an_unknown_icon_is_found_when_the_template_is_compiled() -> None:
    with pytest.raises(lucide.IconDoesNotExist):
        Template('{% load look %}{% icon "no-such-icon" %}')
    with pytest.raises(TemplateSyntaxError):
        Template("{% load look %}{% icon %}")


def test_face_pile_names_people_and_counts_the_rest() -> None:
    people = [{"name": "Ife"}, {"name": "Lan"}, {"name": "<b>"}]
    pile = rendered("{% face_pile people 412 2 %}", people=people)
    assert 'aria-label="Ife, Lan and 410 more"' in pile
    assert "+410" in pile
    assert "<b>" not in rendered("{% face_pile people %}", people=people)


def test_names_are_escaped_wherever_they_go() -> None:
    bad = '"><script>'
    for source in (
        "{% face bad bad bad %}",
        "{% avatar bad bad %}",
        "{% stone bad 'next' bad %}",
        "{% meter 1 2 bad %}",
        "{% sparkline values bad %}",
    ):
        assert "<script>" not in rendered(source, bad=bad, values=[1, 2]), source


def test_the_sheets_are_in_layers_and_small() -> None:
    css = sheet.joined_css()
    assert css.startswith("@layer reset, tokens, base, layout, components, areas, utilities;")
    for area in sheet.SEPARATE:
        own = [sheet.JOINED[path]() for path in sheet.sheets_of(area)]
        assert len((css + "".join(own)).encode()) < 60_000, area
    everything = css + "".join(make() for path, make in sheet.JOINED.items() if path.startswith("web/areas/"))
    assert everything.count("{") == everything.count("}")
    for source in (sheet.SOURCES / "css").rglob("*.css"):
        layer = source.parent.name if source.parent.name != "css" else source.stem
        assert layer in sheet.LAYERS, source
        body = sheet.shortened(source.read_text("utf-8"))
        assert body
        assert body in everything


def classes_in(css: str) -> set[str]:
    return set(re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r'"[^"]*"|\d\.\d+', "", css)))


def test_no_template_uses_the_sheet_of_another_area() -> None:
    common = classes_in(sheet.joined_css())
    own = {area: classes_in("".join(sheet.JOINED[path]() for path in sheet.sheets_of(area))) for area in sheet.SEPARATE}
    # Classes that say something to tests or scripts are in no sheet at all.
    known = common.union(*own.values())
    for source in TEMPLATES.rglob("*.html"):
        area = source.relative_to(TEMPLATES / "web").parts[0] if source.is_relative_to(TEMPLATES / "web") else ""
        text = re.sub(r"{[%{#].*?[%}#]}", " ", source.read_text("utf-8"))
        used = set(" ".join(re.findall(r'class="([^"]*)"', text)).split())
        assert (used & known) - common - own.get(area, set()) == set(), source


def test_a_page_asks_for_the_sheet_of_its_area() -> None:
    def asked(path: str) -> list[str]:
        request = RequestFactory().get(path)
        request.resolver_match = resolve(path)
        page = rendered("{% area_sheets %}", request=request)
        return re.findall(r"areas/(\w+)[.\w]*\.css", page)

    assert asked("/c/garden/events/") == ["events"]
    assert asked("/c/garden/opportunities/") == ["resources", "opportunities"]
    assert asked("/c/garden/") == []


def test_shortening_keeps_what_matters() -> None:
    css = '/* why */ a > b { color : red; content: "a ; b"; inline-size: calc(1px + 2px); } p :hover { margin: 0 }'
    assert sheet.shortened(css) == 'a>b{color :red;content:"a ; b";inline-size:calc(1px + 2px)}p :hover{margin:0}'


def test_scripts_together_stay_small() -> None:
    assert len(sheet.joined_js().encode()) < 8_000


def test_the_joined_files_are_found_and_follow_their_sources(settings: Any, tmp_path: Path) -> None:
    settings.MILEPOST_HOME = tmp_path
    finder = sheet.SheetFinder()
    found = finder.find("web/milepost.css")
    assert Path(found).read_text("utf-8") == sheet.joined_css()
    assert finder.find("web/other.css") is None
    Path(found).write_text("stale")
    assert {path for path, _ in finder.list(None)} == set(sheet.JOINED)
    assert Path(found).read_text("utf-8") == sheet.joined_css()


def test_the_site_finds_the_sheet() -> None:
    assert finders.find("web/milepost.css")
