"""The phone company on the network: its addresses, who may ask, and the server that listens on loopback."""

import hmac
import logging
import socket
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from simulator import control, media, rest_calls, rest_recordings
from simulator.answers import as_json
from simulator.errors import ApiError, not_found, unauthenticated
from simulator.exchange import Exchange
from simulator.fields import API_VERSION
from simulator.unreliable import HANG_SECONDS, REFUSALS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # linger, for no time
OPEN = {control.look_at_calls, control.look_at_call, control.look_at_recordings, control.look_at_faults}
"""What anybody on this machine may ask."""

Endpoint = Callable[..., Response]


def _rule(path: str, endpoint: Endpoint, *methods: str) -> Rule:
    return Rule(path, endpoint=endpoint, methods=methods)


_ACCOUNT = f"/{API_VERSION}/Accounts/<account_sid>"
_CALL = f"{_ACCOUNT}/Calls/<call_sid>"
_RECORDING = f"{_ACCOUNT}/Recordings/<recording_sid>"

ROUTES = Map(
    [
        _rule(f"{_ACCOUNT}/Calls.json", rest_calls.create_call, "POST"),
        _rule(f"{_ACCOUNT}/Calls.json", rest_calls.list_calls, "GET"),
        _rule(f"{_CALL}.json", rest_calls.fetch_call, "GET"),
        _rule(f"{_CALL}.json", rest_calls.update_call, "POST"),
        _rule(f"{_CALL}/Recordings.json", rest_recordings.create_recording, "POST"),
        _rule(f"{_CALL}/Recordings.json", rest_recordings.list_call_recordings, "GET"),
        _rule(f"{_CALL}/Recordings/<recording_sid>.json", rest_recordings.fetch_call_recording, "GET"),
        _rule(f"{_ACCOUNT}/Recordings.json", rest_recordings.list_recordings, "GET"),
        _rule(f"{_RECORDING}.json", rest_recordings.fetch_recording, "GET"),
        _rule(f"{_RECORDING}.json", rest_recordings.delete_recording, "DELETE"),
        _rule(f"{_RECORDING}.wav", media.fetch_media, "GET"),
        _rule(_RECORDING, media.fetch_media, "GET"),
        _rule("/simulator/calls", control.place_call, "POST"),
        _rule("/simulator/calls", control.look_at_calls, "GET"),
        _rule("/simulator/calls/<call_sid>", control.look_at_call, "GET"),
        _rule("/simulator/recordings", control.look_at_recordings, "GET"),
        _rule("/simulator/faults", control.look_at_faults, "GET"),
        _rule("/simulator/numbers", control.list_numbers, "GET"),
        _rule("/simulator/numbers/<e164>", control.put_number, "PUT"),
    ]
)


class PhoneCompany:
    """The WSGI application."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with Request(environ) as request:
            answer = self._answer(request)
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            endpoint, values = ROUTES.bind_to_environ(request.environ).match()
            self._authenticate(request, endpoint)
            return self._served(endpoint, request, self._without_account(request, values))
        except ApiError as error:
            return error.response()
        except HTTPException as error:
            return self._refusal(request, error)

    def _served(self, endpoint: Endpoint, request: Request, values: Mapping[str, Any]) -> Response:
        fault = None if _is_control(request) else self.exchange.unreliable.draw()
        if fault in REFUSALS:
            return REFUSALS[fault].response()
        answer = endpoint(self.exchange, request, **values)
        if fault:
            self._lose(request, fault)
        return answer

    def _lose(self, request: Request, fault: str) -> NoReturn:
        """What was asked for is done, and the connection breaks before the answer has left."""
        if fault == "timeout":
            self.exchange.stopping.wait(HANG_SECONDS)
        connection: socket.socket = request.environ["werkzeug.socket"]
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError(fault)  # to werkzeug: the other side has gone

    def _authenticate(self, request: Request, endpoint: Endpoint) -> None:
        if endpoint in OPEN:
            return
        given, account = request.authorization, self.exchange.account
        expected = f"{account.account_sid}:{account.auth_token}"
        shown = f"{given.username}:{given.password}" if given and given.type == "basic" else ""
        if not hmac.compare_digest(shown.encode(), expected.encode()):
            raise unauthenticated()

    def _without_account(self, request: Request, values: Mapping[str, Any]) -> dict[str, Any]:
        if values.get("account_sid", self.exchange.account.account_sid) != self.exchange.account.account_sid:
            raise not_found(request.path)
        return {name: value for name, value in values.items() if name != "account_sid"}

    @staticmethod
    def _refusal(request: Request, error: HTTPException) -> Response:
        """The control addresses explain themselves in a sentence; the REST API speaks as Twilio's does."""
        code = error.code or 500
        if _is_control(request):
            return as_json({"message": error.description}, code)
        return not_found(request.path).response() if code == 404 else ApiError(20004, code, error.name).response()


def _is_control(request: Request) -> bool:
    return request.path.startswith("/simulator/")


class QuietRequestHandler(WSGIRequestHandler):
    """Writes its access lines at DEBUG."""

    def log(self, type: str, message: str, *args: Any) -> None:
        log.debug(message, *args)


def listen(exchange: Exchange, port: int) -> BaseWSGIServer:
    """Take the port, 0 for any free one, and tell the exchange its address; `serve_forever` then answers."""
    server = make_server(HOST, port, PhoneCompany(exchange), threaded=True, request_handler=QuietRequestHandler)
    exchange.url = f"http://{HOST}:{server.port}"
    return server
