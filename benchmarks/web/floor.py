"""The least that a web process could do: `gunicorn benchmarks.web.floor`.

A webhook is one INSERT and one job, neither checked nor looked up; a poll is an empty answer.
"""

import itertools
import os

from flask import Flask, Response, jsonify
from sqlalchemy import Column, MetaData, String, Table, insert, text

from conf import settings
from db.engine import Database, connect
from jobs import redis
from jobs.queues import Queues
from web.start import STATEMENT_SECONDS

QUEUE = "floor"
EVENT = Table("floor_event", MetaData(), Column("token", String))
MADE = f"CREATE TABLE IF NOT EXISTS {EVENT.name} ({EVENT.c.token.name} text)"


def make_app() -> Flask:
    """It makes its own table: its database has our schema, and nothing else."""
    config = settings.load()
    url = settings.require_database_url(config)
    database = Database(connect(url, statement_seconds=STATEMENT_SECONDS, application="floor"))
    with database.transaction() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(1)"))  # two workers start at once
        session.execute(text(MADE))
    queue = Queues(redis.connect(settings.require_redis_url(config)), database, slots=1).queue(QUEUE)
    numbers = itertools.count()
    app = Flask("floor")

    @app.post("/webhook")
    def webhook() -> tuple[str, int]:
        token = f"{os.getpid()}-{next(numbers)}"
        with database.transaction() as session:
            session.execute(insert(EVENT).values(token=token))
        queue.enqueue_call("nothing", args=(token,), job_id=token, unique=True)
        return "", 204

    @app.get("/poll")
    def poll() -> Response:
        return jsonify({})

    return app


application = make_app()
