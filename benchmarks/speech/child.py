"""One system over some clips in a process of its own: `python -m benchmarks.speech.child SYSTEM FOLDER|demo LANGUAGE`.

Prints one line of JSON: {"clips": {name: {"words": {channel: text}, "cpu": seconds}}, "load": seconds, "peak": bytes}.
CPU time counts all threads, detector and features included; the model's load is apart.
"""

import json
import resource
import sys
import time
from pathlib import Path

from benchmarks.speech import clips
from benchmarks.speech.rivals import SYSTEMS
from providers.speech import models

KILOBYTE = 1024
"""What Linux counts memory in."""


def main(system: str, folder: str, language: str) -> None:
    wanted = [clip for clip in (clips.demo() if folder == "demo" else clips.read(Path(folder)))]
    mine = [clip for clip in wanted if clip.language == language]
    begun = time.process_time()
    transcribe = SYSTEMS[system](models.find(mine[0].model))
    load = time.process_time() - begun
    found = {}
    for clip in mine:
        begun = time.process_time()
        words = transcribe(clip.path, language)
        found[clip.name] = {"words": words, "cpu": time.process_time() - begun}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE
    print(json.dumps({"clips": found, "load": load, "peak": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:4])
