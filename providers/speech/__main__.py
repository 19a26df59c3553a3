"""`python -m providers.speech FILE…`: transcribe files by hand with one warm model."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from conf import settings
from providers.errors import ProviderError
from providers.speech import BY_HAND, Transcription, WhisperTranscriber

SHOWN = ("channel", "start", "end", "text")


def main(arguments: list[str] | None = None) -> int:
    configured = settings.load()
    options = _options(arguments, configured.whisper_model, configured.whisper_language)
    transcriber = WhisperTranscriber(
        options.model, configured.whisper_device, configured.whisper_compute_type, options.language
    )
    begun = time.process_time()
    try:
        transcriber.warm()
    except ProviderError as error:
        print(error, file=sys.stderr)
        return 1
    load = time.process_time() - begun
    results = [_transcribe(transcriber, file, load, as_json=options.json) for file in options.files]
    return 0 if all(results) else 1


def _options(arguments: list[str] | None, model: str, language: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m providers.speech", description="Transcribe audio files.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="WAV, FLAC or MP3")
    parser.add_argument("--model", default=model, help=f"name, hub id or folder ({model})")
    parser.add_argument("--language", default=language, help=f"two letters, several with commas, or auto ({language})")
    parser.add_argument("--json", action="store_true", help="one line of JSON a file")
    return parser.parse_args(arguments)


def _transcribe(transcriber: WhisperTranscriber, file: str, load: float, *, as_json: bool) -> bool:
    """Print one file's words, or why there are none; the next file is tried all the same."""
    begun = time.process_time()
    try:
        result = transcriber.transcribe(Path(file), formats=BY_HAND)
    except ProviderError as error:
        print(f"{file}: {error}", file=sys.stderr)
        return False
    spent = time.process_time() - begun
    lines = [json.dumps(_record(file, result, spent, load), ensure_ascii=False)] if as_json else _lines(result)
    print(*lines, sep="\n", flush=True)
    return True


def _record(file: str, result: Transcription, spent: float, load: float) -> dict[str, Any]:
    return {
        "file": file,
        "language": result.language,
        "seconds": result.seconds,
        "cpu_seconds": round(spent, 3),
        "load_cpu_seconds": round(load, 3),
        "turns": [{name: getattr(turn, name) for name in SHOWN} for turn in result.turns],
    }


def _lines(result: Transcription) -> list[str]:
    return [f"{turn.start:8.2f} - {turn.end:8.2f}  [{turn.channel}]  {turn.text}" for turn in result.turns]


if __name__ == "__main__":
    sys.exit(main())
