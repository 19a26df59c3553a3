"""Speech to text on this machine: each channel its own speaker, no word leaves the house."""

from providers.speech.decode import BY_HAND, WAV
from providers.speech.models import ModelMissing
from providers.speech.transcriber import Progress, WhisperTranscriber
from providers.speech.turns import Transcription, Turn, Word

__all__ = ["BY_HAND", "WAV", "ModelMissing", "Progress", "Transcription", "Turn", "WhisperTranscriber", "Word"]
