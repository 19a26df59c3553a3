"""How much of everything a number of calls a day needs, worked out from measured figures.

`python -m benchmarks.capacity` prints the tables of docs/capacity.md. What was measured stands in MEASURED with the
command that measured it, what is supposed in SUPPOSED; nothing else goes into the arithmetic.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

A_DAY = (1_000, 10_000, 100_000, 1_000_000)
SECONDS_A_DAY, HOUR, MINUTE, DAYS_A_YEAR = 86_400, 3600, 60, 365
KB, MB, GB, TB = 1e3, 1e6, 1e9, 1e12


@dataclass(frozen=True)
class Figure:
    """A number, what it counts, and where it is from."""

    value: float
    what: str
    source: str


RATES = "python -m benchmarks.web --only rates --rounds 3 --seconds 4"
OVERHEAD = "python -m benchmarks.overhead --rounds 1"
STORED = "python -m benchmarks.stored 1000"
SPEECH = "python -m benchmarks.speech FOLDER --rounds 1 --systems ours"
BY_HAND = "python -m providers.speech --json simulator/audio/demo_en.flac"

MEASURED = {
    "webhook": Figure(0.0263, "CPU seconds of the web process for a signed webhook", f"`{RATES}`"),
    "poll": Figure(0.0058, "CPU seconds of the web process for a status poll", f"`{RATES}`"),
    "calls": Figure(0.05, "CPU seconds of the `calls` worker for a call", f"`{OVERHEAD}`"),
    "recordings": Figure(0.21, "CPU seconds of the `recordings` worker for a minute", f"`{OVERHEAD}`"),
    "around": Figure(0.2, "CPU seconds of the `transcripts` worker beside the model", f"`{OVERHEAD}`"),
    "summaries": Figure(0.042, "CPU seconds of the `summaries` worker, offline", f"`{OVERHEAD}`"),
    "PostgreSQL": Figure(0.094, "CPU seconds of PostgreSQL for a call", f"`{OVERHEAD}`"),
    "Valkey": Figure(0.008, "CPU seconds of Valkey for a call", f"`{OVERHEAD}`"),
    "idle": Figure(0.011, "cores that everything takes with nothing to do", f"`{OVERHEAD}`"),
    "tiny.en": Figure(24, "seconds of English a CPU second transcribes, tiny.en", f"`{SPEECH}`"),
    "base": Figure(13, "the same with base", f"tiny.en's, times .54 as the two are in `{BY_HAND}`"),
    "hebrew": Figure(6.8, "seconds of Hebrew a CPU second transcribes, base", f"`{SPEECH}`"),
    "recording": Figure(32_000, "bytes of a second of recording", "any: two channels of 16 bits, 8,000 times a second"),
    "database": Figure(17_500, "bytes of PostgreSQL for a call, indexes included", f"`{STORED}`"),
    "rows": Figure(12, "rows of PostgreSQL for a call", f"`{STORED}`"),
}

SUPPOSED = {
    "minutes": Figure(3, "minutes a call lasts", "your own `/dashboard`"),
    "peak": Figure(0.12, "of a day's calls come in its busiest hour", "your own `/dashboard`"),
    "webhooks": Figure(5, "webhooks a call brings", "ringing, two of its recording, in progress, its end"),
    "start": Figure(0.6, "seconds the `calls` worker waits for Twilio about a call", "two requests"),
    "network": Figure(4 * MB, "bytes a second of one download", "one connection to Twilio"),
    "summary": Figure(4, "seconds a summary server takes for a call", "a model of middling size"),
    "busy": Figure(0.6, "of a core are given out, the rest is for bursts", "web, PostgreSQL, downloads"),
    "web_pool": Figure(16, "connections to PostgreSQL of a web process", "db/engine.py"),
    "worker_pool": Figure(2, "connections to PostgreSQL of a worker", "db/engine.py"),
}


def figure(name: str) -> float:
    return (MEASURED | SUPPOSED)[name].value


@dataclass(frozen=True)
class Load:
    """So many calls a day, and what follows."""

    a_day: int

    @property
    def peak(self) -> float:
        """Calls a second in the busiest hour."""
        return self.a_day * figure("peak") / HOUR

    @property
    def mean(self) -> float:
        """Calls a second over the whole day."""
        return self.a_day / SECONDS_A_DAY

    @property
    def seconds(self) -> float:
        """Of one call."""
        return figure("minutes") * MINUTE

    @property
    def at_once(self) -> float:
        return self.peak * self.seconds

    @property
    def webhooks(self) -> float:
        """A second, in the busiest hour."""
        return self.peak * figure("webhooks")

    @property
    def web_processes(self) -> int:
        """Two at least, so that one may be restarted."""
        return max(2, _processes(self.webhooks * figure("webhook") / figure("busy")))

    @property
    def postgres(self) -> float:
        return self.peak * figure("PostgreSQL") / figure("busy")

    @property
    def calls_workers(self) -> int:
        return _processes(self.peak * (figure("start") + figure("calls")))

    @property
    def recordings_workers(self) -> int:
        """A download waits for the network, then the file is decoded and checked."""
        network = self.seconds * figure("recording") / figure("network")
        return _processes(self.peak * (network + figure("recordings") * figure("minutes")) / figure("busy"))

    def transcript_workers(self, rate: float, speech: str = "base") -> int:
        """A core each, for so many calls a second."""
        return _processes(rate * (self.seconds / figure(speech) + figure("around")))

    @property
    def summaries_workers(self) -> int:
        return _processes(self.peak * figure("summaries") / figure("busy"))

    @property
    def summaries_workers_with_server(self) -> int:
        return _processes(self.peak * (figure("summary") + figure("summaries")))

    @property
    def valkey(self) -> float:
        return self.peak * figure("Valkey") / figure("busy")

    @property
    def workers(self) -> int:
        """All but the web's, with maintenance and the scheduler."""
        at_work = self.calls_workers + self.recordings_workers + self.summaries_workers
        return at_work + self.transcript_workers(self.peak) + 2

    @property
    def connections(self) -> float:
        return self.web_processes * figure("web_pool") + self.workers * figure("worker_pool")

    @property
    def slots(self) -> int:
        """That one business needs which has all these calls."""
        return max(self.recordings_workers, self.transcript_workers(self.peak), self.summaries_workers)


