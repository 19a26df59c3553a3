"""A phone company that listens in this process, and the ways in which the tests talk to it."""

import json
import threading
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from simulator.account import Account
from simulator.exchange import Exchange
from simulator.server import listen
from tests.simulator.counted_speech import read_wav, write_wav

POLL_SECONDS = 0.02  # how soon the server notices that it shall stop
ACCOUNT = Account("AC" + "5a" * 16, "a token for tests")


class Company:
    """The phone company of `exchange`, over HTTP."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._server = listen(exchange, 0)
        self.url = exchange.url
        self.http = httpx.Client(
            base_url=self.url,
            auth=(ACCOUNT.account_sid, ACCOUNT.auth_token),
            trust_env=False,
            verify=False,  # plain http; reading the certificates would cost each test 30 ms
            timeout=30,
        )
        self._twilio_http = TwilioHttpClient(timeout=30)
        self.twilio = Client(ACCOUNT.account_sid, ACCOUNT.auth_token, http_client=self._twilio_http)
        self.twilio.api.base_url = self.url
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,))
        self._thread.start()

    def place(self, samples: NDArray[np.int16], **options: Any) -> str:
        """Start a call and return at once."""
        answer = self.http.post(
            "/simulator/calls",
            data={"options": json.dumps({"speed": 60} | options)},
            files={"audio": ("speech.wav", write_wav(samples))},
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["call_sid"])

    def call(self, samples: NDArray[np.int16], **options: Any) -> dict[str, Any]:
        """A whole call, until its last callback is delivered."""
        return self.settled(self.place(samples, **options))

    def hang_up(self, call_sid: str) -> dict[str, Any]:
        """End a call that somebody has heard enough of, and wait for its last callback."""
        self.twilio.calls(call_sid).update(status="completed")
        return self.settled(call_sid)

    def settled(self, call_sid: str) -> dict[str, Any]:
        call = self.exchange.calls[call_sid]
        assert call.finished.wait(20), "the call does not end"
        assert call.outbox.drained.wait(20), "callbacks are left"
        return self.known(call_sid)

    def known(self, call_sid: str) -> dict[str, Any]:
        """What /simulator/calls says about the call."""
        calls = self.http.get("/simulator/calls").json()
        return next(call for call in calls if call["call_sid"] == call_sid)

    def path(self, rest: str) -> str:
        return f"/2010-04-01/Accounts/{ACCOUNT.account_sid}/{rest}"

    def media(self, recording_sid: str, **parameters: Any) -> NDArray[np.int16]:
        answer = self.http.get(self.path(f"Recordings/{recording_sid}.wav"), params=parameters)
        assert answer.status_code == 200, answer.text
        return read_wav(answer.content)

    def close(self) -> None:
        self.exchange.stopping.set()
        self.http.close()
        if self._twilio_http.session:
            self._twilio_http.session.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def events(call: dict[str, Any]) -> list[str]:
    return [callback["event"] for callback in call["callbacks"]]
