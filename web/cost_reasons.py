"""Why a call is likely to have cost more than its minutes, and what to do about it, in words."""

from collections.abc import Mapping

from flask_babel import gettext, ngettext

from db.costs import Sign
from db.models import CallLog


def told(call: CallLog, sign: Sign) -> str:
    """What was done more often than it need be."""
    return {
        Sign.STREAMS: gettext("The media stream connected %(num)s times.", num=call.stream_connect_count),
        Sign.RECORDINGS: gettext("There are %(num)s recordings of it.", num=call.recording_count),
        Sign.UNREACHABLE: ngettext(
            "The phone company could not reach us once.",
            "The phone company could not reach us %(num)s times.",
            call.webhook_11205_count or 0,
        ),
        Sign.RETRIES: gettext("The phone company told us things again %(num)s times.", num=call.webhook_retry_count),
        Sign.RECORDED_TWICE: gettext("It was recorded both with the call and by a request of ours."),
    }[sign]


def names() -> Mapping[Sign, str]:
    """As the heads of columns."""
    return {
        Sign.STREAMS: gettext("Several streams"),
        Sign.RECORDINGS: gettext("Several recordings"),
        Sign.UNREACHABLE: gettext("We were not reached"),
        Sign.RETRIES: gettext("Told again and again"),
        Sign.RECORDED_TWICE: gettext("Recorded in two ways"),
    }


def advice() -> Mapping[Sign, str]:
    """What to do where many calls have it."""
    return {
        Sign.STREAMS: gettext(
            "Have whoever runs the media stream's server see why it closes the stream while the call goes on: each new"
            " connection is paid."
        ),
        Sign.RECORDINGS: gettext(
            "Turn off recording in the number's settings at Twilio, in every Dial and in the trunk: Second Zero already"
            " records each call."
        ),
        Sign.UNREACHABLE: gettext(
            "Have whoever runs Second Zero see whether it was down then, and whether its public address, its"
            " certificate and the proxy before it are in order."
        ),
        Sign.RETRIES: gettext(
            "Have whoever runs Second Zero see whether web processes and database were too busy to answer in time, and"
            " add what is missing."
        ),
        Sign.RECORDED_TWICE: gettext(
            "Leave Record out where the call is placed, or set RECORDING_START to twiml: one of the two is enough."
        ),
    }
