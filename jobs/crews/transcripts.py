"""Writes down who said what."""

from conf.settings import Settings
from db.engine import Database
from jobs.pipeline import Trade
from jobs.transcribe import Transcribe
from providers.speech import WhisperTranscriber
from providers.storage import open_storage


def trade(settings: Settings, database: Database) -> Trade:
    """Needs the storage and a Whisper model."""
    transcriber = WhisperTranscriber(
        settings.whisper_model,
        device=settings.whisper_device,
        compute_type=settings.whisper_compute_type,
        language=settings.whisper_language,
    )
    channels = {
        "inbound": settings.recording_customer_channel,
        "outbound": settings.recording_customer_channel_outbound,
    }
    return Transcribe(transcriber, open_storage(settings.storage_url), database, customer_channel=channels)
