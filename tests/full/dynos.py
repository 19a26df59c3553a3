"""honcho, as patient as Heroku: whoever has not stopped 30 s after SIGTERM is killed. `python -m tests.full.dynos`"""

import sys

from honcho import command, manager

manager.KILL_WAIT = 30

if __name__ == "__main__":
    sys.exit(command.main())
