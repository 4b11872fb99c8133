"""How MLflow is kept from the terminal and from long waits while it is called."""

from __future__ import annotations

import importlib
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_TALKERS = ("mlflow", "alembic", "urllib3.connectionpool")
_one_at_a_time = threading.RLock()


@contextmanager
def quiet_and_brief(timeout_s: float) -> Iterator[None]:
    """Silence MLflow's loggers and shorten its waits, for the length of a block.

    MLflow takes these settings from the environment only. What the user has set there
    stays as it is, and everything is put back at the end. One thread at a time, because
    loggers, warnings and environment belong to the process.
    """
    settings = {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(max(1, round(4 * timeout_s))),
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    }
    with _one_at_a_time, warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("ignore", DeprecationWarning)  # MLflow's use of others
        importlib.import_module("mlflow.tracking")  # sets the levels of its loggers
        for name in _TALKERS:
            stack.enter_context(_silent(logging.getLogger(name)))
        for name in settings.keys() - os.environ.keys():
            stack.callback(os.environ.pop, name, None)
            os.environ[name] = settings[name]
        yield


@contextmanager
def _silent(logger: logging.Logger) -> Iterator[None]:
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
