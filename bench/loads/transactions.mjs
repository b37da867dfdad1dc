/** Publishers that commit 50 messages at a time, and a consumer that commits its acknowledgements. */

import { Client } from '../client.mjs';
import * as wire from '../wire.mjs';

const { METHODS } = wire;
const QUEUE = 'bench.tx';
/** A publisher waits for each commit-ok: several keep the broker busy. */
const PUBLISHERS = 10;
const MESSAGES_PER_COMMIT = 50;
const ACKS_PER_COMMIT = 100;
const PREFETCH = 1000;
const COMMIT = wire.txCommit();
const BATCH = Buffer.concat([
  wire.repeated(wire.publish({ exchange: '', key: QUEUE, body: Buffer.alloc(64) }), MESSAGES_PER_COMMIT),
  COMMIT,
]);

export async function transactions(broker) {
  const consumer = await transactional(broker);
  await consumer.call(wire.queueDeclare(QUEUE), METHODS.queueDeclareOk);
  await consumer.call(wire.qos(PREFETCH), METHODS.basicQosOk);
  await consumer.call(wire.consume(QUEUE, { noAck: false }), METHODS.basicConsumeOk);
  const publishers = await Promise.all(Array.from({ length: PUBLISHERS }, () => transactional(broker)));
  let published = 0;
  let acknowledged = 0;

  async function acknowledgeUpTo(count) {
    for (; acknowledged + ACKS_PER_COMMIT <= count; acknowledged += ACKS_PER_COMMIT) {
      await consumer.deliveries(acknowledged + ACKS_PER_COMMIT);
      consumer.write(wire.ackUpTo(acknowledged + ACKS_PER_COMMIT));
      await consumer.call(COMMIT, METHODS.txCommitOk);
    }
  }

  return {
    async step() {
      const commits = publishers.map((publisher) => publisher.call(BATCH, METHODS.txCommitOk));
      published += PUBLISHERS * MESSAGES_PER_COMMIT;
      await Promise.all([...commits, acknowledgeUpTo(published)]);
    },
    async finish() {
      await acknowledgeUpTo(published);
      return published;
    },
    async close() {
      await consumer.call(wire.queueDelete(QUEUE), METHODS.queueDeleteOk);
      for (const client of [consumer, ...publishers]) client.destroy();
    },
  };
}

async function transactional(broker) {
  const client = await Client.connect(broker);
  await client.call(wire.txSelect(), METHODS.txSelectOk);
  return client;
}
