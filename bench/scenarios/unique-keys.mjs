/** A routing key that never comes again must leave nothing behind, however many of them there are. */

import { Client } from '../client.mjs';
import { megabytes, residentBytes } from '../process-tree.mjs';
import { median } from '../table.mjs';
import { consume, exchangeDeclare, METHODS, publish, queueBind, queueDeclare } from '../wire.mjs';

const SECONDS = 60;
const BATCH = 2000;
const IN_FLIGHT_MAX = 20_000;
const GROWTH_LIMIT_MB = 10;
const EXCHANGE = 'bench.keys';
const QUEUE = 'bench.keys.queue';
const KEY_DIGITS = 12;

export async function uniqueKeys({ broker, scale, report }) {
  const consumer = await subscribe(broker);
  const publisher = await Client.connect(broker);
  const samples = await publishFor(SECONDS * Math.max(scale, 0.1), { publisher, consumer, pid: broker.pid });
  const [, middle, last] = mediansOfThirds(samples);
  const growth = megabytes(last - middle);
  const name = `${consumer.delivered} unique routing keys through a topic exchange: growth from second to last third`;
  const figure = `${growth.toFixed(1)} MB (at ${megabytes(last).toFixed(0)} MB)`;
  report({ name, figure, limit: `${GROWTH_LIMIT_MB} MB`, isMet: growth <= GROWTH_LIMIT_MB });
  consumer.destroy();
  publisher.destroy();
}

async function subscribe(broker) {
  const consumer = await Client.connect(broker);
  await consumer.call(exchangeDeclare(EXCHANGE, 'topic'), METHODS.exchangeDeclareOk);
  await consumer.call(queueDeclare(QUEUE), METHODS.queueDeclareOk);
  await consumer.call(queueBind({ queue: QUEUE, exchange: EXCHANGE, key: 'key.*' }), METHODS.queueBindOk);
  await consumer.call(consume(QUEUE, { noAck: true }), METHODS.basicConsumeOk);
  return consumer;
}

/** Publishes as fast as deliveries come back and returns the broker's memory, sampled each second. */
async function publishFor(seconds, { publisher, consumer, pid }) {
  const samples = [];
  const message = publish({ exchange: EXCHANGE, key: `key.${'0'.repeat(KEY_DIGITS)}`, body: Buffer.alloc(16) });
  const keyAt = message.indexOf('key.0') + 'key.'.length;
  const end = performance.now() + seconds * 1000;
  let nextSample = performance.now() + 1000;
  for (let sent = 0; performance.now() < end; sent += BATCH) {
    publisher.write(batchOf(message, keyAt, sent));
    await publisher.drained();
    await consumer.deliveries(sent + BATCH - IN_FLIGHT_MAX);
    if (performance.now() < nextSample) continue;
    samples.push(residentBytes(pid));
    nextSample += 1000;
  }
  return samples;
}

/** The first third is warming up; medians, because a collection of garbage may be due at either end. */
function mediansOfThirds(samples) {
  const third = Math.ceil(samples.length / 3);
  return [0, 1, 2].map((index) => median(samples.slice(index * third, (index + 1) * third)));
}

/** Copies of the message with the numbers from `first` on as the last word of their keys. */
function batchOf(message, keyAt, first) {
  const batch = Buffer.allocUnsafe(message.length * BATCH);
  for (let index = 0; index < BATCH; index++) {
    const start = index * message.length;
    message.copy(batch, start);
    batch.latin1Write(String(first + index).padStart(KEY_DIGITS, '0'), start + keyAt);
  }
  return batch;
}
