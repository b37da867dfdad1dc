"""The Celery application of the tests: its tasks, for workers and for celery_client.py. BROKER names the broker."""

import os
import time

from celery import Celery

app = Celery("leveret", broker=os.environ["BROKER"], backend="rpc://")
app.conf.update(
    task_default_queue="leveret.celery",
    worker_prefetch_multiplier=4,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    worker_send_task_events=True,
    task_send_sent_event=True,
    result_expires=60,
)


@app.task
def add(x, y):
    return x + y


@app.task(bind=True, max_retries=3, default_retry_delay=0)
def succeed_at_third_attempt(self):
    if self.request.retries < 2:
        raise self.retry()
    return self.request.retries


@app.task(acks_late=True)
def hold(seconds):
    """Says that it has begun, so that the test can kill its worker."""
    print("holding", flush=True)
    time.sleep(seconds)
