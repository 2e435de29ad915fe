"""The routes of the server, its error responses and its headers.

Errors are JSON with one line, ``{"error": "…"}``. A header prevents browsers from loading files of
other servers.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vaner import __version__
from vaner.annotator import Annotator
from vaner.linking.options import LinkOptions
from vaner.server.api_page import render_api
from vaner.server.batch_workers import LoadAnnotator
from vaner.server.limits import Limits, RejectedRequest
from vaner.server.metrics import MetricsMiddleware
from vaner.server.request import CONTENT_TYPES, JsonBody, QueryParams, first_validation_error
from vaner.server.response import ResponseBody
from vaner.server.service import Service
from vaner.server.web_page import PageFile, page_files
from vaner.server.worker import WorkerError
from vaner.utils.api_keys import ApiKeyMiddleware

logger = logging.getLogger(__name__)

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

Send a text or documents as JSON, or the content of a file in a supported format. Offsets count
Unicode code points, and `end` is exclusive. The header `X-Vaner-Lost` of the response says what
its format cannot represent, and which types did not reach `min_precision`."""
_CONVERT = """Write documents, with the mentions they contain, in another format."""
_OPEN_PATHS = ("/health", "/ready", "/openapi.json", "/docs")
"""Paths that need no API key: health checks and the description of the API."""
_ERRORS = {
    400: "The request is malformed.",
    401: "The API key is missing or not valid.",
    406: "The response cannot have a type that is accepted.",
    408: "The request did not arrive in time.",
    413: "The request exceeds a limit.",
    415: "The format is unknown.",
    429: "The client sends too many requests.",
    503: "Too many requests are waiting.",
    504: "The request took too long.",
}


class ErrorBody(BaseModel):
    """The body of an error response."""

    error: str = Field(description="What is wrong, on one line.")
    parameter: str | None = Field(
        None,
        description="The parameter that would prevent the error: input_format, encoding or "
        "text_column.",
    )


