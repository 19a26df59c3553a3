"""An HTTP server that says exactly what a test wants, however wrong it is."""

import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # linger, for no time


@dataclass(frozen=True)
class Answer:
    """Status line and headers are made of the fields; `then` is close, reset or stall."""

    status: int = 200
    body: bytes = b""
    headers: Sequence[str] = ()
    length: int | None = None
    """What Content-Length says; the body's own length unless given."""
    then: str = "close"

    def wire(self) -> bytes:
        length = len(self.body) if self.length is None else self.length
        lines = [f"HTTP/1.1 {self.status} Whatever", f"Content-Length: {length}", "Connection: close", *self.headers]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass
class RawServer:
    """Gives its answers in order, the last one for ever; remembers what was asked."""

    answers: list[Answer]
    asked: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    _socket: socket.socket = field(default_factory=socket.socket)

    def listen(self) -> str:
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def serve(self) -> None:
        while not self.stopping.is_set():
            connection, _ = self._socket.accept()
            with connection:
                self._answer(connection)

    def stop(self) -> None:
        self.stopping.set()
        with socket.create_connection(self._socket.getsockname()):
            pass  # wakes the one who waits for somebody to call

    def close(self) -> None:
        self._socket.close()

    def _answer(self, connection: socket.socket) -> None:
        request = connection.recv(1 << 16)
        if not request:
            return
        self.asked.append(request.decode())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        connection.sendall(answer.wire())
        if answer.then == "stall":
            self.stopping.wait()
        elif answer.then == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)


@contextmanager
def raw_server(*answers: Answer) -> Iterator[tuple[RawServer, str]]:
    """The server and its address."""
    server = RawServer(list(answers))
    url = server.listen()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server, url
    finally:
        server.stop()
        thread.join()
        server.close()
