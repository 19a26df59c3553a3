"""`make run`: the real system from the environment, with embedded servers where none are named."""

import secrets
import sys
from pathlib import Path

from conf import logs, settings
from conf.settings import VAR, Settings
from launch import ports, system
from simulator.account import read_or_make_account


def main() -> int:
    """Run until told to stop; the exit status."""
    config = settings.load()
    logs.configure(config.log_level)
    if not ports.is_free(config.port):
        sys.exit(f"PORT: {config.port} is taken; stop whoever listens there, or set another PORT")
    system.stop_on_signals()
    try:
        with system.only_one_here(), system.servers(config) as found:
            variables = {"DATABASE_URL": found.database_url, "REDIS_URL": found.redis_url, **credentials(config)}
            with system.processes(system.PROCESSES, config, None, **variables) as supervisor:
                return supervisor.wait()
    except KeyboardInterrupt:
        return 0


def credentials(config: Settings) -> dict[str, str]:
    """What a process needs and the environment does not say: a secret for sessions, the simulated account."""
    found = {} if config.secret_key else {"SECRET_KEY": kept_secret(VAR / "secret_key")}
    if config.has_simulated_twilio and not config.has_twilio:
        account = read_or_make_account(config)
        found |= {"TWILIO_ACCOUNT_SID": account.account_sid, "TWILIO_AUTH_TOKEN": account.auth_token}
    if config.has_simulated_twilio and not config.public_base_url:
        found["PUBLIC_BASE_URL"] = f"http://127.0.0.1:{config.port}"
    return found


def kept_secret(path: Path) -> str:
    """Made once; sessions outlive a restart."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


if __name__ == "__main__":
    sys.exit(main())
