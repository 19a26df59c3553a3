"""Are the pinned packages free of known holes? An audit that could not be made says so on its last line."""

import json
import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).parent.parent / "requirements" / "runtime.txt"
COMMAND = ["pip-audit", "--progress-spinner=off", "--disable-pip", "--require-hashes", "--format=json", "-r", str(PINS)]


def main() -> int:
    """1 when a hole is known, 0 otherwise."""
    command = [str(Path(sys.executable).parent / COMMAND[0]), *COMMAND[1:]]
    made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    try:
        packages = json.loads(made.stdout)["dependencies"]
    except ValueError:
        print(f"{made.stderr.strip()[-300:]}\nNOT AUDITED")
        return 0
    holes = [f"{p['name']} {p['version']}: {hole['id']}" for p in packages for hole in p.get("vulns", [])]
    skipped = [p["name"] for p in packages if "skip_reason" in p]
    print("\n".join(holes) or f"{len(packages) - len(skipped)} packages audited")
    if skipped:
        print(f"{len(skipped)} packages are not known to the vulnerability service\nNOT AUDITED")
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
