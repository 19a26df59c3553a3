"""What all tables share: the mapping of Python's types to PostgreSQL's."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """TIMESTAMP without zone, which means UTC, as old installations have it; aware in Python."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """What all tables share: the mapping of Python's types to PostgreSQL's."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


UTC_NOW = text("timezone('utc', now())")

AS_THEY_ARE = "as_they_are"
"""Marks a table of old installations that we take with the columns it has: db/schema.py asks for none of them."""
