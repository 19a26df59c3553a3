"""The phone company: Twilio, or the simulator that behaves as Twilio does."""

from providers.telephony.client import CallInfo, NotEligible, RecordingInfo, Telephony, recording_url
from providers.telephony.media import REFUSED, Media
from providers.telephony.outbound import Callbacks, NotPlaced, PerhapsPlaced
from providers.telephony.signature import is_signed
from providers.telephony.twiml import Answer, TwiML

__all__ = [
    "REFUSED",
    "Answer",
    "CallInfo",
    "Callbacks",
    "Media",
    "NotEligible",
    "NotPlaced",
    "PerhapsPlaced",
    "RecordingInfo",
    "Telephony",
    "TwiML",
    "is_signed",
    "recording_url",
]