def create_app(
    annotator: Annotator | LoadAnnotator,
    *,
    name: str = "model",
    limits: Limits | None = None,
    workers: int = 2,
    link_options: LinkOptions | None = None,
    api_keys: Sequence[str] = (),
) -> FastAPI:
    """Return the server as an ASGI application.

    Args:
        annotator: a function that loads an annotator, such as `Annotator.from_pretrained`. Worker
            processes call it, so it must be a function that can be pickled. Or an annotator: a
            thread of the application uses it, which cannot be stopped if a text takes too long;
            nothing else should use the annotator at the same time.
        name: name of the model, which clients see.
        limits: limits of requests and clients; the defaults if None.
        workers: number of worker processes. With a single one, a long text delays all others.
        link_options: which knowledge bases the annotator links to; ``/types`` names them.
        api_keys: keys of which a request must have one; see `vaner.utils.api_keys`. The page,
            ``/health``, ``/ready`` and the schema are open. Default: everything is open.

    Raises:
        VanerError: if the model cannot be loaded.
    """
    pages = page_files()
    paths = (*pages, "/annotate", "/convert", "/draw", "/types", "/health", "/ready", "/metrics",
             "/docs")  # fmt: skip
    service = Service(annotator, name, limits or Limits(), paths, workers, link_options)

    @asynccontextmanager
    async def run_service(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(service.start)
        yield
        await run_in_threadpool(service.close)  # all accepted requests are answered at this point

    app = FastAPI(
        title="vaner", version=__version__, description="Biomedical named entity recognition.",
        lifespan=run_service, docs_url=None, redoc_url=None,  # these load files of other servers
        responses={
            status: {"model": ErrorBody, "description": description}
            for status, description in _ERRORS.items()
        },
    )  # fmt: skip
    app.state.service = service
    _add_routes(app, service)
    for path, page in pages.items():
        app.get(path, include_in_schema=False)(_page_endpoint(page))
    _add_error_handlers(app)
    if api_keys:  # the page contains no data, and asks for a key
        open_paths = (*pages, *_OPEN_PATHS)
        app.add_middleware(ApiKeyMiddleware, keys=api_keys, open_paths=open_paths)
    app.add_middleware(_HeadersMiddleware)
    app.add_middleware(MetricsMiddleware, metrics=service.metrics)
    return app


def _add_routes(app: FastAPI, service: Service) -> None:
    body = {"requestBody": {"required": True, "content": _body_schema()}}

    @app.post("/annotate", description=_ANNOTATE, response_class=Response, openapi_extra=body)
    async def annotate(request: Request, query: Annotated[QueryParams, Query()]) -> Response:
        return _response(await service.annotate(request, query))

    @app.post("/convert", description=_CONVERT, response_class=Response, openapi_extra=body)
    async def convert(request: Request, query: Annotated[QueryParams, Query()]) -> Response:
        return _response(await service.convert(request, query))

    @app.post("/draw", include_in_schema=False)
    async def draw(
        request: Request,
        first: Annotated[int, Query(ge=1)] = 1,
        type: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI copies it
    ) -> Response:
        """Return documents for the page: their HTML, the order of mentions, and looks of types."""
        return Response(await service.draw(request, type, first), media_type=_JSON)

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        """Return the API as a page."""
        url = str(request.base_url).rstrip("/")
        return Response(render_api(app.openapi(), url), media_type="text/html")

    @app.get("/types")
    async def types() -> dict[str, Any]:
        """Return the model, its types, the formats and the limits."""
        return service.describe()

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Return the status, the model, its form, and the number of waiting requests."""
        return {"status": "ok", **service.describe_model(), "waiting": service.queue.waiting}

    @app.get("/ready", responses={503: {"model": ErrorBody, "description": "Not ready."}})
    async def ready() -> dict[str, Any]:
        """Return whether a worker answers, and the next request would be accepted."""
        if not service.is_ready:
            raise RejectedRequest(503, "no worker answers, or too many requests are waiting")
        return {"status": "ready", "workers": service.queue.prepared_workers}

    @app.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Return counts and times in the format of Prometheus."""
        return Response(service.metrics.render(), media_type=CONTENT_TYPE_LATEST)


def _response(body: ResponseBody) -> Response:
    headers = {"Content-Disposition": f'inline; filename="vaner{body.suffix}"'}
    if body.losses:
        headers["X-Vaner-Lost"] = body.losses.encode("ascii", "replace").decode()
    return Response(body.content, media_type=body.media_type, headers=headers)


def _page_endpoint(page: PageFile) -> Callable[[], Any]:
    async def send_page() -> Response:
        return Response(page.content, media_type=page.media_type)

    return send_page


def _body_schema() -> dict[str, Any]:
    """Return the schema of a body for each content type, for OpenAPI."""
    text = {"schema": {"type": "string"}}
    schema = JsonBody.model_json_schema()
    return {_JSON: {"schema": schema}, **{kind: text for kind in CONTENT_TYPES if kind != _JSON}}


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(RejectedRequest)
    async def rejected(_: Request, error: RejectedRequest) -> Response:
        return _error_response(error.status, error.message, error.headers.items(), error.parameter)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return _error_response(400, first_validation_error(error.errors()))

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> Response:
        headers = (error.headers or {}).items()
        return _error_response(error.status_code, str(error.detail), headers)

    @app.exception_handler(WorkerError)
    async def worker_error(_: Request, error: WorkerError) -> Response:
        logger.error("%s", "\n".join((str(error), *getattr(error, "__notes__", ()))))
        return _error_response(500, f"internal error: {error}")

    @app.exception_handler(Exception)
    async def defect(_: Request, error: Exception) -> Response:
        return _error_response(500, f"internal error: {type(error).__name__}")


def _error_response(
    status: int,
    message: str,
    headers: Iterable[tuple[str, str]] = (),
    parameter: str | None = None,
) -> Response:
    content = {"error": message} | ({"parameter": parameter} if parameter else {})
    return JSONResponse(content, status, headers=dict(headers))


class _HeadersMiddleware:
    """Adds the headers that every response has, and answers HEAD as GET without a body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    *((name.lower().encode(), value.encode()) for name, value in _HEADERS.items()),
                ]
            await send(message)

        if scope.get("method") == "HEAD":  # uvicorn leaves out the body
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send_with_headers)
