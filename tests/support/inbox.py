"""Where alerts arrive: a web server that Apprise posts to, as json://."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "swordfish-in-the-address"


@dataclass
class Inbox:
    """What has arrived; `status` is the answer, and with `hangs` there is none."""

    port: int
    posts: list[dict[str, Any]] = field(default_factory=list)
    status: HTTPStatus = HTTPStatus.OK
    goes_on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.goes_on.set()

    @property
    def address(self) -> str:
        """For ALERT_URLS; the path is a secret."""
        return f"json://127.0.0.1:{self.port}/{SECRET}"

    @property
    def titles(self) -> list[str]:
        return [post["title"] for post in self.posts]


@contextmanager
def open_inbox() -> Iterator[Inbox]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            inbox.goes_on.wait()
            if inbox.status is HTTPStatus.OK:
                inbox.posts.append(json.loads(body))
            self.send_response(inbox.status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    inbox = Inbox(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield inbox
    inbox.goes_on.set()
    server.shutdown()
    thread.join()
    server.server_close()
