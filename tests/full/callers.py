"""Hundreds of short calls, put through a running system."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from conf.settings import ROOT
from simulator.audio import Audio, decode
from simulator.placing import place
from tests.support.system import System

SPEECH = ROOT / "simulator" / "audio" / "demo_en.flac"
SHORT_SECONDS = 3.0
LINES = 8
"""Calls that go on at once."""


def write_short_audio(path: Path) -> Path:
    """The beginning of the demo's conversation."""
    path.write_bytes(decode(SPEECH.read_bytes()).cut(0.0, SHORT_SECONDS).wav())
    return path


def write_long_audio(path: Path, seconds: float) -> Path:
    """The demo's conversation, again and again."""
    speech = decode(SPEECH.read_bytes())
    path.write_bytes(Audio(np.tile(speech.samples, (1, round(seconds / speech.seconds)))).wav())
    return path


def place_many(system: System, audio: Path, number: int, *faults: str) -> list[str]:
    """The CallSids of so many calls, all of them over."""
    wishes = {"to": system.owner.number, "fault": list(faults)}
    with ThreadPoolExecutor(LINES) as pool:
        return list(pool.map(lambda _: place(audio, wishes, system.folder / "simulator.json"), range(number)))


@contextmanager
def stopped(system: System, *queues: str) -> Iterator[None]:
    """The workers of these queues stand still until the block ends: alive, and deaf."""
    with ExitStack() as stack:
        for queue in queues:
            worker = system.process("jobs.worker", queue)
            stack.callback(worker.send_signal, signal.SIGCONT)
            worker.send_signal(signal.SIGSTOP)
        yield
