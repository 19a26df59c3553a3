"""What the maintenance worker has for its sweeps, besides what every worker has."""

from dataclasses import dataclass

from providers.storage import Storage
from providers.telephony import Telephony


@dataclass(frozen=True)
class Upkeep:
    """Stands where other workers have their trade: maintenance takes no calls. Times in seconds."""

    telephony: Telephony | None
    """None while no account is configured."""
    storage: Storage
    adopt_days: float
    stuck: float
    sweep: float
