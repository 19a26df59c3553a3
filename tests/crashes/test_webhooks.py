"""The web process is killed at each point of each webhook: its parent starts the next one."""

import pytest

from tests.crashes.bench import Bench
from tests.crashes.points import Point, in_webhooks
from tests.crashes.right_end import NOBODY_SPOKE, NOT_RECORDED, ends_well
from tests.crashes.scenes import LISTENING, RECORDED, outbound, tell_of_error

STREAM = {"MEDIA_STREAM_URL": "wss://127.0.0.1:9/media"}
NOWHERE = "http://127.0.0.1:9"
"""Where nobody answers."""


def is_first_news(point: Point) -> bool:
    """Something is enqueued for the recording stage when nobody else has told of the call."""
    return "recording" in point.part.split("_") and point.part != point.scope


OF_STATUS = in_webhooks("call_status")
OF_RECORDING = in_webhooks("handle_recording")
FIRST_STATUS, LATER_STATUS = [[p for p in OF_STATUS if is_first_news(p) is first] for first in (True, False)]
FIRST_RECORDING, LATER_RECORDING = [[p for p in OF_RECORDING if is_first_news(p) is first] for first in (True, False)]


@pytest.mark.slow
@pytest.mark.parametrize("point", in_webhooks("incoming_call"), ids=str)
def test_a_call_is_kept_though_the_web_process_was_killed_when_it_was_first_told_of_it(
    bench: Bench, point: Point
) -> None:
    def asked_first(url: str) -> str:
        bench.put_number(url, status_callback_event="completed")  # or the call's first status may overtake
        return bench.call().result()

    with bench.killed_web(point, asked_first) as kill:
        ends_well(bench, kill, is_swept_late=point.seam == "enqueue")


@pytest.mark.slow
@pytest.mark.parametrize("point", [*LATER_STATUS, *LATER_RECORDING], ids=str)
def test_a_call_is_kept_though_the_web_process_was_killed(bench: Bench, point: Point) -> None:
    with bench.killed_web(point, lambda _: bench.call().result()) as kill:
        ends_well(bench, kill, is_swept_late=point.seam == "enqueue")


@pytest.mark.slow
@pytest.mark.parametrize("point", in_webhooks("stream_status", "stream_ended"), ids=str)
def test_a_streamed_call_is_kept_though_the_web_process_was_killed(bench: Bench, point: Point) -> None:
    with bench.killed_web(point, lambda _: bench.call().result(), **STREAM) as kill:
        ends_well(bench, kill, is_swept_late=point.seam == "enqueue")


@pytest.mark.slow
@pytest.mark.parametrize("point", in_webhooks("fallback"), ids=str)
def test_a_call_that_nobody_answers_since_the_web_process_was_killed_is_settled(bench: Bench, point: Point) -> None:
    def unanswered(url: str) -> str:
        bench.put_number(url, voice_url=NOWHERE)
        return bench.call().result()

    with bench.killed_web(point, unanswered) as kill:
        ends_well(bench, kill, like=NOT_RECORDED, is_swept_late=point.seam == "enqueue")


@pytest.mark.slow
@pytest.mark.parametrize("point", in_webhooks("outbound_call"), ids=str)
def test_an_outbound_call_is_kept_though_the_web_process_was_killed(bench: Bench, point: Point) -> None:
    def placed(url: str) -> str:
        addresses = {"Url": f"{url}/webhook/outbound_call", "FallbackUrl": f"{url}/webhook/fallback"}
        return outbound(bench, **addresses, **RECORDED)

    with bench.killed_web(point, placed) as kill:
        ends_well(bench, kill, like=NOBODY_SPOKE, is_swept_late=point.seam == "enqueue")


@pytest.mark.slow
@pytest.mark.parametrize("point", FIRST_STATUS, ids=str)
def test_a_call_known_by_its_status_is_settled_though_the_web_process_was_killed(bench: Bench, point: Point) -> None:
    def placed(url: str) -> str:
        events = {"StatusCallback": f"{url}/webhook/call_status", "StatusCallbackEvent": "answered completed"}
        return outbound(bench, Twiml=LISTENING, **events)

    with bench.killed_web(point, placed) as kill:
        ends_well(bench, kill, like=NOT_RECORDED, is_swept_late=point.seam == "enqueue")


@pytest.mark.slow
@pytest.mark.parametrize("point", FIRST_RECORDING, ids=str)
def test_a_call_known_by_its_recording_is_kept_though_the_web_process_was_killed(bench: Bench, point: Point) -> None:
    def placed(url: str) -> str:
        callback = f"{url}/webhook/handle_recording"
        return outbound(bench, Twiml=LISTENING, RecordingStatusCallback=callback, **RECORDED)

    with bench.killed_web(point, placed) as kill:
        ends_well(bench, kill, like=NOBODY_SPOKE, is_swept_late=point.seam == "enqueue")


@pytest.mark.slow
@pytest.mark.parametrize("point", in_webhooks("debugger"), ids=str)
def test_a_call_known_by_its_errors_is_kept_though_the_web_process_was_killed(bench: Bench, point: Point) -> None:
    def placed(url: str) -> str:
        call_sid = outbound(bench, Twiml=LISTENING, **RECORDED)
        tell_of_error(bench, url, call_sid)
        return call_sid

    with bench.killed_web(point, placed) as kill:
        ends_well(bench, kill, like=NOBODY_SPOKE, is_swept_late=point.seam == "enqueue")
