"""The web process under load: how far it is from what its servers could do, and whether anything makes a webhook wait.

floor      the least that a web process could do for a webhook and for a poll, under the same gunicorn
site       real web processes, ours and the floor's, on servers of their own
wire       requests as bytes, and connections that send them
rates      webhooks and status polls a second, over the floor's
shelves    businesses, calls and recordings in bulk
lists      recent calls with few and with many calls stored
listening  what web processes hold, and how long webhooks take, while many listen
listeners  those who listen, in a process of their own
tables     what is printed
__main__   all of it, several rounds
"""
