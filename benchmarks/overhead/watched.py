"""A transcripts worker that tells where a job's CPU goes: `python -m benchmarks.overhead.watched FILE`.

It is the worker of `python -m jobs.worker transcripts`. Whenever it begins a job it appends a line of JSON to the
file: the CPU seconds of all that it has done until then, by part.
"""

import json
import sys
import time
from functools import wraps
from pathlib import Path

from benchmarks.overhead.line import QUEUE
from benchmarks.overhead.stopwatch import Stopwatch
from jobs import pipeline, worker
from jobs.keeper import Held
from providers.speech import WhisperTranscriber

WATCHED = ("benchmarks.overhead.watched",)
TRANSCRIBER, ALL = "transcriber", "all"


def main(file: Path) -> None:
    watch = Stopwatch()
    watch.watch(WhisperTranscriber, "transcribe", TRANSCRIBER)
    watch.watch(Held, "report", "progress and drafts")
    watch.watch(pipeline, "work", "claim, settle, next in line")
    _tell_before_each_job(watch, file)
    worker.main([QUEUE])


def _tell_before_each_job(watch: Stopwatch, file: Path) -> None:
    work = pipeline.work

    @wraps(work)
    def tell_and_work(call_sid: str) -> None:
        with file.open("a") as lines:
            lines.write(json.dumps({ALL: time.process_time(), **watch.spent}) + "\n")
        work(call_sid)

    pipeline.work = tell_and_work


def parts_a_job(told: str) -> dict[str, float]:
    """CPU seconds by part of a job, the first left out, which is slower; RQ's is what belongs to no other part."""
    lines = [json.loads(line) for line in told.splitlines()]
    first, last = lines[1], lines[-1]
    parts = {name: (last[name] - first[name]) / (len(lines) - 2) for name in last}
    whole = parts.pop(ALL)
    return parts | {"RQ": whole - sum(parts.values())}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
