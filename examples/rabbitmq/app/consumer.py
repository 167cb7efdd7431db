"""Prints messages as they come, one at a time, until it is told to stop."""

import signal
import sys
import time

import pika
from orders import QUEUE, connect, declare


def consume(channel, delivery, _properties, body):
    print(f"received {body.decode()}")
    channel.basic_ack(delivery.delivery_tag)


def listen():
    with connect() as connection:
        channel = connection.channel()
        declare(channel)
        channel.basic_qos(prefetch_count=1)
        channel.basic_consume(QUEUE, consume)
        print("consumer waits for orders")
        channel.start_consuming()


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    try:
        listen()
    except (pika.exceptions.AMQPError, OSError) as error:
        # The broker is away, or even its name, as while it is restarted.
        print(f"no broker: {error!r}", file=sys.stderr)
        time.sleep(1)
