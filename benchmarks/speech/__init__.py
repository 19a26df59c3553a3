"""Speech to text against what a user would write today: the same files, model and thread, in turn, in one run.

clips     recordings of which it is known who says what, in a folder with clips.json
rivals    four ways to use faster-whisper as its documentation has them, and ours
child     one system in a process of its own: its words, CPU time and memory
scores    word errors, and how many words nobody said
__main__  several rounds, medians, a table
"""
