/** A headers exchange with 200 bindings to ten queues; each message has four headers and fits one of them. */

import { Client } from '../client.mjs';
import * as wire from '../wire.mjs';
import { streaming } from './streaming.mjs';

const { METHODS } = wire;
const EXCHANGE = 'bench.headers';
const QUEUES = 10;
const BINDINGS_EACH = 20;
const BODY = Buffer.alloc(64);
const MESSAGES_PER_BATCH = 100;

export async function headers(broker) {
  const publisher = await Client.connect(broker);
  const consumer = await Client.connect(broker);
  await consumer.call(wire.exchangeDeclare(EXCHANGE, 'headers'), METHODS.exchangeDeclareOk);
  for (let queue = 0; queue < QUEUES; queue++) await bindQueue(consumer, queue);
  return streaming({ publisher, consumer, batches: [batch()] }, async () => {
    for (let queue = 0; queue < QUEUES; queue++) {
      await consumer.call(wire.queueDelete(nameOf(queue)), METHODS.queueDeleteOk);
    }
    await consumer.call(wire.exchangeDelete(EXCHANGE), METHODS.exchangeDeleteOk);
  });
}

function nameOf(queue) {
  return `bench.headers.${queue}`;
}

async function bindQueue(consumer, queue) {
  const name = nameOf(queue);
  await consumer.call(wire.queueDeclare(name), METHODS.queueDeclareOk);
  for (let kind = 0; kind < BINDINGS_EACH; kind++) {
    const values = { 'x-match': 'all', region: `region-${queue}`, kind };
    const bind = wire.queueBind({ queue: name, exchange: EXCHANGE, key: '', values });
    await consumer.call(bind, METHODS.queueBindOk);
  }
  await consumer.call(wire.consume(name, { noAck: true }), METHODS.basicConsumeOk);
}

/** Messages for one queue after the other, and for one binding after the other. */
function batch() {
  const parts = [];
  for (let index = 0; index < MESSAGES_PER_BATCH; index++) {
    const kind = Math.floor(index / QUEUES) % BINDINGS_EACH;
    const values = { source: 'bench', region: `region-${index % QUEUES}`, kind, attempt: 1 };
    parts.push(wire.publish({ exchange: EXCHANGE, key: '', body: BODY, headers: values }));
  }
  return { bytes: Buffer.concat(parts), messages: MESSAGES_PER_BATCH };
}
