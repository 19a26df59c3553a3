"""Which numbers an old installation's businesses are called at: it kept one each, as somebody typed it."""

import logging
import re

from sqlalchemy import Connection, text

from conf.logs import log_event
from db import numbers

log = logging.getLogger(__name__)

SEPARATORS = re.compile(r"[,;/\n]|\bor\b")

WANTED = """SELECT id, phone_number FROM business b
WHERE phone_number IS NOT NULL AND NOT EXISTS (SELECT FROM business_number n WHERE n.business_id = b.id)
ORDER BY id"""

ADD = """INSERT INTO business_number (business_id, number)
SELECT CAST(:business AS int), number FROM unnest(CAST(:numbers AS text[])) AS n (number) ON CONFLICT DO NOTHING"""
"""All numbers of a business at once: whoever has one counts as adopted."""


def adopt_numbers(connection: Connection) -> None:
    """Have each business own the calls to its number. One that can't be read is told in the log, by its business."""
    for business_id, written in connection.execute(text(WANTED)).all():
        own = [number for part in SEPARATORS.split(written) if (number := e164(part))]
        connection.execute(text(ADD), {"business": business_id, "numbers": own})
        if not own and written.strip():
            log_event(log, logging.WARNING, "NUMBER_NOT_ADOPTED", business_id=business_id)


def e164(written: str) -> str | None:
    """The number as Twilio writes it; None unless it says its country."""
    return numbers.e164(written.strip().removeprefix("whatsapp:").removeprefix("tel:"))
