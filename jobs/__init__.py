"""The work: what happens to a call after the phone company has told us of it."""
