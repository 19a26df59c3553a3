"""Workers that die or are stopped in the middle: somebody else finishes, once."""

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil
import pytest

from conf.settings import ROOT
from tests.support.system import System, eventually

AUDIO = ROOT / "simulator" / "audio" / "demo_en.flac"


def place_and_await(system: System, stage: str, status: str, *options: str) -> str:
    """The CallSid of a new call as soon as its stage has that status."""
    known = {call["call_sid"] for call in system.get("/api/calls")["calls"]}
    with ThreadPoolExecutor() as pool:
        placed = pool.submit(system.call, AUDIO, *options)

        def look() -> bool:
            fresh = [call for call in system.get("/api/calls")["calls"] if call["call_sid"] not in known]
            return any(call[stage] == status for call in fresh)

        eventually(look)
        return placed.result()


def test_a_worker_killed_in_mid_download_is_made_up_for(second_zero: System) -> None:
    worker = second_zero.process("jobs.worker", "recordings")
    call_sid = place_and_await(second_zero, "recording_download_status", "downloading", "--fault", "media_stall")

    worker.send_signal(signal.SIGKILL)

    call = second_zero.final(call_sid)
    assert (call["recording_download_status"], call["summary_status"], call["outcome"]) == ("ready", "completed", None)
    recordings = second_zero.known_to_phone_company(call_sid)["recordings"]
    assert [recording["media_downloads"] for recording in recordings] == [1]
    assert [event["event"] for event in call["timeline"]].count("downloaded") == 1


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL])
def test_a_transcript_worker_stopped_in_mid_call_is_made_up_for(second_zero: System, stop: signal.Signals) -> None:
    worker = second_zero.process("jobs.worker", "transcripts")
    call_sid = place_and_await(second_zero, "transcript_status", "processing")

    worker.send_signal(stop)

    call = second_zero.final(call_sid)
    assert (call["transcript_status"], call["summary_status"], call["outcome"]) == ("completed", "completed", None)
    assert [event["event"] for event in call["timeline"]].count("transcribed") == 1
    eventually(lambda: not worker.is_running())


def test_a_stopped_worker_hands_its_call_back_within_its_grace_and_at_no_cost(second_zero: System) -> None:
    worker = second_zero.process("jobs.worker", "transcripts")
    call_sid = place_and_await(second_zero, "transcript_status", "processing")

    worker.send_signal(signal.SIGTERM)
    eventually(lambda: not worker.is_running(), seconds=6)

    released = [line for line in second_zero.log.splitlines() if call_sid in line and "WORKER_RELEASE_SLOT" in line]
    assert any("reason=shutdown" in line for line in released)
    second_zero.final(call_sid)
    picked = [line for line in second_zero.log.splitlines() if call_sid in line and "job_type=transcript" in line]
    assert len(picked) == 2


def test_a_killed_web_process_gives_its_port_back_at_once_though_its_connections_are_in_use(
    second_zero: System,
) -> None:
    """Its orphans would keep the port for as long as they drain, and nobody could answer."""
    address = urlsplit(second_zero.url)
    master = second_zero.process("-c", "conf/gunicorn.conf.py", "web.wsgi")
    orphans = master.children()
    with closing(HTTPConnection(str(address.hostname), address.port or 0, timeout=10)) as in_use:
        in_use.request("GET", "/healthz")
        in_use.getresponse().read()

        master.send_signal(signal.SIGKILL)
        _, left = psutil.wait_procs(orphans, timeout=5)

        assert orphans
        assert not left
    eventually(lambda: is_alive(second_zero.url))


def is_alive(url: str) -> bool:
    try:
        with urlopen(f"{url}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
