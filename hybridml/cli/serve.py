"""``hybridml serve``: a saved model behind a local address."""

from __future__ import annotations

from typing import Annotated

import typer

from hybridml.cli import options
from hybridml.cli.help_text import examples
from hybridml.cli.terminal import say
from hybridml.cli.ui import check_free

EXAMPLES = examples(
    ("hybridml serve model", "a folder of hybridml fit --output model"),
    ("hybridml serve models:/pets@champion --port 8080", "from MLflow's registry"),
    (
        "curl --data-binary @cat.jpg -H 'Content-Type: image/jpeg' "
        "http://127.0.0.1:8000/invocations",
        "then ask it",
    ),
)
_LIMITS = "What is refused"
_N_CLIENTS = 32  # each may hold a whole request in memory; more get status 503


def serve(
    model: Annotated[
        str,
        typer.Argument(
            help="A folder of hybridml fit, compare --save or fuse --save; or an "
            "address in MLflow: models:/NAME@champion.",
            metavar="MODEL",
            show_default=False,
        ),
    ],
    port: Annotated[
        int, typer.Option(help="Port to listen on.", min=1, max=65_535)
    ] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; only this machine by default.")
    ] = "127.0.0.1",
    trust: options.Trust = None,
    tracking_uri: options.TrackingUri = None,
    max_rows: Annotated[
        int,
        typer.Option(help="Rows of one request.", min=1, rich_help_panel=_LIMITS),
    ] = 256,
    max_file_mb: Annotated[
        float,
        typer.Option(help="Of one image, in MB.", min=0.001, rich_help_panel=_LIMITS),
    ] = 20,
    max_megapixels: Annotated[
        float,
        typer.Option(
            help="Of one image, once decoded.", min=0.001, rich_help_panel=_LIMITS
        ),
    ] = 50,
    max_request_mb: Annotated[
        float,
        typer.Option(help="Of one request, in MB.", min=0.001, rich_help_panel=_LIMITS),
    ] = 50,
) -> None:
    """Answer requests with a model's predictions; Ctrl-C ends it.

    POST /invocations takes JSON with base64 images, in the forms of
    MLflow's server, or the bytes of one image. Paths and URLs in a request
    are never opened, and nothing of it is kept. There is no password: keep
    it on this machine, or behind a server that asks for one.
    """
    import uvicorn

    from hybridml.models.folder import read_model
    from hybridml.models.loading import find_model
    from hybridml.models.manifest import Manifest
    from hybridml.serving import Limits, ServedModel
    from hybridml.serving.app import make_app

    check_free(host, port)
    say(f"Loading {model} ...")
    folder = find_model(model, tracking_uri=tracking_uri)
    limits = Limits(
        max_rows=max_rows,
        max_file_bytes=round(max_file_mb * 1e6),
        max_pixels=round(max_megapixels * 1e6),
        max_request_bytes=round(max_request_mb * 1e6),
    )
    estimator = read_model(folder, trusted=trust or ())
    served = ServedModel(estimator, Manifest.read(folder), limits, fused=True)
    served.warm_up()
    say(f"Ready: http://{host}:{port}/invocations (Ctrl-C ends it)")
    uvicorn.run(
        make_app(served, model),
        host=host,
        port=port,
        log_level="warning",
        limit_concurrency=_N_CLIENTS,
    )
