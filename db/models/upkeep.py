"""How the installation keeps itself: sweeps, alerts and sums."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Double, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class SweepRun(Base):
    """When each sweep last ran, and what came of it."""

    __tablename__ = "sweep_run"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    """It has run without a gap from then on."""
    watermark: Mapped[datetime | None]
    """The phone company's list has been read up to there."""
    repaired: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """How many calls it has put right, ever."""
    repaired_at: Mapped[datetime | None]
    """When it last put one right."""
    requeued: Mapped[int] = mapped_column(BigInteger, server_default="0")
    given_up: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """How many interrupted calls it has put back in line, and how many it has given up, ever."""
    reason: Mapped[str | None] = mapped_column(String(32))
    """Why the last run left its work to the next, in a word of the glossary; NULL where it did not."""


class Alert(Base):
    """Something is wrong with the installation, or was, and who has been told of it."""

    __tablename__ = "alert"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(32), primary_key=True, server_default="")
    """Which queue or sweep; empty where there is only one."""
    message: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    due_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    """Nobody is told before: it may pass by itself."""
    told_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]
    """NULL while it is wrong."""
    heard_by: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    """Who knows that it is wrong, and has not heard yet that it is not any more."""
    telling_until: Mapped[datetime | None]
    """Somebody is telling it; afterwards, whoever that was has died."""


class Tally(Base):
    """A sum that only grows, kept where no other rows say it."""

    __tablename__ = "tally"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    label: Mapped[str] = mapped_column(String(64), primary_key=True, server_default="")
    amount: Mapped[float] = mapped_column(Double, server_default=text("0"))

    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)
