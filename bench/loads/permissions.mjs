/**
 * A user who may not do everything: patterns for names as people write them, and a topic permission that is asked for
 * each of 20,000 routing keys. The user stands in definitions.json.
 */

import { Client } from '../client.mjs';
import * as wire from '../wire.mjs';
import { streaming } from './streaming.mjs';

const { METHODS } = wire;
const LOGIN = { user: 'bench', password: 'bench' };
/** What the user's patterns are for. */
const EXCHANGE = 'bench.permissions';
const QUEUE = 'bench.permissions.queue';
const BODY = Buffer.alloc(64);
const KEYS = 20_000;
const MESSAGES_PER_BATCH = 100;

export async function permissions(broker) {
  const publisher = await Client.connect({ port: broker.port, ...LOGIN });
  const consumer = await Client.connect({ port: broker.port, ...LOGIN });
  await consumer.call(wire.exchangeDeclare(EXCHANGE, 'topic'), METHODS.exchangeDeclareOk);
  await consumer.call(wire.queueDeclare(QUEUE), METHODS.queueDeclareOk);
  await consumer.call(wire.queueBind({ queue: QUEUE, exchange: EXCHANGE, key: 'bench.#' }), METHODS.queueBindOk);
  await consumer.call(wire.consume(QUEUE, { noAck: true }), METHODS.basicConsumeOk);
  return streaming({ publisher, consumer, batches: batches() }, async () => {
    await consumer.call(wire.queueDelete(QUEUE), METHODS.queueDeleteOk);
    await consumer.call(wire.exchangeDelete(EXCHANGE), METHODS.exchangeDeleteOk);
  });
}

function batches() {
  const result = [];
  for (let first = 0; first < KEYS; first += MESSAGES_PER_BATCH) {
    const messages = Array.from({ length: MESSAGES_PER_BATCH }, (_, index) => message(first + index));
    result.push({ bytes: Buffer.concat(messages), messages: MESSAGES_PER_BATCH });
  }
  return result;
}

function message(number) {
  const key = `bench.${number % 2 === 0 ? 'eu' : 'us'}.orders.${number}`;
  return wire.publish({ exchange: EXCHANGE, key, body: BODY });
}
