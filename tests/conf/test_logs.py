"""One event is one line, whatever is in it: nobody writes our log but us."""

import logging
import re

import pytest

from conf import logs
from conf.logs import OneLineFormatter, log_event

FORMAT = "%(levelname)s %(name)s %(message)s"
NASTY = (
    "a\nCRITICAL root you have been hacked",
    "a\r\nb",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "a\u2028b\u2029c",
    "a\x85b\x0bc\x0cd",
    "right\u202eleft",
    "\x00",
    "\x9b31m",
)
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> logging.Logger:
    caplog.set_level(logging.DEBUG)
    caplog.handler.setFormatter(OneLineFormatter(FORMAT))
    return logging.getLogger("tests")


@pytest.mark.parametrize("value", NASTY, ids=ascii)
def test_what_would_break_or_colour_a_line_is_escaped(
    value: str, log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    log_event(log, logging.INFO, "RECORDING_CALLBACK", call_sid=value, status="completed")
    log.warning("%s", value)

    lines = [caplog.handler.format(record) for record in caplog.records]
    assert len(lines) == 2
    assert not any(UNPRINTABLE.search(line) for line in lines)
    assert lines[0].startswith("INFO tests RECORDING_CALLBACK call_sid=")


def test_a_traceback_is_one_line_too(log: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("first\nsecond \x1b[31m")
    except ValueError:
        log.exception("It broke")

    line = caplog.handler.format(caplog.records[0])
    assert "ValueError: first\\nsecond \\x1b[31m" in line
    assert not UNPRINTABLE.search(line)


def test_hebrew_stays_readable(log: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    log.warning("שלום")

    assert caplog.handler.format(caplog.records[0]) == "WARNING tests שלום"


def test_facts_are_told_in_order_and_unknown_ones_left_out(
    log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    log_event(log, logging.INFO, "RECORDING_STARTED", call_sid="CA1", mode=None, second=0.5, turns=0)

    assert caplog.records[0].getMessage() == "RECORDING_STARTED call_sid=CA1 second=0.50 turns=0"


def test_at_info_libraries_that_talk_much_are_quiet_and_at_debug_they_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")
    logging.getLogger("rq.worker").info("a line of RQ's own")
    logging.getLogger("db").info("a line of ours")
    logs.configure("DEBUG")
    logging.getLogger("rq.worker").info("RQ in detail")

    lines = capsys.readouterr().out.splitlines()
    assert [line.split("] ")[1] for line in lines] == ["a line of ours", "RQ in detail"]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO db\[\d+\] ", lines[0])
