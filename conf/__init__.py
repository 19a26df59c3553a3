"""What an operator may change: settings, logging, and the files of the process managers."""
