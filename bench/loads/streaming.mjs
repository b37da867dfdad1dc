/** What most loads are: a publisher that writes batches ahead of one consumer that acknowledges nothing. */

/** Messages that are published and not delivered yet, at most. */
const IN_FLIGHT_MAX = 10_000;

/**
 * @param {{ publisher: any, consumer: any, batches: readonly { bytes: Buffer, messages: number }[] }} clients batches
 * are written in turn
 * @param {() => Promise<void>} cleanUp
 * @returns {import('./load.mjs').Session}
 */
export function streaming({ publisher, consumer, batches }, cleanUp) {
  let published = 0;
  let next = 0;
  return {
    async step() {
      const { bytes, messages } = batches[next];
      next = (next + 1) % batches.length;
      publisher.write(bytes);
      published += messages;
      await publisher.drained();
      await consumer.deliveries(published - IN_FLIGHT_MAX);
      // Deliveries are read between two batches, however fast the publisher is.
      await new Promise(setImmediate);
    },
    async finish() {
      await consumer.deliveries(published);
      return published;
    },
    async close() {
      await cleanUp();
      publisher.destroy();
      consumer.destroy();
    },
  };
}
