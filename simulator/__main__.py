"""The commands: `serve` is the phone company, `call` places one call through it."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import httpx

from conf import logs, settings
from simulator.account import STATE_FILE, Listing, customer_address, read_or_make_account, write_listing
from simulator.audio import Audio, NotAudio, decode
from simulator.exchange import Exchange
from simulator.placing import NotPlaced, place
from simulator.records import UNANSWERED
from simulator.server import listen
from simulator.unreliable import Unreliable

STOP_POLL_SECONDS = 0.1  # how soon the server notices that it shall stop


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    return serve(options) if options.command == "serve" else call(options)


def serve(options: argparse.Namespace) -> int:
    known = settings.load()
    logs.configure(known.log_level)
    try:
        audio = _read_audio(options.outbound_audio)
    except (NotAudio, OSError) as error:
        print(f"{options.outbound_audio}: {error}", file=sys.stderr)
        return 1
    public_base_url = options.public_base_url or customer_address(known)
    account = read_or_make_account(known, options.state)
    unreliable = Unreliable(options.faulty, options.seed)
    exchange = Exchange(account, public_base_url, options.speed, audio, unreliable)
    server = listen(exchange, options.port)
    listing = Listing(exchange.url, account.account_sid, account.auth_token, exchange.public_base_url)
    write_listing(listing, options.state)
    stop = _on_stop_signal()
    threading.Thread(target=server.serve_forever, args=(STOP_POLL_SECONDS,), daemon=True).start()
    print(f"The simulated phone company listens on {exchange.url} and calls {exchange.public_base_url}", flush=True)
    stop.wait()
    exchange.stopping.set()
    server.shutdown()
    server.server_close()
    return 0


def call(options: argparse.Namespace) -> int:
    wishes = {
        "from": options.from_,
        "to": options.to,
        "hangup": options.hangup,
        "fault": options.fault,
        "speed": options.speed,
    }
    try:
        print(place(options.audio, wishes, options.state))
    except NotPlaced as error:
        print(error, file=sys.stderr)
        return 1
    except httpx.TransportError as error:
        print(f"the phone company stopped answering: {error}", file=sys.stderr)
        return 1
    return 0


def _read_audio(path: Path | None) -> Audio | None:
    return decode(path.read_bytes()) if path else None


def _on_stop_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _describe_serve(commands.add_parser("serve", help="run the phone company until it is stopped"))
    _describe_call(commands.add_parser("call", help="place one call; prints its CallSid when it is over"))
    return parser


def _describe_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=5050, help="0 takes any free one")
    parser.add_argument("--public-base-url", metavar="URL", help="the customer's address; else PUBLIC_BASE_URL")
    parser.add_argument("--speed", type=float, default=60.0, help="of the calls the customer places")
    parser.add_argument("--outbound-audio", type=Path, metavar="FILE", help="what is heard on those calls")
    parser.add_argument("--faulty", type=float, default=0.0, metavar="SHARE", help="of all API and media answers")
    parser.add_argument("--seed", type=int, default=0, help="of what goes wrong with that share")
    parser.add_argument("--state", type=Path, default=STATE_FILE, help="where address and account are written")


def _describe_call(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--audio", type=Path, required=True, metavar="FILE", help="WAV, FLAC or MP3")
    parser.add_argument("--from", dest="from_", metavar="+1…")
    parser.add_argument("--to", metavar="+1…", help="else the demo business")
    parser.add_argument("--hangup", choices=UNANSWERED, help="end unanswered")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[=VALUE]")
    parser.add_argument("--speed", type=float, default=60.0, help="how many times faster than real time")
    parser.add_argument("--state", type=Path, help="the phone company's file, where it is not the usual one")


if __name__ == "__main__":
    sys.exit(main())
