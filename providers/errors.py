"""What providers raise, and thereby what happens next.

ProviderError
├── Unavailable   later: the other side, or our way to it, is not ready
│   ├── NotThereYet   later, and not counted: the phone company has not finished the file
│   └── OurOutage     later, and not counted: it is our own disk, not the call
└── Rejected      never: it will not get better, for a reason a person understands

A provider translates whatever its library raises into one of these; jobs/pipeline settles by type.
"""


class ProviderError(Exception):
    """Something outside did not work.

    `reason` is one word of the glossary (it goes into logs and metrics); the message is a sentence for people,
    without paths, addresses, secrets or spoken words.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Unavailable(ProviderError):
    """Try again later; `retry_after` says in how many seconds when the other side said so."""

    counts = True
    """Whether it uses up one of the call's attempts."""

    def __init__(self, reason: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(reason, message)
        self.retry_after = retry_after


class NotThereYet(Unavailable):
    """Ask again later; waiting for the phone company costs no attempt."""

    counts = False


class OurOutage(Unavailable):
    """Something of ours is down; the call is not to blame."""

    counts = False


class Rejected(ProviderError):
    """Do not try again; `outcome` is the word call_log keeps for it."""

    def __init__(self, reason: str, message: str, outcome: str) -> None:
        super().__init__(reason, message)
        self.outcome = outcome
