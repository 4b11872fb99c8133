"""How the processes of a training find one another."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from ipaddress import ip_address

import torch.distributed as dist

Address = tuple[str, int]

# One may read its images for hours before it meets the others again. A process that
# dies is noticed at once, and Ray notices a machine that does.
_PATIENCE = timedelta(days=1)


@contextmanager
def met(
    rank: int,
    size: int,
    *,
    host: str,
    has_gpu: bool,
    share: Callable[[Address | None], Address],
) -> Iterator[None]:
    """Form the default process group of torch.distributed for a while.

    PyTorch alone would let the first process listen on all the addresses of its
    machine, to whoever comes. It listens on one here.

    Parameters
    ----------
    rank, size : int
    host : str
        Address of this machine by which the others reach it, if need be.
    has_gpu : bool
        Whether tensors on GPUs are exchanged too: by NCCL. Others are by Gloo.
    share : callable
        Gives all the address that the first process calls it with.
    """
    _stay_on(host)
    with closing(socket.socket()) as listener:
        own = None
        if rank == 0:
            listener.bind((host, 0))
            listener.listen()
            own = listener.getsockname()[:2]
        address, port = share(own)
        store = dist.TCPStore(  # type: ignore[attr-defined]  # documented, not declared
            address,
            port,
            size,
            is_master=rank == 0,
            master_listen_fd=listener.detach() if rank == 0 else None,
        )
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if has_gpu else "gloo",
        store=store,
        rank=rank,
        world_size=size,
        timeout=_PATIENCE,
    )
    try:
        yield
    finally:
        dist.destroy_process_group()


def _stay_on(host: str) -> None:
    """Let what is exchanged not leave the machine where nobody else takes part."""
    if ip_address(host).is_loopback:
        loopback = next(name for _, name in socket.if_nameindex() if name[:2] == "lo")
        os.environ["GLOO_SOCKET_IFNAME"] = os.environ["NCCL_SOCKET_IFNAME"] = loopback
