"""pika in its two forms. Run as `pika_client.py FORM URL`; FORM: blocking, select or asyncio. Prints what it sees."""

import sys

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.adapters.select_connection import SelectConnection

QUEUE = "leveret.pika"
MESSAGES = 20


def blocking(url):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.queue_delete(QUEUE)
    channel.queue_declare(QUEUE, durable=True)
    channel.confirm_delivery()
    for number in range(MESSAGES):
        channel.basic_publish("", QUEUE, b"%d" % number, pika.BasicProperties(headers={"number": number}))
    try:
        channel.basic_publish("", "leveret.pika.nowhere", b"lost", mandatory=True)
    except pika.exceptions.UnroutableError as error:
        returned = error.messages[0].method
        print("returned", returned.reply_code, returned.reply_text)
    for method, properties, body in channel.consume(QUEUE, inactivity_timeout=5):
        if int(body) != properties.headers["number"]:
            print("wrong header of", body)
        if method.redelivered or body != b"3":
            channel.basic_ack(method.delivery_tag)
        else:
            channel.basic_nack(method.delivery_tag, requeue=True)
        if method.delivery_tag == MESSAGES + 1:
            print("the last one was redelivered", method.redelivered, body)
            break
    print("requeued on cancel", channel.cancel())
    print(refused(lambda: channel.tx_select()))
    channel = connection.channel()
    print("left", channel.queue_delete(QUEUE, if_empty=True).method.message_count)
    print(refused(lambda: channel.queue_declare(QUEUE, passive=True)))
    connection.close()


def refused(call):
    try:
        call()
    except pika.exceptions.ChannelClosedByBroker as error:
        return error.reply_code, error.reply_text
    return "not refused"


class Program:
    """Declares, publishes with confirms, consumes with prefetch 3 and closes, each step in the callback of the last."""

    def __init__(self, connection_class, url):
        self.confirmed = 0
        self.bodies = []
        self.connection = connection_class(
            pika.URLParameters(url),
            on_open_callback=lambda connection: connection.channel(on_open_callback=self.on_channel),
            on_close_callback=self.on_closed,
        )

    def on_channel(self, channel):
        self.channel = channel
        self.queue = None
        channel.add_on_close_callback(lambda _, reason: print("channel closed", reason.reply_code))
        channel.queue_declare("", exclusive=True, callback=self.on_declared)

    def on_declared(self, frame):
        self.queue = frame.method.queue
        self.channel.confirm_delivery(self.on_confirm, callback=self.on_confirm_mode)

    def on_confirm_mode(self, _):
        for number in range(MESSAGES):
            self.channel.basic_publish("", self.queue, b"%d" % number)

    def on_confirm(self, frame):
        if not isinstance(frame.method, pika.spec.Basic.Ack):
            print("not confirmed", frame)
        self.confirmed = frame.method.delivery_tag
        if self.confirmed == MESSAGES:
            self.channel.basic_qos(prefetch_count=3, callback=self.on_qos)

    def on_qos(self, _):
        self.channel.basic_consume(self.queue, self.on_message)

    def on_message(self, channel, method, _, body):
        self.bodies.append(int(body))
        channel.basic_ack(method.delivery_tag)
        if len(self.bodies) == MESSAGES:
            print("confirmed", self.confirmed, "in order", self.bodies == list(range(MESSAGES)))
            self.connection.close()

    def on_closed(self, connection, reason):
        print("closed", reason.reply_code, reason.reply_text)
        connection.ioloop.stop()


if __name__ == "__main__":
    form, url = sys.argv[1:]
    if form == "blocking":
        blocking(url)
    else:
        program = Program({"select": SelectConnection, "asyncio": AsyncioConnection}[form], url)
        loop = program.connection.ioloop
        loop.start() if form == "select" else loop.run_forever()
