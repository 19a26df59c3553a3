"""The phone company, for the workers that talk to it."""

import sys

from conf.settings import Settings
from providers.telephony import Telephony


def open_telephony(settings: Settings) -> Telephony:
    """Our account there; stops the process when it is not configured."""
    if not (settings.twilio_account_sid and settings.twilio_auth_tokens):
        sys.exit("TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN: both are needed to talk to the phone company")
    return Telephony(settings.twilio_account_sid, settings.twilio_auth_tokens[0], settings.twilio_api_base_url)
