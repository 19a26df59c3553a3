"""`make demo`: the whole story on one machine, from the phone company's first webhook to the summary."""

import argparse
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from conf import logs, settings
from conf.settings import VAR, Settings, environment
from db.engine import Database, connect
from launch import ports, system
from launch.customer import Customer, make_customer
from launch.run import kept_secret
from launch.story import Story, problem_of
from simulator.account import read_or_make_account

AUDIO = settings.ROOT / "simulator" / "audio" / "demo_en.flac"
RESULT = VAR / "demo.json"
LOG = VAR / "demo.log"
MODEL = "base"
SIMULATOR_PORT = 5050
SPEED = "12"
"""How much faster than life the demo's call goes by: a minute in five seconds."""

START_SECONDS = 120
LOOK_EVERY_SECONDS = 0.2
STATEMENT_SECONDS = 10


@dataclass(frozen=True)
class Demo:
    """What the demo runs on, in the names of the environment."""

    variables: dict[str, str]
    web: str
    customer: Customer
    database: Database


def main(arguments: list[str]) -> int:
    """Run the demo; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m launch.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop when the call has its summary")
    once = parser.parse_args(arguments).once
    config = settings.load()
    logs.configure("WARNING")
    system.stop_on_signals()
    try:
        with _everything(config) as demo:
            problem = _place_call(demo)
            if problem:
                _say(f"\n{problem}\nThe log is {LOG.relative_to(settings.ROOT)}.")
            if not once:
                _say("\nRunning until Ctrl-C.")
                signal.pause()
    except KeyboardInterrupt:
        _say("\nStopped.")
        return 1 if once else 0
    return 1 if problem else 0


@contextmanager
def _everything(config: Settings) -> Iterator[Demo]:
    """Servers, processes, the phone company and its customer."""
    with system.only_one_here():
        _say("Starting PostgreSQL and Valkey")
        RESULT.unlink(missing_ok=True)
        with system.servers(config) as found:
            variables = _variables(config) | {"DATABASE_URL": found.database_url, "REDIS_URL": found.redis_url}
            database = Database(
                connect(
                    settings.with_driver(found.database_url), statement_seconds=STATEMENT_SECONDS, application="demo"
                )
            )
            _say("Starting the phone company, web, workers and scheduler")
            with system.processes(system.DEMO_PROCESSES, config, LOG, **variables) as supervisor:
                web = f"http://{ports.LOOPBACK}:{variables['PORT']}"
                _wait_until_ready(f"{web}/readyz", supervisor)
                demo = Demo(variables, web, make_customer(database), database)
                _wait_until_ready(f"{variables['TWILIO_API_BASE_URL']}/simulator/calls", supervisor)
                _connect(demo)
                yield demo


def _variables(config: Settings) -> dict[str, str]:
    """The demo's environment: what is set stays, what is missing is made up, taken ports are left alone."""
    port, simulator_port = ports.free_or_any(config.port), ports.free_or_any(SIMULATOR_PORT)
    account = read_or_make_account(config)
    model = config.whisper_model if "whisper_model" in config.model_fields_set else MODEL
    return {
        "PORT": str(port),
        "GUNICORN_CMD_ARGS": f"--bind={ports.LOOPBACK}:{port}",
        "PUBLIC_BASE_URL": config.public_base_url or f"http://{ports.LOOPBACK}:{port}",
        "SECRET_KEY": config.secret_key or kept_secret(VAR / "secret_key"),
        "SIMULATOR_PORT": str(simulator_port),
        "TWILIO_API_BASE_URL": f"http://{ports.LOOPBACK}:{simulator_port}",
        "TWILIO_ACCOUNT_SID": account.account_sid,
        "TWILIO_AUTH_TOKEN": config.twilio_auth_token or account.auth_token,
        "WHISPER_MODEL": model,
    }


def _connect(demo: Demo) -> None:
    """Enter the customer's number in the phone company's book, with the addresses its calls are announced at."""
    public = demo.variables["PUBLIC_BASE_URL"]
    entry = {
        "voice_url": f"{public}/webhook/incoming_call",
        "voice_fallback_url": f"{public}/webhook/fallback",
        "status_callback": f"{public}/webhook/call_status",
    }
    account = (demo.variables["TWILIO_ACCOUNT_SID"], demo.variables["TWILIO_AUTH_TOKEN"].partition(",")[0])
    book = f"{demo.variables['TWILIO_API_BASE_URL']}/simulator/numbers/{demo.customer.number}"
    httpx.put(book, json=entry, auth=account, trust_env=False).raise_for_status()


def _wait_until_ready(url: str, supervisor: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while supervisor.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=LOOK_EVERY_SECONDS * 10).close()  # noqa: S310 - our own address
        except (urllib.error.URLError, OSError):
            time.sleep(LOOK_EVERY_SECONDS)
        else:
            return
    sys.exit(f"Not everything got ready. The log is {LOG.relative_to(settings.ROOT)}.")


def _place_call(demo: Demo) -> str | None:
    """Place the call, tell its story, and write down where everything is; the problem, if there was one."""
    _say("Placing a call")
    story = Story(demo.database, _say)
    command = [
        sys.executable,
        "-m",
        "simulator",
        "call",
        "--audio",
        str(AUDIO),
        "--speed",
        SPEED,
        "--to",
        demo.customer.number,
    ]
    caller = subprocess.Popen(  # noqa: S603 - our own command
        command, env=environment(**demo.variables), cwd=settings.ROOT, stdout=subprocess.DEVNULL
    )
    try:
        call = story.follow()
    finally:
        caller.terminate()
        caller.wait()
    if call:
        story.tell_result(call)
        _write_result(demo, str(call.call_sid))
        _say_where(demo, str(call.call_sid))
    return problem_of(call)


def _write_result(demo: Demo, call_sid: str) -> None:
    variables = demo.variables
    result = {
        "url": demo.web,
        "email": demo.customer.email,
        "password": demo.customer.password,
        "token": demo.customer.token,
        "call_sid": call_sid,
        "simulator_url": variables["TWILIO_API_BASE_URL"],
        "database_url": settings.libpq(variables["DATABASE_URL"]),
        "redis_url": variables["REDIS_URL"],
        "public_base_url": variables["PUBLIC_BASE_URL"],
        "twilio_account_sid": variables["TWILIO_ACCOUNT_SID"],
        "twilio_auth_token": variables["TWILIO_AUTH_TOKEN"].partition(",")[0],
    }
    draft = RESULT.with_suffix(".part")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(result, indent=1))
    draft.rename(RESULT)


def _say_where(demo: Demo, call_sid: str) -> None:
    customer = demo.customer
    _say(f"\nLook at it   {demo.web}/calls/{call_sid}")
    _say(f"Sign in      {customer.email}  {customer.password}")
    _say(f"API token    {customer.token}")
    _say(f"Call again   .venv/bin/python -m simulator call --audio {AUDIO.relative_to(settings.ROOT)}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
