"""What an old installation has recorded becomes ours: once, in batches, while it may still be running.

old_calls   reads a batch of its rows, in our types
words       its words for statuses and directions, in ours
errors      its error texts, in sentences of ours
decide      what became of one call, as far as its row shows
numbers     which numbers a business is called at
adopt       reads, decides, writes and commits, batch by batch
"""

from db.adoption.adopt import adopt_calls

__all__ = ["adopt_calls"]
