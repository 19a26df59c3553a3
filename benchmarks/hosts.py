"""What a second host brings: calls summed up by one host and by two, each with workers of its own and no shared disk.

The summary server is far away and takes a second a question, as a real one does: its workers wait more than they
compute. On a machine with few cores that is all that hosts in namespaces can show: two hosts that transcribe on the
same cores take as long as one. Usage: python -m benchmarks.hosts [CALLS]
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

from sqlalchemy import func, select
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from db import stages
from db.models import CallLog, Task
from db.words import DownloadStatus, RecordingStatus, Stage
from jobs import redis
from jobs.queues import Queues
from simulator.server import QuietRequestHandler
from tests.hosts import hub as hubs
from tests.hosts.hub import Hub
from tests.hosts.network import HUB, NotAllowed, own_network
from tests.support.calls import sid
from tests.support.relay import ANYWHERE

CALLS = 120
ANSWER_SECONDS = 1.0
WORKERS_A_HOST = 4
SLOTS = 4 * WORKERS_A_HOST
"""More than there are workers: no worker waits for one."""

LOOK_EVERY_SECONDS = 0.1
ANSWER = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Somebody said hello."}}]}
TURN = {"channel": 0, "speaker": "customer", "start": 0.0, "end": 1.0, "text": "Hello."}


def main(calls: int) -> None:
    """Run it and print the table."""
    print(
        f"{calls} calls summed up, {WORKERS_A_HOST} workers a host, a server that takes {ANSWER_SECONDS:g} s a question"
    )
    try:
        taken = {number: _measure(calls, number) for number in (1, 2)}
    except NotAllowed as reason:
        print(f"not measured: {reason}")
        return
    print(f"{'hosts':<8}{'seconds':>9}{'calls a minute':>16}")
    for number, seconds in taken.items():
        print(f"{number:<8}{seconds:>9.1f}{calls / seconds * 60:>16.0f}")
    print(f"two hosts do {taken[1] / taken[2]:.2f} times as much as one")


def _measure(calls: int, number: int) -> float:
    with tempfile.TemporaryDirectory(prefix="second-zero-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        with own_network(), _summary_server() as url, ExitStack() as stack:
            wishes = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "a-key", "BUSINESS_SLOTS": str(SLOTS)}
            hub = stack.enter_context(hubs.running(folder, **wishes))
            for place in range(1, number + 1):
                stack.enter_context(hubs.worker_host(hub, place, SUMMARIES_WORKERS=str(WORKERS_A_HOST)))
            _await(lambda: len(hub.workers("summaries")) == number * WORKERS_A_HOST)
            began = time.monotonic()
            _make_calls(hub, calls)
            _await(lambda: _open(hub) == 0)
            return time.monotonic() - began


@contextmanager
def _summary_server() -> Iterator[str]:
    @Request.application
    def answer(request: Request) -> Response:
        time.sleep(ANSWER_SECONDS)
        return Response(json.dumps(ANSWER), content_type="application/json")

    server = make_server(ANYWHERE, 0, answer, threaded=True, request_handler=QuietRequestHandler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://{HUB}:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def _make_calls(hub: Hub, calls: int) -> None:
    """Calls whose transcript has just been written; the first of them are let in."""
    database, business_id = hub.system.database, hub.system.owner.business_id
    with database.transaction() as session:
        for number in range(calls):
            call = CallLog(
                call_sid=sid(number),
                business_id=business_id,
                recording_status=RecordingStatus.COMPLETED,
                recording_download_status=DownloadStatus.READY,
            )
            session.add(call)
            session.flush()
            stages.settle_transcript(session, call, [TURN], language="en", model="none", said_by="benchmark")
    client = redis.connect(hub.variables["REDIS_URL"])
    Queues(client, database, slots=SLOTS).admit(Stage.SUMMARY, business_id)
    client.close()


def _open(hub: Hub) -> int:
    with hub.system.database.transaction() as session:
        return session.scalar(select(func.count()).select_from(Task)) or 0


def _await(ask: Callable[[], bool]) -> None:
    while not ask():
        time.sleep(LOOK_EVERY_SECONDS)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS)
