"""The pipeline's own CPU around the speech model, and whether two cores are used up by two workers.

bare       the transcriber alone in a process of its own, told from outside when to work
whole      the whole system as it runs in production: one call after another, and what each of its processes takes
line       transcript workers on a queue of identical calls, without the rest of the system
watched    a transcript worker that tells which part of a job its CPU went into
stopwatch  CPU seconds of processes, and of parts of one
tables     what is printed
__main__   several rounds, the two things that are compared in turn in each
"""
