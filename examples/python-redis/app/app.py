"""Counts its visitors in Redis."""

import os
import socket
import time

import redis
from flask import Flask

app = Flask(__name__)
store = redis.Redis(host=os.environ.get("REDIS_HOST", "redis"), socket_timeout=2)


def count():
    """One more. Redis may be away for a moment, as while it is restarted."""
    for pause in (0.1, 0.2, 0.4, 0.8, 1.6):
        try:
            return store.incr("hits")
        except redis.exceptions.ConnectionError:
            time.sleep(pause)
    return store.incr("hits")


@app.get("/")
def hello():
    return {"hits": count(), "host": socket.gethostname()}


@app.get("/health")
def health():
    store.ping()
    return {"healthy": True}
