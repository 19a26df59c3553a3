"""Requests as bytes, and connections that send them: a client library would take more time than the server does."""

import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from launch.ports import LOOPBACK
from simulator.signature import sign
from tests.support.twilio import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_BASE_URL

PIECE_BYTES = 1 << 16
ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """Its status and its body, and how long it took."""

    status: int
    body: bytes
    seconds: float


def get(path: str, headers: Mapping[str, str]) -> bytes:
    return _request("GET", path, headers)


def event(path: str, **fields: str) -> bytes:
    """A webhook as the phone company sends it."""
    form = {"AccountSid": ACCOUNT_SID} | fields
    signature = sign(AUTH_TOKEN, f"{PUBLIC_BASE_URL}{path}", form.items())
    return post(path, urlencode(form), {"X-Twilio-Signature": signature})


def post(path: str, form: str, headers: Mapping[str, str]) -> bytes:
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(form))}
    return _request("POST", path, sent | headers) + form.encode()


def _request(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: calls", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


class Line:
    """A connection that is kept as long as the server keeps it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> Answer:
        began = time.monotonic()
        connection = self._socket or self._connect()
        connection.sendall(request)
        head, body = _read_head(connection)
        status, length, is_last = _understand(head)
        while len(body) < length:
            body += connection.recv(PIECE_BYTES)
        if is_last:
            self.hang_up()
        return Answer(status, body, time.monotonic() - began)

    def hang_up(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def _connect(self) -> socket.socket:
        self._socket = connect(self._port)
        return self._socket


def connect(port: int, buffer: int | None = None) -> socket.socket:
    """One that takes so many bytes before somebody reads them."""
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(ANSWER_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.connect((LOOPBACK, port))
    return connection


def read_answer(connection: socket.socket) -> tuple[int, int, bytes]:
    """Status, length of the body, and what has come of it so far."""
    head, body = _read_head(connection)
    status, length, _ = _understand(head)
    return status, length, body


def _read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    """Status line and headers, and what has come of the body with them."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(PIECE_BYTES)
        if not piece:
            raise ConnectionError("hung up before it answered")
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    return head, body


def _understand(head: bytes) -> tuple[int, int, bool]:
    """Status, length of the body, and whether the server hangs up after it."""
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), int(headers.get("content-length", 0)), headers.get("connection") == "close"


@contextmanager
def listening(port: int, request: bytes) -> Iterator[int]:
    """Ask for a recording and take none of it until the block ends; the answer's status."""
    with connect(port) as connection:
        connection.sendall(request)
        yield read_answer(connection)[0]


@contextmanager
def line(port: int) -> Iterator[Line]:
    made = Line(port)
    try:
        yield made
    finally:
        made.hang_up()


def ask(port: int, request: bytes) -> Answer:
    """On a connection of its own, as the phone company does."""
    with line(port) as mine:
        return mine.ask(request)


def crowd(port: int, requests: Iterable[bytes], *, callers: int, seconds: float) -> tuple[list[Answer], float]:
    """So many callers send one request after another, for so long; their answers, and the seconds it took."""
    waiting, deadline = iter(requests), time.monotonic() + seconds

    def call() -> list[Answer]:
        answers = []
        with line(port) as mine:
            while time.monotonic() < deadline and (request := next(waiting, None)):
                answers.append(mine.ask(request))
        return answers

    began = time.monotonic()
    with ThreadPoolExecutor(callers) as pool:
        answers = [answer for one in [pool.submit(call) for _ in range(callers)] for answer in one.result()]
    return answers, time.monotonic() - began
