"""Somebody who pries while it storms: asks for what must be refused, and reads everything that Redis holds."""

import base64
import binascii
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import httpx
from redis import Redis
from redis.exceptions import RedisError

from tests.drill.house import House

LOOK_EVERY_SECONDS = 2.0
ANSWER_SECONDS = 10
NOBODYS_CALL = "CA" + "e" * 32
UNSIGNED = {"AccountSid": "AC" + "e" * 32, "CallSid": NOBODYS_CALL, "CallStatus": "completed", "From": "+12025550143"}

Asked = tuple[str, str, Mapping[str, Any]]

REFUSED: Sequence[Asked] = (
    ("GET", "/api/calls?limit=x", {}),
    ("GET", "/api/calls?cursor=junk", {}),
    ("GET", f"/api/calls/{NOBODYS_CALL}", {}),
    ("GET", f"/api/recordings/{NOBODYS_CALL}/stream", {}),
    ("POST", f"/api/calls/{NOBODYS_CALL}/retry", {"json": {"stage": "recording"}}),
    ("POST", "/webhook/call_status", {"data": UNSIGNED}),
    ("POST", "/webhook/handle_recording", {"data": UNSIGNED, "headers": {"X-Twilio-Signature": "no"}}),
    ("GET", f"/calls/{NOBODYS_CALL}", {}),
    ("GET", "/admin/rq/0/data/queues.json", {}),
    ("GET", "/readyz", {}),
)
"""The last one is refused while something is down."""


class Prying:
    """Goes on while the block does; `answers` and `kept` are what there was to read."""

    def __init__(self, home: House) -> None:
        self.answers: list[str] = []
        """Bodies and headers of errors."""
        self.kept: set[str] = set()
        """Keys and values of Redis."""
        self._theirs: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(home,), name="prying", daemon=True)

    def __enter__(self) -> "Prying":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self, home: House) -> None:
        redis = Redis.from_url(home.valkey.url, socket_timeout=5)
        mine, theirs = home.owners[:2]
        with httpx.Client(base_url=home.web, timeout=ANSWER_SECONDS, trust_env=False) as http:
            while not self._over.wait(LOOK_EVERY_SECONDS):
                with suppress(RedisError):
                    self.kept.update(contents(redis))
                others: list[Asked] = [("GET", f"/api/calls/{sid}", {}) for sid in _some_call(http, theirs.headers)]
                for method, path, sent in (*REFUSED, *others):
                    self._ask(http, method, path, sent, mine.headers)
        redis.close()

    def _ask(
        self, http: httpx.Client, method: str, path: str, sent: Mapping[str, Any], headers: Mapping[str, str]
    ) -> None:
        known = dict(sent)
        with suppress(httpx.HTTPError):
            answer = http.request(method, path, headers={**headers, **known.pop("headers", {})}, **known)
            if answer.status_code >= 400:
                self.answers.append(f"{answer.status_code} {answer.headers} {answer.text}")


def _some_call(http: httpx.Client, headers: Mapping[str, str]) -> Sequence[str]:
    """The newest call of somebody else."""
    with suppress(httpx.HTTPError, KeyError, ValueError):
        return [call["call_sid"] for call in http.get("/api/calls?limit=1", headers=headers).json()["calls"]]
    return []


def contents(redis: Any) -> Iterator[str]:
    """Every key of a Redis, and everything in it, as one can read it."""
    readers: Mapping[bytes, Callable[[bytes], Any]] = {
        b"string": lambda key: [redis.get(key)],
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"hash": lambda key: [part for pair in redis.hgetall(key).items() for part in pair],
        b"none": lambda key: [],  # gone meanwhile
        b"stream": lambda key: [part for _, fields in redis.xrange(key) for pair in fields.items() for part in pair],
    }
    for key in redis.scan_iter():
        yield key.decode(errors="replace")
        yield from (readable(value or b"") for value in readers[redis.type(key)](key))


def readable(value: bytes) -> str:
    """As it is, and unpacked where RQ has packed it."""
    packed = [value]
    with suppress(binascii.Error, ValueError):
        packed.append(base64.b64decode(value, validate=True))
    texts = [value.decode(errors="replace")]
    for one in packed:
        with suppress(zlib.error):
            texts.append(zlib.decompress(one).decode(errors="replace"))
    return "\n".join(texts)
