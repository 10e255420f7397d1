"""How operations are declared: each states its permission, and takes nothing that it does not know."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Header, NinjaAPI, Path, Router
from ninja.operation import Operation
from ninja.signature import ViewSignature
from pydantic import BaseModel, ConfigDict

from . import idempotency
from .problems import KINDS, MEDIA_TYPE, Problem
from .tokens import Token

JSON, MULTIPART = "application/json", "multipart/form-data"


class Given(BaseModel):
    """A body. Unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", str_max_length=100_000)


class Told(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="forbid")


class Routes(Router):
    """Operations of one area. Paths with {slug:slug} are inside the community of that name."""

    def read(self, path: str, *, permission: str, answer: Any, open_because: str = "") -> Callable[[Any], Any]:
        token = Token(permission, open_because=open_because)
        return self._declare("GET", path, token, {200: answer}, problems=())

    def write(
        self, method: str, path: str, *, permission: str, answer: Any, status: int = 200, media: str = JSON
    ) -> Callable[[Any], Any]:
        """`media`: of the body, empty where there is none. Every write takes an Idempotency-Key."""
        token = Token(permission, writes=True, media=media)
        problems = ["conflict", "refused", "no-room", *(["too-large", "media-type"] if media else [])]
        return self._declare(method, path, token, {status: answer}, problems=problems)

    def _declare(
        self, method: str, path: str, token: Token, response: dict[int, Any], *, problems: Any
    ) -> Callable[[Any], Any]:
        def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
            operation_id = f"{view.__module__.rpartition('.')[2]}_{view.__name__}"
            summary, _blank, rest = inspect.cleandoc(view.__doc__ or "").partition("\n\n")
            self.api_operation(
                [method],
                path,
                auth=token,
                response=response,
                operation_id=operation_id,
                summary=" ".join(summary.split()),
                description=_described(token, rest),
                openapi_extra={"responses": _problems(path, problems), **_security(token)},
            )(_whole(view, path, token, next(iter(response))))
            return view

        return decorate


def operations(api: NinjaAPI) -> Iterator[tuple[str, str, Operation, Token]]:
    """Method, path, operation and door of each operation of the API."""
    for router in api._get_bound_routers():
        for path, view in router.path_operations.items():
            for operation in view.operations:
                (token,) = operation.auth_callbacks
                assert isinstance(token, Token)
                yield operation.methods[0], path, operation, token


def _described(token: Token, rest: str) -> str:
    scope = f"Scope: `{token.permission}`." if token.permission else f"Any token. {token.open_because}"
    return f"{unwrapped(rest)}\n\n{scope}".strip()


def unwrapped(text: str) -> str:
    """Each paragraph on one line: readers of Markdown take a line's end as one."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _security(token: Token) -> dict[str, Any]:
    return {"x-scope": token.permission} if token.permission else {}


def _problems(path: str, more: Any) -> dict[int, Any]:
    kinds = [
        "malformed",
        "no-token",
        "not-allowed",
        "not-found",
        "invalid",
        "too-many-requests",
        "broken",
        "busy",
        *more,
    ]
    responses: dict[int, Any] = {}
    for kind in kinds:
        status, title, _meaning = KINDS[kind]
        responses[status] = {
            "description": str(title),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
    return responses


Slug = Annotated[
    str, Path(description="The community's name in addresses", pattern="^[a-z0-9][a-z0-9-]*$", max_length=48)
]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        description="Any word of yours. The same request with the same key is done once, within a day.",
        max_length=200,
        pattern="^[!-~]*$",
    ),
]


def _whole(view: Callable[..., Any], path: str, token: Token, status: int) -> Callable[..., Any]:
    """The view as the framework sees it: with the parameters that all operations have, which the view itself need not."""
    own = inspect.signature(view, eval_str=True)
    request, *others = own.parameters.values()
    added = []
    if "{slug:slug}" in path and "slug" not in own.parameters:
        added.append(inspect.Parameter("slug", inspect.Parameter.KEYWORD_ONLY, annotation=Slug))
    if token.writes:
        added.append(inspect.Parameter("idempotency_key", inspect.Parameter.KEYWORD_ONLY, default="", annotation=Key))
    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in others]

    @functools.wraps(view)
    def whole(request: Any, **given: Any) -> Any:
        _only_known("query", request.GET, known["query"])
        if token.media == MULTIPART:
            _only_known("form", [*request.POST, *request.FILES], known["form"] | known["file"])
        for parameter in added:
            given.pop(parameter.name, None)
        if not token.writes:
            return view(request, **given)
        return idempotency.once(request, status, lambda: view(request, **given))

    whole.__signature__ = own.replace(parameters=[request, *added, *keyword])  # type: ignore[attr-defined]
    known = _names(whole)
    return whole


def _names(view: Callable[..., Any]) -> dict[str, set[str]]:
    """The parameters of a view by where they come from."""
    found: dict[str, set[str]] = {"query": set(), "form": set(), "file": set()}
    for model in ViewSignature("", view).models:
        source = str(model.__ninja_param_source__)
        if source in found:
            found[source] |= {field.alias or name for name, field in model.model_fields.items()}
    return found


def _only_known(where: str, given: Iterable[str], known: set[str]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        detail = _("There is no such parameter here.")
        raise Problem("invalid", errors=[{"where": where, "pointer": n[:100], "detail": detail} for n in unknown[:20]])
