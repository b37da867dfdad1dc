"""Calls the tasks of celery_tasks.py. Run as `celery_client.py SCENARIO`; prints what comes back."""

import sys
import threading

from celery import group
from celery.exceptions import TaskRevokedError

from celery_tasks import add, app, hold, succeed_at_third_attempt

TIMEOUT = 20


def results():
    print("one", add.delay(2, 3).get(timeout=TIMEOUT))
    print("many", group(add.s(number, number) for number in range(10))().get(timeout=TIMEOUT))
    print("retried", succeed_at_third_attempt.delay().get(timeout=TIMEOUT))


def later():
    """50 tasks for later must not keep a task for now from a worker that prefetches 4."""
    for number in range(50):
        add.apply_async((number, 0), countdown=3600)
    print("now", add.delay(1, 1).get(timeout=TIMEOUT))
    inspect = app.control.inspect(timeout=TIMEOUT, limit=1)
    (name, pong), = inspect.ping().items()
    print("ping", pong)
    print("scheduled", len(inspect.scheduled()[name]), "reserved", len(inspect.reserved()[name]))
    print("queues", [queue["name"] for queue in inspect.active_queues()[name]])


def revoke():
    result = add.apply_async((1, 1), countdown=2)
    replies = app.control.revoke(result.id, reply=True, timeout=TIMEOUT, limit=1)
    print("revoked by", len(replies))
    try:
        result.get(timeout=TIMEOUT)
    except TaskRevokedError as error:
        print(type(error).__name__, error)


def events():
    wanted = {"task-sent", "task-received", "task-started", "task-succeeded"}
    seen = []
    done = threading.Event()
    ready = threading.Event()

    def capture():
        with app.connection_for_read() as connection:
            receiver = app.events.Receiver(connection, handlers={"*": on_event})
            with receiver.consumer_context(wakeup=False) as (own_connection, _channel, _consumers):
                ready.set()
                while not done.is_set():
                    own_connection.drain_events(timeout=TIMEOUT)

    def on_event(event):
        if event["type"].startswith("task-"):
            seen.append(event["type"])
        if wanted.issubset(seen):
            done.set()

    thread = threading.Thread(target=capture)
    thread.start()
    ready.wait(TIMEOUT)
    add.delay(1, 2)
    thread.join(TIMEOUT)
    print("events", sorted(seen))


def start_holding():
    hold.delay(600)
    print("sent")


if __name__ == "__main__":
    {"results": results, "later": later, "revoke": revoke, "events": events, "hold": start_holding}[sys.argv[1]]()
