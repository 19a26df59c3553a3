"""Businesses, who signs in, and whom they know. business, users and leads keep the names and columns of existing
installations."""

from datetime import datetime

from sqlalchemy import ARRAY, Boolean, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.models.base import AS_THEY_ARE, UTC_NOW, Base, UtcDateTime


class Business(Base):
    """A customer of the installation: all its calls, users and settings are apart from every other's."""

    __tablename__ = "business"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    business_type: Mapped[str] = mapped_column(String(255), server_default="general")
    phone_number: Mapped[str | None] = mapped_column(String(255))
    greeting_message: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool | None] = mapped_column(Boolean, server_default=text("true"))
    language: Mapped[str | None] = mapped_column(String(8))
    """Of its pages and greetings; also what is spoken, where `spoken_languages` says nothing."""
    spoken_languages: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """What may be spoken on its calls; of several, each is recognised where it is heard."""
    vocabulary: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Names and terms as they are to be written in its transcripts, the likeliest first."""
    time_zone: Mapped[str] = mapped_column(String(64), server_default="UTC")
    forward_number: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime, server_default=UTC_NOW)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BusinessNumber(Base):
    """A number a business is called at. Two businesses may claim one; then it belongs to neither."""

    __tablename__ = "business_number"

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)


class User(Base):
    """Somebody who signs in. An operator may belong to no business."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    business_id: Mapped[int | None] = mapped_column(ForeignKey("business.id"))
    email: Mapped[str] = mapped_column(String(255), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(255))
    role: Mapped[str | None] = mapped_column(String(50), server_default="agent")
    is_active: Mapped[bool | None] = mapped_column(Boolean, server_default=text("true"))
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime, server_default=UTC_NOW)
    last_login: Mapped[datetime | None] = mapped_column(UtcDateTime)

    business: Mapped[Business | None] = relationship(viewonly=True)


class ApiToken(Base):
    """A bearer token: only its SHA-256 is kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Lead(Base):
    """Whose number it is, as a business knows them. Old installations have the table, and not always every column."""

    __tablename__ = "leads"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    first_name: Mapped[str | None] = mapped_column(String(255))
    last_name: Mapped[str | None] = mapped_column(String(255))
    phone_e164: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime, server_default=UTC_NOW)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_leads_tenant_id", "tenant_id"),
        Index("ix_leads_phone_e164", "phone_e164"),
        {"info": {AS_THEY_ARE: True}},
    )
