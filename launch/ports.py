"""Ports on this machine."""

import socket

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether somebody could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def any_free() -> int:
    """A port that nobody else is given while this process lives: whoever is told of it can listen there."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, so that they may share it
    holder.bind((LOOPBACK, 0))
    port = int(holder.getsockname()[1])
    holder.detach()  # stays bound until the process ends
    return port


def free_or_any(port: int) -> int:
    """That port, or another one when it is taken."""
    return port if port and is_free(port) else any_free()
