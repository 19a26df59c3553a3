"""A file that trickles in must not hold a worker for hours."""

import threading
import time
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from providers.errors import Unavailable
from providers.telephony import Media, media

LASTS_SECONDS = 4


def trickle() -> Iterator[bytes]:
    for _ in range(LASTS_SECONDS * 10):
        yield b"."
        time.sleep(0.1)


@pytest.fixture
def slow_server() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, Request.application(lambda request: Response(trickle())))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}/file"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_deadline_ends_a_trickle(slow_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "LONGEST_SECONDS", 1)
    begun = time.monotonic()

    with pytest.raises(Unavailable) as ended, Media(slow_server, ("AC", "token"), dual=False).open() as chunks:
        list(chunks)

    assert ended.value.reason == "timeout"
    assert time.monotonic() - begun < LASTS_SECONDS
