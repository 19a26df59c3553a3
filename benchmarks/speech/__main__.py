"""`python -m benchmarks.speech [FOLDER] [--rounds 3]` prints a table a language; the folder is as in clips.py."""

import argparse
import json
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.speech import clips
from benchmarks.speech.clips import Clip
from benchmarks.speech.rivals import REFERENCE, SYSTEMS
from benchmarks.speech.scores import Score, plain, score
from conf.settings import ROOT, environment

MEGABYTE = 1 << 20
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""For numpy's share, in rivals too: our own transcriber limits itself."""


@dataclass
class Results:
    """Of one system and language over all rounds."""

    cpu: list[float] = field(default_factory=list)
    peak: int = 0
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def take(self, answer: Mapping[str, Any], calls: Sequence[Clip]) -> None:
        self.cpu.append(sum(answer["clips"][clip.name]["cpu"] for clip in calls))
        self.peak = max(self.peak, answer["peak"])
        self.words = {name: found["words"] for name, found in answer["clips"].items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speech", description=__doc__)
    parser.add_argument("folder", nargs="?", help="default: the demo's call")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--systems", nargs="*", default=list(SYSTEMS), choices=SYSTEMS)
    options = parser.parse_args()
    everything = clips.read(Path(options.folder)) if options.folder else clips.demo()
    for language in sorted({clip.language for clip in everything}):
        mine = [clip for clip in everything if clip.language == language]
        results = _measure(mine, language, options.folder or "demo", options.rounds, options.systems)
        _tell(mine, language, results)


def _measure(
    mine: Sequence[Clip], language: str, folder: str, rounds: int, systems: Sequence[str]
) -> Mapping[str, Results]:
    """The systems in turn, round after round, so that a busy minute hits all of them."""
    results: dict[str, Results] = defaultdict(Results)
    calls = [clip for clip in mine if clip.is_speech]
    for _ in range(rounds):
        for system in systems:
            results[system].take(_run(system, folder, language), calls)
    return results


def _run(system: str, folder: str, language: str) -> Mapping[str, Any]:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.speech.child", system, folder, language]
    ended = subprocess.run(  # noqa: S603 - our own
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, env=environment(**ONE_THREAD)
    )
    answer: Mapping[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return answer


def _tell(mine: Sequence[Clip], language: str, results: Mapping[str, Results]) -> None:
    calls = [clip for clip in mine if clip.is_speech]
    seconds = sum(clip.seconds for clip in calls)
    print(f"\n{language}: {len(calls)} calls, {seconds:.0f} s, model {mine[0].model}, int8, one thread\n")
    print(f"{'':<24}{'rtf':>7}{'ratio':>7}{'WER %':>8}{'by channel':>14}{'wrong side':>12}{'invented':>10}{'MB':>6}")
    reference = statistics.median(results[REFERENCE].cpu) if REFERENCE in results else None
    for system, found in results.items():
        cpu = statistics.median(found.cpu)
        ratio = f"{cpu / reference:.2f}" if reference else "-"
        by_channel = " / ".join(f"{_score(calls, found, channel).rate:.1f}" for channel in (0, 1))
        print(
            f"{system:<24}{cpu / seconds:>7.3f}{ratio:>7}{_score(calls, found).rate:>8.1f}{by_channel:>14}"
            f"{_wrong_side(calls, found):>11.1f}%{_invented(mine, found):>10}{found.peak / MEGABYTE:>6.0f}"
        )


def _score(calls: Sequence[Clip], found: Results, only: int | None = None) -> Score:
    total = Score()
    for clip in calls:
        for channel, said in clip.said.items():
            if only in (None, channel):
                total += score(said, found.words[clip.name].get(str(channel), ""))
    return total


def _wrong_side(calls: Sequence[Clip], found: Results) -> float:
    """Share of words, in percent, that were heard on a channel where nobody says them, but the other one does."""
    heard = wrong = 0
    for clip in calls:
        vocabulary = {channel: set(plain(said).split()) for channel, said in clip.said.items()}
        for channel, own in vocabulary.items():
            others = set().union(*(words for number, words in vocabulary.items() if number != channel))
            words = plain(found.words[clip.name].get(str(channel), "")).split()
            heard += len(words)
            wrong += sum(word in others - own for word in words)
    return 100 * wrong / heard if heard else 0.0


def _invented(mine: Sequence[Clip], found: Results) -> int:
    """Words where nobody speaks."""
    silent = [clip for clip in mine if not clip.is_speech]
    return sum(len(plain(text).split()) for clip in silent for text in found.words[clip.name].values())


if __name__ == "__main__":
    main()
