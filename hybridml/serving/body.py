"""The bytes of a request, as long as there are not too many."""

from __future__ import annotations

from fastapi import Request

from hybridml.exceptions import DataError


class BodyTooLargeError(DataError):
    """A request that is longer than what is taken."""


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Read the body of a request, and give up where it grows too long.

    Raises
    ------
    BodyTooLargeError
        At once where the request says its length, else when it has been reached.
    """
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told[:18]) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


def _too_large(max_bytes: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"The request is too large: at most {max_bytes:,} bytes.")
