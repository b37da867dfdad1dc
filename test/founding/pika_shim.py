"""Runs a program written for pika 0.x on pika 1.x: run as `pika_shim.py PROGRAM [ARGUMENT...]`.

Only old call signatures are mapped to today's; what the program does is untouched.
"""

import runpy
import sys

from pika.adapters.blocking_connection import BlockingChannel

new_basic_consume = BlockingChannel.basic_consume
new_exchange_declare = BlockingChannel.exchange_declare
new_queue_declare = BlockingChannel.queue_declare


def basic_consume(self, *args, **kwargs):
    """basic_consume(callback, queue=..., no_ack=...): the callback came first and is now named."""
    if args and callable(args[0]):
        kwargs["on_message_callback"], args = args[0], args[1:]
    if "no_ack" in kwargs:
        kwargs["auto_ack"] = kwargs.pop("no_ack")
    return new_basic_consume(self, *args, **kwargs)


def exchange_declare(self, *args, **kwargs):
    """exchange_declare(type=...): now exchange_type."""
    if "type" in kwargs:
        kwargs["exchange_type"] = kwargs.pop("type")
    return new_exchange_declare(self, *args, **kwargs)


def queue_declare(self, queue="", **kwargs):
    """queue_declare(): the name was optional; without one the broker chooses."""
    return new_queue_declare(self, queue, **kwargs)


BlockingChannel.basic_consume = basic_consume
BlockingChannel.exchange_declare = exchange_declare
BlockingChannel.queue_declare = queue_declare

sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
