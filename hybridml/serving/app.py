"""The server's application: routes, sizes, and errors as answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from hybridml import __version__
from hybridml.serving.body import BodyTooLargeError, read_body
from hybridml.serving.formats import read_table, write_predictions
from hybridml.serving.rows import RequestError
from hybridml.serving.served_model import ServedModel


def make_app(model: ServedModel, name: str, *, n_at_once: int = 1) -> FastAPI:
    """Make the application that answers for a model.

    The routes are those of MLflow's own server: POST /invocations; GET /health, /ping
    and /version. GET / says how to call it.

    Parameters
    ----------
    model : ServedModel
    name : str
        What it is called in answers.
    n_at_once : int, default=1
        Predictions made at a time; each uses all cores. Others wait.

    Returns
    -------
    app : fastapi.FastAPI
    """
    app = FastAPI(title="hybridml", version=__version__, docs_url=None, redoc_url=None)
    places = anyio.CapacityLimiter(n_at_once)

    @app.get("/")
    async def root() -> JSONResponse:
        return JSONResponse(_describe(model, name))

    @app.get("/health")
    @app.get("/ping")
    async def health() -> JSONResponse:
        return JSONResponse({"status": "ok", "model": name})

    @app.get("/version")
    async def version() -> JSONResponse:
        return JSONResponse({"hybridml": __version__, **model.manifest.versions})

    @app.post("/invocations")
    async def invocations(request: Request) -> Response:
        body = await read_body(request, model.limits.max_request_bytes)
        content_type = request.headers.get("content-type", "")

        def answer() -> bytes:
            table = read_table(body, content_type, model.manifest, model.limits)
            return write_predictions(model.predict(table))

        text = await anyio.to_thread.run_sync(answer, limiter=places)
        return Response(text, media_type="application/json")

    _answer_errors(app)
    return app


def _answer_errors(app: FastAPI) -> None:
    def answer(status: int, code: str) -> Callable[..., Awaitable[Response]]:
        async def handle(request: Request, error: Exception) -> Response:
            told = {"error_code": code, "message": str(error)}
            return JSONResponse(told, status_code=status)

        return handle

    async def fail(request: Request, error: Exception) -> Response:
        told = {"error_code": "INTERNAL_ERROR", "message": "The server has failed."}
        return JSONResponse(told, status_code=500)  # the error itself is logged

    app.add_exception_handler(RequestError, answer(400, "BAD_REQUEST"))
    app.add_exception_handler(Exception, fail)
    app.add_exception_handler(BodyTooLargeError, answer(413, "REQUEST_TOO_LARGE"))


def _describe(model: ServedModel, name: str) -> dict[str, Any]:
    manifest = model.manifest
    row = {told["name"]: _placeholder(told["kind"]) for told in manifest.inputs}
    return {
        "model": name,
        "task": manifest.task,
        "classes": manifest.classes,
        "call": "POST /invocations",
        "request": {"dataframe_records": [row]},
        "limits": {each: getattr(model.limits, each) for each in model.limits.names()},
    }


def _placeholder(kind: str) -> str:
    return "text or a number" if kind == "value" else f"base64 of the {kind}'s bytes"
