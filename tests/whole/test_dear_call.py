"""A call on which everything is done too often: its streams, errors and repeats come from the phone company itself."""

import threading
import urllib.request
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from db.costs import MANY_WEBHOOK_RETRIES
from db.models import CallLog
from launch import ports
from tests.support.system import System, eventually
from tests.whole.test_journey import AUDIO, register

REPEATS = 3


@pytest.fixture
def answered_elsewhere(second_zero: System) -> Iterator[None]:
    """The owner's number is answered by somebody who connects two streams, and names an address where nobody is."""
    callbacks = f"{second_zero.url}/webhook"
    stream = f'<Stream url="wss://127.0.0.1:9/" statusCallback="{callbacks}/stream_status"/>'
    recording = (
        f'<Recording channels="dual" recordingStatusCallback="{callbacks}/handle_recording"'
        ' recordingStatusCallbackEvent="in-progress completed absent"/>'
    )
    dial = f'<Dial><Number statusCallback="http://127.0.0.1:{ports.any_free()}/">+14155550199</Number></Dial>'
    twiml = f"<Response><Start>{recording}</Start><Start>{stream}</Start><Start>{stream}</Start>{dial}</Response>"
    server = make_server("127.0.0.1", 0, Request.application(lambda request: Response(twiml, mimetype="text/xml")))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    register(second_zero, second_zero.owner.number, f"http://127.0.0.1:{server.port}/")
    yield
    register(second_zero, second_zero.owner.number, f"{callbacks}/incoming_call")
    server.shutdown()
    thread.join()
    server.server_close()


def page(system: System, path: str) -> str:
    request = urllib.request.Request(f"{system.url}{path}", headers=system.owner.headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


@pytest.mark.slow  # tests/web/test_costs_page.py tells the same by signed webhooks, every day
def test_streams_errors_and_repeats_of_the_phone_company_fill_the_columns_and_show_on_the_page(
    second_zero: System, answered_elsewhere: None
) -> None:
    call_sid = second_zero.call(AUDIO, "--fault", f"duplicate={REPEATS}")
    second_zero.final(call_sid)

    def columns() -> CallLog | None:
        with second_zero.database.transaction() as session:
            call = session.scalars(select(CallLog).where(CallLog.call_sid == call_sid)).one()
        has_all = call.stream_ended_at and call.webhook_11205_count and call.call_status == "completed"
        return call if has_all else None

    call = eventually(columns)
    assert call.stream_connect_count == 2
    assert call.stream_started_at
    assert call.stream_ended_at
    assert call.stream_duration_sec == (call.stream_ended_at - call.stream_started_at).total_seconds()
    assert (call.webhook_retry_count or 0) > MANY_WEBHOOK_RETRIES
    assert (call.recording_count, call.recording_mode) == (1, "TWIML_RECORDING")
    assert eventually(lambda: columns() and second_zero.show(call_sid)["estimated_cost_bucket"]) == "HIGH"
    shown = page(second_zero, "/dashboard/costs")
    for sign in ("streams", "unreachable", "retries"):
        assert f'aria-labelledby="{sign}"' in shown
    assert f'href="/calls/{call_sid}"' in shown
