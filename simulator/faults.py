"""What goes wrong on one call, by the names `simulator call --fault` knows."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

DROPPABLE = frozenset(
    f"{kind}-{state}"
    for kind, states in {
        "recording": ("in-progress", "completed", "absent"),
        "call": ("initiated", "ringing", "answered", "completed"),
        "stream": ("started", "stopped"),
    }.items()
    for state in states
)
ABSENT_CODES = {"16101", "16102"}


class UnknownFault(ValueError):
    """No such fault, or a value that does not fit it."""


@dataclass(frozen=True)
class MediaFault:
    """One answer to a download that is not the recording; `value` is the Retry-After of a 429."""

    kind: str
    value: str | None = None


@dataclass
class Faults:
    """Media faults are used up in the order they were given, one a download."""

    duplicates: int = 0
    duplicates_with_new_token: int = 0
    reorder: bool = False
    late_seconds: float = 0.0
    dropped: set[str] = field(default_factory=set)
    absent_code: int | None = None
    mono: bool = False
    refused_creates: int = 0
    media: deque[MediaFault] = field(default_factory=deque)


def parse_faults(texts: Iterable[str]) -> Faults:
    """Read NAME[=VALUE] one by one; the same name given again adds to what is there. Raises UnknownFault."""
    faults = Faults()
    for text in texts:
        name, _, value = text.partition("=")
        if name not in _SETTERS:
            raise UnknownFault(f"{name} is no fault; there are {', '.join(sorted(_SETTERS))}")
        _SETTERS[name](faults, value)
    return faults


def _count(value: str) -> int:
    if not value:
        return 1
    if not value.isdecimal():
        raise UnknownFault(f"{value} is not a number")
    return int(value)


def _duplicate(faults: Faults, value: str) -> None:
    faults.duplicates += _count(value)


def _duplicate_new_token(faults: Faults, value: str) -> None:
    faults.duplicates_with_new_token += _count(value)


def _reorder(faults: Faults, value: str) -> None:
    faults.reorder = True


def _late(faults: Faults, value: str) -> None:
    try:
        faults.late_seconds = float(value)
    except ValueError as error:
        raise UnknownFault("late needs seconds, e.g. late=2.5") from error


def _drop(faults: Faults, value: str) -> None:
    if value not in DROPPABLE:
        raise UnknownFault(f"drop needs one of {', '.join(sorted(DROPPABLE))}")
    faults.dropped.add(value)


def _absent(faults: Faults, value: str) -> None:
    if value not in ABSENT_CODES:
        raise UnknownFault("absent needs 16101 or 16102")
    faults.absent_code = int(value)


def _mono(faults: Faults, value: str) -> None:
    faults.mono = True


def _create_21220(faults: Faults, value: str) -> None:
    faults.refused_creates += _count(value)


def _media_429(faults: Faults, value: str) -> None:
    faults.media.append(MediaFault("429", value or None))


def _media(kind: str) -> Callable[[Faults, str], None]:
    def add(faults: Faults, value: str) -> None:
        faults.media.extend([MediaFault(kind)] * _count(value))

    return add


_SETTERS: dict[str, Callable[[Faults, str], None]] = {
    "duplicate": _duplicate,
    "duplicate_new_token": _duplicate_new_token,
    "reorder": _reorder,
    "late": _late,
    "drop": _drop,
    "absent": _absent,
    "mono": _mono,
    "create_21220": _create_21220,
    "media_404": _media("404"),
    "media_401": _media("401"),
    "media_429": _media_429,
    "media_truncate": _media("truncate"),
    "media_stall": _media("stall"),
    "media_html": _media("html"),
}