def _processes(cores: float) -> int:
    return max(1, math.ceil(round(cores, 6)))


ROWS: Mapping[str, Callable[[Load], str]] = {
    "calls in the busiest hour": lambda load: f"{load.a_day * figure('peak'):,.0f}",
    "calls a second then": lambda load: f"{load.peak:,.2f}",
    "calls going on at once": lambda load: f"{load.at_once:,.0f}",
    "webhooks a second": lambda load: f"{load.webhooks:,.1f}",
    "web processes": lambda load: f"{load.web_processes}",
    "cores of PostgreSQL": lambda load: f"{load.postgres:,.2f}",
    "cores of Valkey": lambda load: f"{load.valkey:,.2f}",
    "`calls` workers": lambda load: f"{load.calls_workers}",
    "`recordings` workers": lambda load: f"{load.recordings_workers}",
    "`transcripts` workers, text within minutes, English": lambda load: f"{load.transcript_workers(load.peak)}",
    "the same, Hebrew": lambda load: f"{load.transcript_workers(load.peak, 'hebrew')}",
    "`transcripts` workers, text by the next morning, English": lambda load: f"{load.transcript_workers(load.mean)}",
    "the same by morning, Hebrew": lambda load: f"{load.transcript_workers(load.mean, 'hebrew')}",
    "`summaries` workers, offline": lambda load: f"{load.summaries_workers}",
    "`summaries` workers, with a server": lambda load: f"{load.summaries_workers_with_server}",
    "connections to PostgreSQL": lambda load: f"{load.connections:,.0f}",
    "`BUSINESS_SLOTS` if all are one business's": lambda load: f"{load.slots}",
    "recordings a day": lambda load: _bytes(load.a_day * load.seconds * figure("recording")),
    "recordings a year": lambda load: _bytes(load.a_day * DAYS_A_YEAR * load.seconds * figure("recording")),
    "PostgreSQL a year": lambda load: _bytes(load.a_day * DAYS_A_YEAR * figure("database")),
    "rows a year": lambda load: f"{load.a_day * DAYS_A_YEAR * figure('rows') / 1e6:,.0f} million",
}

ONE_CORE: Mapping[str, Callable[[], str]] = {
    "signed webhooks": lambda: f"{1 / figure('webhook'):,.0f} a second",
    "status polls": lambda: f"{1 / figure('poll'):,.0f} a second",
    "minutes of recording downloaded, decoded and checked": lambda: f"{1 / figure('recordings'):,.0f} a second",
    "seconds of English transcribed, tiny.en": lambda: f"{figure('tiny.en'):,.0f} a second",
    "seconds of English transcribed, base": lambda: f"{figure('base'):,.0f} a second",
    "seconds of Hebrew transcribed, base": lambda: f"{figure('hebrew'):,.0f} a second",
    "summaries made offline": lambda: f"{1 / figure('summaries'):,.0f} a second",
    "calls that PostgreSQL writes down, from ringing to summary": lambda: f"{1 / figure('PostgreSQL'):,.0f} a second",
}


def _bytes(number: float) -> str:
    unit, name = next((unit, name) for unit, name in ((TB, "TB"), (GB, "GB"), (MB, "MB"), (KB, "KB")) if number >= unit)
    return f"{number / unit:,.1f} {name}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:g}"


def tables() -> Mapping[str, str]:
    """Each table of the page, by what it is about."""
    loads = [Load(a_day) for a_day in A_DAY]
    return {
        "measured": _table(
            ("measured", "", "with"), [(one.what, _number(one.value), one.source) for one in MEASURED.values()]
        ),
        "supposed": _table(
            ("supposed", "", "look at"), [(one.what, _number(one.value), one.source) for one in SUPPOSED.values()]
        ),
        "one core": _table(("one core does", ""), [(what, work()) for what, work in ONE_CORE.items()]),
        "needed": _table(
            ("calls a day", *(f"{load.a_day:,}" for load in loads)),
            [(what, *(work(load) for load in loads)) for what, work in ROWS.items()],
        ),
    }


if __name__ == "__main__":
    print("\n\n".join(tables().values()))
