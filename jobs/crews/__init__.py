"""What each queue's worker is made of: one module a queue, named as the queue.

A worker imports its own only, so that a host that downloads needs no speech model, and one that transcribes no more
than that.
"""
