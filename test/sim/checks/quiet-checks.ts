/**
 * What must hold when nothing moves: the broker's queues, counters and topology are those of the model, nobody waits for
 * an answer, and no message lies in a queue whose consumers could take it.
 */

import type { FieldTable } from '../../../src/base/field-table.ts';
import type { Queue } from '../../../src/core/queue/queue.ts';
import type { SimConnection } from '../connection.ts';
import { check } from '../failure.ts';
import type { ModelChannel, SimQueue } from '../model/channel.ts';
import { textOfTable } from '../model/exchanges.ts';
import type { SimLog } from '../node/log.ts';
import type { SimWorld } from '../world.ts';

export function checkQuiet(world: SimWorld): void {
  const { model, log } = world;
  const { vhost } = world.node;
  check(!world.node.broker.pump.hasWork, () => 'the pump has work left');
  check(model.unnamed.size === 0, () => 'a queue was declared and never named');
  const [left] = model.leaving;
  check(left === undefined, () => `${left} is exclusive, and still there though its connection is gone`);
  checkTopology(world);
  for (const queue of model.queues.values()) checkQueue(world, queue);
  checkReplies(world);
  const { published, unroutable } = vhost.counters;
  check(published === model.published, () => `the vhost counted ${published} publishes of ${model.published}`);
  check(unroutable === model.unroutable, () => `the vhost counted ${unroutable} unroutable of ${model.unroutable}`);
  if (log.isLost) return;
  for (const connection of world.connections) checkAnswers(connection);
}

/** When all connections, queues and exchanges are gone, nothing is allocated. */
export function checkNothingLeft(world: SimWorld): void {
  const { blocks, liveBytes, largeBytes } = world.node.broker.messages.stats;
  check(blocks === 0, () => `${blocks} messages are left in memory`);
  check(liveBytes === 0, () => `${liveBytes} bytes are left in memory`);
  check(largeBytes === 0, () => `${largeBytes} bytes of large bodies are left in memory`);
  check(world.node.residency.pageCount === 0, () => `${world.node.residency.pageCount} pages are left`);
  check(world.node.pool.takenCount === 0, () => `${world.node.pool.takenCount} chunks of outputs are left`);
  check(!world.node.broker.pump.hasWork, () => 'the pump has work left');
  check(world.node.vhost.queueCount === 0, () => `${world.node.vhost.queueCount} queues are left`);
}

function checkTopology({ model, node: { vhost } }: SimWorld): void {
  const queues = [...vhost.queues].map(({ name }) => name).sort();
  const wanted = [...model.queues.keys()].sort();
  check(queues.join() === wanted.join(), () => `the queues are ${queues} instead of ${wanted}`);
  const exchanges = [...vhost.exchanges].map(({ name }) => name).sort();
  const all = ['', ...[...model.exchanges].map(({ name }) => name)].sort();
  check(exchanges.join() === all.join(), () => `the exchanges are ${exchanges} instead of ${all}`);
  for (const exchange of model.exchanges) {
    const bindings = [...vhost.exchange(exchange.name).bindings].map(textOfBinding).sort();
    const due = exchange.bindings.map(textOfBinding).sort();
    check(bindings.join() === due.join(), () => `${exchange} is bound to ${bindings} instead of ${due}`);
  }
}

interface ShownBinding {
  readonly destination: { readonly name: string };
  readonly key: string;
  readonly arguments: FieldTable;
}

function textOfBinding({ destination, key, arguments: given }: ShownBinding): string {
  return `${destination.name} by '${key}' with ${textOfTable(given)}`;
}

/** An address leads to its consumer as long as that is there. */
function checkReplies(world: SimWorld): void {
  for (const queue of world.model.replies.queues) {
    const real = world.node.vhost.replyQueues.find(queue.name);
    check(
      (real === undefined) === queue.isDeleted,
      () => `the address ${queue.name} outlives its consumer, or goes before`,
    );
    if (real !== undefined) compareQueues(queue, real, world.log);
  }
}

function checkQueue(world: SimWorld, queue: SimQueue): void {
  const real = world.node.vhost.findQueue(queue.name);
  check(real !== undefined, () => `${queue} is missing`);
  if (queue.isVague) return;
  compareQueues(queue, real, world.log);
  if (!queue.options.durable) return;
  const logged = world.log.openCount(real.id);
  check(
    logged === queue.loggedCount,
    () => `${queue} has ${logged} messages in the log instead of ${queue.loggedCount}`,
  );
}

function compareQueues(queue: SimQueue, real: Queue, log: SimLog): void {
  const compare = (name: string, said: number, wanted: number) =>
    check(said === wanted, () => `${queue} says ${said} ${name} instead of ${wanted}`);
  compare('ready', real.readyCount, queue.readyCount);
  compare('unacknowledged', real.unackedCount, queue.unackedCount);
  compare('consumers', real.consumerCount, queue.consumers.size);
  for (const name of ['published', 'delivered', 'redelivered', 'acknowledged', 'returned'] as const) {
    compare(name, real.counters[name], queue.counters[name]);
  }
  if (queue.readyCount === 0 || mayWaitForCommit(log)) return;
  for (const consumer of queue.consumers) {
    check(!consumer.channel.hasCredit(consumer), () => `${queue} holds messages that '${consumer.tag}' could take`);
  }
}

/** A queue has asked the log whether it may deliver, and the log does not answer. */
function mayWaitForCommit({ deliverAt, isLost }: SimLog): boolean {
  return deliverAt === 'commit' && isLost;
}

function checkAnswers({ client, checker }: SimConnection): void {
  if (client.state !== 'open') return;
  for (const channel of client.channels.values()) {
    const [awaited] = channel.awaited;
    check(awaited === undefined, () => `a client waits for ${awaited}`);
    check(!channel.hasUnconfirmed, () => `a client waits for a confirm on channel ${channel.number}`);
  }
  for (const channel of checker.channels) if (channel.isOpen) checkPaid(channel);
}

function checkPaid(channel: ModelChannel): void {
  const [owed] = channel.owed;
  check(owed === undefined, () => `${channel} is owed ${owed?.name}`);
  check(channel.unreturned.length === 0, () => `${channel} is owed a return`);
  check(channel.cancelled.size === 0, () => `${channel} is owed a basic.cancel`);
  check(channel.executed === channel.sent.length, () => `${channel} has methods that were never executed`);
}
