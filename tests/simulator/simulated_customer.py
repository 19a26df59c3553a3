"""A customer for the tests: a real web server that answers TwiML and remembers what it was sent."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

POLL_SECONDS = 0.02  # how soon the server notices that it shall stop

ANSWER_AND_DIAL = """<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <Start><Recording channels="dual" trim="do-not-trim" recordingStatusCallback="/webhook/handle_recording"
    recordingStatusCallbackEvent="in-progress completed absent"/></Start>
  <Dial>+15005550111</Dial>
</Response>"""
ONLY_DIAL = "<Response><Dial>+15005550111</Dial></Response>"

Answer = Callable[["Received"], Response]


@dataclass(frozen=True)
class Received:
    """One request as it came; `url` is what the sender must have signed."""

    method: str
    path: str
    url: str
    headers: dict[str, str]
    form: dict[str, str]
    query: dict[str, str]


class Customer:
    """Answers 204 wherever nothing else was agreed."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._answers: dict[str, deque[Answer]] = defaultdict(deque)
        self._changed = threading.Condition()
        self._server = make_server("127.0.0.1", 0, self._respond, threaded=True, request_handler=_Silent)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,))
        self._thread.start()

    def twiml(self, path: str, text: str) -> None:
        """Answer with this document each time."""
        self.answer(path, lambda _: Response(text, mimetype="text/xml"))

    def answer(self, path: str, *answers: Answer) -> None:
        """Answer with these one after the other, the last one for good."""
        self._answers[path] = deque(answers)

    def at(self, path: str) -> list[Received]:
        with self._changed:
            return [request for request in self.received if request.path == path]

    def wait_for(self, path: str, count: int = 1, seconds: float = 10.0) -> list[Received]:
        deadline = time.monotonic() + seconds
        with self._changed:
            while len(found := [one for one in self.received if one.path == path]) < count:
                assert self._changed.wait(deadline - time.monotonic()), f"{path} was asked {len(found)} times"
            return found

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _respond(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        received = Received(
            method=request.method,
            path=request.path,
            url=self.url + environ["REQUEST_URI"],
            headers={name.lower(): value for name, value in request.headers.items()},
            form=request.form.to_dict(),
            query=request.args.to_dict(),
        )
        with self._changed:
            self.received.append(received)
            self._changed.notify_all()
        return self._choose(received)(environ, start_response)

    def _choose(self, received: Received) -> Response:
        answers = self._answers[received.path]
        if not answers:
            return Response(status=204)
        answer = answers.popleft() if len(answers) > 1 else answers[0]
        return answer(received)


def status(code: int) -> Answer:
    return lambda _: Response(status=code)


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass
