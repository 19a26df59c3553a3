"""Those who listen, in a process of their own: `python -m benchmarks.web.listeners PORT BYTES_A_SECOND < REQUESTS`.

Each line of the input is a request, in JSON. All are sent at once, and each answer is taken at that pace. When all
have ended it prints one line of JSON: [{"status", "bytes", "seconds"}, …].
"""

import json
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.web import wire

TICK_SECONDS = 0.05
BUFFER_BYTES = 1 << 18
"""What lies on the way to a listener: so little that whoever sends must wait."""


@dataclass
class Listener:
    """Takes an answer's body at its pace."""

    connection: socket.socket
    status: int
    length: int
    taken: int
    began: float
    ended: float | None = None

    def take(self, pace: float, buffer: bytearray) -> None:
        """What is due by now."""
        due = min(self.length, int((time.monotonic() - self.began) * pace)) - self.taken
        while due > 0:
            try:
                got = self.connection.recv_into(buffer, min(due, len(buffer)))
            except BlockingIOError:
                return
            if not got:
                break
            self.taken, due = self.taken + got, due - got
        if due > 0 or self.taken == self.length:  # it hung up, or all is here
            self.ended = time.monotonic()
            self.connection.close()


def main(port: int, pace: float, requests: Sequence[bytes]) -> None:
    connections = [_asked(port, request) for request in requests]
    listening = [_answered(connection) for connection in connections]
    buffer = bytearray(BUFFER_BYTES)
    while any(one.ended is None for one in listening):
        time.sleep(TICK_SECONDS)
        for one in listening:
            if one.ended is None:
                one.take(pace, buffer)
    ends = [{"status": one.status, "bytes": one.taken, "seconds": (one.ended or 0) - one.began} for one in listening]
    print(json.dumps(ends))


def _asked(port: int, request: bytes) -> socket.socket:
    connection = wire.connect(port, BUFFER_BYTES)
    connection.sendall(request)
    return connection


def _answered(connection: socket.socket) -> Listener:
    status, length, body = wire.read_answer(connection)
    connection.setblocking(False)
    return Listener(connection, status, length, len(body), time.monotonic())


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), [json.loads(line).encode() for line in sys.stdin])
