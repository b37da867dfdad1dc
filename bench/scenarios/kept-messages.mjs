/**
 * Memory must follow what is kept, also when one message of a thousand stays and its neighbours go: the worst case for
 * an arena that is freed in segments. Queue after queue gets 1,000 messages, of which 999 are consumed.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../client.mjs';
import { megabytes, residentBytes } from '../process-tree.mjs';
import { ackUpTo, cancel, consume, METHODS, publish, qos, queueDeclare, repeated } from '../wire.mjs';

const QUEUES = 20_000;
const MESSAGES_EACH = 1000;
const BODY = Buffer.alloc(100);
/** What a stored message needs besides its body: a fixed head, its routing key and its (empty) properties. */
const OVERHEAD_BYTES = 40 + 16 + 2;
/** What such a load leaves behind, compiled code say, is not what the kept messages cost: it comes before the measurement. */
const WARMING_QUEUES = 2000;
const WARMING_QUEUE = 'bench.kept.warming';
const FACTOR_LIMIT = 3;
const SETTLE_MS = 10_000;

export async function keptMessages({ broker, scale, report }) {
  const queues = QUEUES * scale;
  const client = await Client.connect(broker);
  await client.call(qos(MESSAGES_EACH), METHODS.basicQosOk);
  const taker = new Taker(client);
  client.write(queueDeclare(WARMING_QUEUE, { noWait: true }));
  for (let round = 0; round < WARMING_QUEUES * scale; round++) await taker.fillAndTake(WARMING_QUEUE, MESSAGES_EACH);
  for (let index = 0; index < queues; index++) client.write(queueDeclare(nameOf(index), { noWait: true }));
  await client.call(qos(MESSAGES_EACH - 1), METHODS.basicQosOk);
  await sleep(SETTLE_MS);
  const rest = residentBytes(broker.pid);
  for (let index = 0; index < queues; index++) await taker.fillAndTake(nameOf(index), MESSAGES_EACH - 1);
  const highest = residentBytes(broker.pid);
  await sleep(SETTLE_MS);
  const kept = residentBytes(broker.pid) - rest;
  const live = queues * (BODY.length + OVERHEAD_BYTES);
  const factor = kept / live;
  const name = `${queues} queues that each keep the last of ${MESSAGES_EACH} messages: memory above the empty queues`;
  const peak = megabytes(highest - rest).toFixed(1);
  const figure = `${megabytes(kept).toFixed(1)} MB, ${factor.toFixed(1)} times the live bytes (${peak} MB at the end of the load)`;
  report({ name, figure, limit: `${FACTOR_LIMIT} times`, isMet: factor <= FACTOR_LIMIT });
  client.destroy();
}

class Taker {
  #rounds = 0;
  #taken = 0;

  constructor(client) {
    this.client = client;
  }

  /** Publishes a thousand messages, takes so many of them with acknowledgements, and leaves the queue. */
  async fillAndTake(queue, count) {
    const { client } = this;
    const tag = `consumer ${++this.#rounds}`;
    this.#taken += count;
    client.write(repeated(publish({ exchange: '', key: queue, body: BODY }), MESSAGES_EACH));
    await client.call(consume(queue, { noAck: false, tag }), METHODS.basicConsumeOk);
    await client.deliveries(this.#taken);
    await client.call(cancel(tag), METHODS.basicCancelOk);
    client.write(ackUpTo(this.#taken));
  }
}

function nameOf(index) {
  return `bench.kept.${index}`;
}
