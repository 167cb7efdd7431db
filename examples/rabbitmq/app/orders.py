"""The queue that publisher and consumer share."""

import os

import pika

QUEUE = "orders"


def connect():
    account = pika.PlainCredentials(os.environ["RABBITMQ_DEFAULT_USER"], os.environ["RABBITMQ_DEFAULT_PASS"])
    broker = pika.ConnectionParameters("broker", 5672, os.environ["RABBITMQ_DEFAULT_VHOST"], account)
    return pika.BlockingConnection(broker)


def declare(channel):
    """On the broker's disk, as are messages that ask for it: both are there after a restart."""
    channel.queue_declare(QUEUE, durable=True)
