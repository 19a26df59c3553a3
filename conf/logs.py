"""Log lines: one line an event, `EVENT key=value`, to stdout."""

import logging
import logging.config
import time
from typing import Any

QUIET = (
    "rq",
    "rq.worker",
    "rq.scheduler",
    "rq_scheduler.scheduler",
    "twilio.http_client",
    "httpx",
    "alembic",
    "faster_whisper",
)
"""Libraries whose INFO is our DEBUG: a call that goes well writes at most 16 lines in all."""


SILENT = ("apprise", "urllib3")
"""They write addresses, and those of alerts hold secrets; what goes wrong is told in our words."""


class OneLineFormatter(logging.Formatter):
    """Escapes what would break or colour a line, tracebacks included: nobody writes our log but us."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        return "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode() for char in super().format(record)
        )


def configure(level: str) -> None:
    """Send this process's log to stdout, in UTC."""
    quiet = {"level": level if level != "INFO" else "WARNING"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": OneLineFormatter,
                    "format": "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s[%(process)d] %(message)s",
                    "datefmt": "%Y-%m-%dT%H:%M:%S",
                }
            },
            "handlers": {
                "stdout": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stdout"}
            },
            "root": {"level": level, "handlers": ["stdout"]},
            "loggers": {name: dict(quiet) for name in QUIET} | {name: {"level": "CRITICAL"} for name in SILENT},
        }
    )


def log_event(log: logging.Logger, level: int, event: str, **facts: Any) -> None:
    """Write `EVENT key=value …`; facts that are None are left out, floats get two digits."""
    if log.isEnabledFor(level):
        log.log(
            level,
            "%s",
            " ".join([event, *(f"{key}={_shown(value)}" for key, value in facts.items() if value is not None)]),
        )


def _shown(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
