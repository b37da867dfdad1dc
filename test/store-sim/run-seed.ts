/** One whole history: steps, and the end, when everything is drained and counted. */

import { check } from '../sim/failure.ts';
import { poisonFreedMessages } from '../sim/node/freed-memory.ts';
import { StoreChannel } from './store-channel.ts';
import { StoreWorld } from './store-world.ts';

poisonFreedMessages();

/** After these all that can be freed is. */
const IDLE_TURNS = 200;
/** Two checkpoints, the segment that is written to, the next one, the free files that are kept, and the reserve. */
const FILES_MAX = 2 + 2 + 4 + 3;

export interface RunOptions {
  readonly seed: number;
  readonly steps: number;
  /** Changes the world before it runs; for mutants. */
  readonly change?: (world: StoreWorld) => void;
}

/** @returns the world as it was at the end. @throws SimFailure when something is not as it must be. */
export function runSeed({ seed, steps, change }: RunOptions): StoreWorld {
  const world = new StoreWorld(seed);
  change?.(world);
  for (let step = 0; step < steps; step++) world.step();
  world.stop();
  drain(world);
  world.stop();
  checkNothingPinned(world);
  return world;
}

/** Takes whatever is left, and looks for what nobody has. */
function drain(world: StoreWorld): void {
  const { node } = world;
  for (const channel of world.channels) channel.close();
  world.channels = [];
  for (const vhost of node.broker.vhosts) {
    const channel = new StoreChannel(world, vhost.name, false);
    world.channels.push(channel);
    for (const queue of vhost.queues) channel.consume(queue, { noAck: world.isOneIn(2), prefetch: 0 });
  }
  world.rest();
  for (const channel of world.channels) {
    const last = [...channel.held.keys()].at(-1);
    if (last !== undefined) channel.settle(last, true, 'ack');
  }
  world.rest();
  for (const vhost of node.broker.vhosts) {
    for (const queue of vhost.queues) {
      check(queue.readyCount + queue.unackedCount === 0, () => `queue '${queue.name}' does not drain`);
    }
  }
  const { blocks, largeBytes } = node.broker.messages.stats;
  check(blocks === 0 && largeBytes === 0, () => `${blocks} messages are left in memory when all queues are empty`);
}

/** What nobody needs any more takes no room. */
function checkNothingPinned(world: StoreWorld): void {
  world.idle(IDLE_TURNS);
  const { segments, liveBytes } = world.node.opened.metrics;
  check(liveBytes === 0, () => `${liveBytes} bytes are said to be live when all queues are empty`);
  check(segments === 1, () => `there are ${segments} segments when all queues are empty`);
  const files = world.disk.list();
  check(files.length <= FILES_MAX, () => `there are ${files.length} files when all queues are empty: ${files}`);
}
