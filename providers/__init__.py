"""Everything outside: telephony, storage, speech and language, each behind one small interface."""
