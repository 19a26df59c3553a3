"""Why a call is likely to have cost more than its minutes, in words."""

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
