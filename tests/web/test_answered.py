"""Webhooks are counted over all web processes, and what one has counted outlasts it."""

from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.people import People
from tests.support.system import eventually
from tests.support.twilio import ACCOUNT_SID, sign
from tests.support.web_process import serving

EACH = 20


def counted(port: int) -> float:
    """How many answers /metrics knows of."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    found = families.get("second_zero_webhooks")
    return sum(sample.value for sample in found.samples) if found else 0


def tell(port: int, times: int) -> None:
    form = {"AccountSid": ACCOUNT_SID, "CallSid": "CA" + "1" * 32, "CallStatus": "ringing"}
    headers = {"X-Twilio-Signature": sign("/webhook/call_status", form)}
    for _ in range(times):  # a connection each, so that all processes get some
        assert httpx.post(f"http://127.0.0.1:{port}/webhook/call_status", data=form, headers=headers).is_success


@pytest.mark.slow
def test_all_processes_count_together_and_one_that_ends_takes_nothing_with_it(
    tmp_path: Path, database_url: str, redis_url: str, people: People
) -> None:
    with serving(tmp_path, database_url, redis_url) as web:
        tell(web.port, EACH)
        eventually(lambda: counted(web.port) == EACH, 10)

        tell(web.port, EACH)
        for worker in web.master.children():
            worker.terminate()
        eventually(lambda: counted(web.port) == 2 * EACH, 10)
