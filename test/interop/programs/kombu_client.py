"""kombu. Run as `kombu_client.py URL`; prints what it sees."""

import sys

from kombu import Connection, Consumer, Exchange, Producer, Queue, binding

EXCHANGE = Exchange("leveret.kombu", type="topic", durable=False, auto_delete=True)
QUEUE = Queue(
    "leveret.kombu",
    [binding(EXCHANGE, "order.*"), binding(EXCHANGE, "*.eu")],
    durable=False,
    max_priority=None,
    queue_arguments={"x-expires": 60000},
)
KEYS = ["order.new", "order.eu", "user.eu", "user.us"]


def consume(connection, count, callback):
    with Consumer(connection, [QUEUE], callbacks=[callback], prefetch_count=1):
        for _ in range(count):
            connection.drain_events(timeout=5)


def main(url):
    with Connection(url, heartbeat=10, transport_options={"confirm_publish": True}) as connection:
        channel = connection.channel()
        QUEUE(channel).delete()
        QUEUE(channel).declare()
        returned = []
        producer = Producer(
            channel, on_return=lambda error, exchange, key, _: returned.append((error.reply_code, exchange, key))
        )
        for key in KEYS:
            properties = {"serializer": "json", "compression": "zlib", "priority": 3, "mandatory": True}
            producer.publish({"key": key}, exchange=EXCHANGE, routing_key=key, **properties)
        print("returned", returned)

        seen = []

        def on_message(body, message):
            seen.append((body["key"], message.delivery_info["redelivered"], message.properties["priority"]))
            if len(seen) == 1:
                message.requeue()
            else:
                message.ack()

        consume(connection, 4, on_message)
        print("seen", seen)

        simple = connection.SimpleQueue("leveret.kombu.simple")
        simple.clear()
        simple.put({"nothing": None, "list": [1, "zwei"]})
        message = simple.get(timeout=5)
        print("simple", message.payload, simple.qsize())
        message.ack()
        simple.close()
        Queue("leveret.kombu.simple", channel=channel).delete()

        try:
            Queue("leveret.kombu.missing", channel=channel).queue_declare(passive=True)
        except connection.channel_errors as error:
            print(type(error).__name__, error.reply_code, error.reply_text)
        revived = connection.channel()
        print("left", QUEUE(revived).delete(if_empty=True))
        revived.close()


main(sys.argv[1])
