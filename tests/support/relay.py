"""Passes connections on from one address to another, as a router or a TLS terminator does.

By itself, `python -m tests.support.relay PORT HOST PORT`, it makes a far server one of this machine's own.
"""

import asyncio
import ssl
import sys
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from launch.ports import LOOPBACK

ANYWHERE = "0.0.0.0"
PIECE_BYTES = 1 << 16

Address = str | tuple[str, int]
"""A path is that of a unix socket."""


@contextmanager
def relay(target: Address, *, host: str = LOOPBACK, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port at which `target` answers until the block ends, with TLS where a context is given."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(_listen(target, host, port, tls), loop).result()
    try:
        yield int(listening.sockets[0].getsockname()[1])
    finally:
        asyncio.run_coroutine_threadsafe(_close(listening), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(target: Address, host: str, port: int, tls: ssl.SSLContext | None) -> asyncio.Server:
    async def connect(near: StreamReader, near_end: StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError), closing(near_end):  # cancelled when the block ends
            far, far_end = await _open(target)
            with closing(far_end):
                await asyncio.gather(_pass_on(near, far_end), _pass_on(far, near_end))

    return await asyncio.start_server(connect, host, port, ssl=tls)


async def _open(target: Address) -> tuple[StreamReader, StreamWriter]:
    if isinstance(target, str):
        return await asyncio.open_unix_connection(target)
    return await asyncio.open_connection(*target)


async def _pass_on(source: StreamReader, target: StreamWriter) -> None:
    """Until there is no more; then the other end is told so."""
    with suppress(OSError):
        while piece := await source.read(PIECE_BYTES):
            target.write(piece)
            await target.drain()
    target.close()


async def _close(listening: asyncio.Server) -> None:
    listening.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


if __name__ == "__main__":
    with relay((sys.argv[2], int(sys.argv[3])), port=int(sys.argv[1])):
        threading.Event().wait()
