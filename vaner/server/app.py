"""The routes: what can be asked, and how every answer looks.

Errors are JSON with one line, ``{"error": "…"}``. No page of the server may load anything from
elsewhere, which a header makes the browser hold.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vaner import __version__
from vaner.annotator import Annotator
from vaner.server import request as bodies
from vaner.server.limits import Limits, Refused
from vaner.server.metrics import Counted
from vaner.server.response import JSON, Written, written
from vaner.server.service import Identify, Service
from vaner.server.web_page import drawn, page_files

_JSON = "application/json"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "img-src data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ANNOTATE = """Find entities.

Send a text or documents as JSON, or a file in one of the formats as it is. Offsets count Unicode
code points, and `end` is one past the last. What the format of the answer cannot hold is told in
the header `X-Vaner-Lost`."""
_CONVERT = """Write documents, with the mentions that they have, in another format."""


class Problem(BaseModel):
    """Why a request was refused."""

    error: str = Field(description="One line.")


def create_app(
    annotator: Annotator,
    *,
    name: str = "model",
    limits: Limits | None = None,
    identify: Identify | None = None,
) -> FastAPI:
    """The server as an ASGI application.

    Args:
        annotator: what finds mentions. A thread of the application's own uses it, and nothing else
            should at the same time.
        name: of the model, to be told.
        limits: what is taken of a request and of a client; the defaults if None.
        identify: gives mentions identifiers, such as `vaner.knowledge.matcher.Matcher.identify`.
    """
    files = page_files()
    paths = (*files, "/annotate", "/convert", "/draw", "/types", "/health", "/metrics")
    service = Service(annotator, name, limits or Limits(), identify, paths)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        service.batcher.start()
        yield
        service.batcher.close()  # by now all that was taken is answered

    app = FastAPI(
        title="vaner", version=__version__, description="Biomedical named entity recognition.",
        lifespan=running, docs_url=None, redoc_url=None,  # they load from elsewhere
        responses={
            status: {"model": Problem, "description": told}
            for status, told in (
                (400, "Malformed"), (413, "Too much"), (415, "Of no known format"),
                (429, "Too often"), (503, "Too many are waiting"), (504, "Not done in time"),
            )
        },
    )  # fmt: skip
    _add_routes(app, service)
    for path, file in files.items():
        app.get(path, include_in_schema=False)(_giving(file.content, file.media))
    _add_errors(app)
    app.add_middleware(_Headers)
    app.add_middleware(Counted, metrics=service.metrics)
    return app


def _add_routes(app: FastAPI, service: Service) -> None:
    taken = {"requestBody": {"required": True, "content": _contents()}}

    @app.post("/annotate", description=_ANNOTATE, response_class=Response, openapi_extra=taken)
    async def annotate(request: Request, query: Annotated[bodies.Query, Query()]) -> Response:
        return _response(await service.annotated(request, query))

    @app.post("/convert", description=_CONVERT, response_class=Response, openapi_extra=taken)
    async def convert(request: Request, query: Annotated[bodies.Query, Query()]) -> Response:
        return _response(await service.converted(request, query))

    @app.post("/draw", include_in_schema=False)
    async def draw(
        request: Request,
        first: Annotated[int, Query(ge=1)] = 1,
        type: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI copies it
    ) -> Response:
        """What the page shows of documents, and their mentions in the order of the links."""
        found = drawn(await service.documents(request), type, first)
        own = written([one.document for one in found], JSON).body.decode()
        html = JSONResponse([one.html for one in found]).body
        return Response(f'{{"drawn": {bytes(html).decode()}, "found": {own}}}', media_type=_JSON)

    @app.get("/types")
    async def types() -> dict[str, Any]:
        """The model, the types that it finds, the formats, and the limits."""
        return service.about()

    @app.get("/health", responses={503: {"model": Problem, "description": "Not at work"}})
    async def health() -> dict[str, Any]:
        """Whether texts are annotated."""
        if not service.batcher.alive:
            raise Refused(503, "the annotator is not at work")
        return {"status": "ok", "model": service.name, "waiting": service.batcher.waiting}

    @app.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Counts and times, as Prometheus reads them."""
        return Response(service.metrics.told(), media_type=CONTENT_TYPE_LATEST)


def _response(answer: Written) -> Response:
    headers = {"Content-Disposition": f'inline; filename="vaner{answer.suffix}"'}
    if answer.lost:
        headers["X-Vaner-Lost"] = answer.lost.encode("ascii", "replace").decode()
    return Response(answer.body, media_type=answer.media, headers=headers)


def _giving(content: str, media: str) -> Callable[[], Any]:
    async def give() -> Response:
        return Response(content, media_type=media)

    return give


def _contents() -> dict[str, Any]:
    """Content types that a body may have, for OpenAPI."""
    text = {"schema": {"type": "string"}}
    schema = bodies.Body.model_json_schema()
    return {_JSON: {"schema": schema}, **{kind: text for kind in bodies.READ if kind != _JSON}}


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    async def refused(_: Request, problem: Refused) -> Response:
        return _told(problem.status, problem.line, problem.headers.items())

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, problem: RequestValidationError) -> Response:
        return _told(400, bodies.problem_of(problem.errors()))

    @app.exception_handler(HTTPException)
    async def unknown(_: Request, problem: HTTPException) -> Response:
        return _told(problem.status_code, str(problem.detail), (problem.headers or {}).items())

    @app.exception_handler(Exception)
    async def defect(_: Request, problem: Exception) -> Response:
        return _told(500, f"the server failed on this: {type(problem).__name__}")


def _told(status: int, line: str, headers: Iterable[tuple[str, str]] = ()) -> Response:
    return JSONResponse({"error": line}, status, headers=dict(headers))


class _Headers:
    """Puts the headers that every answer has where it has none of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    *((name.lower().encode(), value.encode()) for name, value in _HEADERS.items()),
                ]
            await send(message)

        await self._app(scope, receive, sending)
