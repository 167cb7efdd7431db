"""Publishes each argument as a message, and exits 0 once the broker has them all on its disk."""

import sys

import pika
from orders import QUEUE, connect, declare

with connect() as connection:
    channel = connection.channel()
    channel.confirm_delivery()
    declare(channel)
    for text in sys.argv[1:]:
        channel.basic_publish("", QUEUE, text.encode(), pika.BasicProperties(delivery_mode=2), mandatory=True)
        print(f"published {text}")
