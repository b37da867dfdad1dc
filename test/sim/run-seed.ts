/** One whole run: steps, quiet moments, and the end, when everything is drained, deleted and counted. */

import { EMPTY_TABLE } from '../../src/base/field-table.ts';
import { checkNothingLeft, checkQuiet } from './checks/quiet-checks.ts';
import type { ClientChannel } from './clients/channel.ts';
import type { SimClient } from './clients/client.ts';
import { setUp } from './clients/topology.ts';
import type { SimConnection } from './connection.ts';
import { check } from './failure.ts';
import { takeStep } from './steps.ts';
import { SimWorld } from './world.ts';

const STEPS_PER_QUIET = 1000;

export interface RunOptions {
  readonly seed: number;
  readonly steps: number;
  /** Changes the world before it runs; for mutants. */
  readonly change?: (world: SimWorld) => void;
}

/** @returns the world as it was at the end. @throws SimFailure when a checker finds something. */
export function runSeed({ seed, steps, change }: RunOptions): SimWorld {
  const world = new SimWorld(seed);
  change?.(world);
  begin(world);
  for (let step = 1; step <= steps; step++) {
    takeStep(world);
    if (step % STEPS_PER_QUIET === 0) quiet(world);
  }
  world.log.isLost = false;
  quiet(world);
  end(world);
  return world;
}

function begin(world: SimWorld): void {
  const { client } = world.connect();
  world.rest();
  setUp(client);
}

function quiet(world: SimWorld): void {
  world.rest();
  world.lookAtAll();
  checkQuiet(world);
}

function end(world: SimWorld): void {
  for (const connection of [...world.connections]) endConnection(world, connection);
  quiet(world);
  check(world.connections.length === 0, () => 'a connection does not close');
  const { client } = world.connect();
  quiet(world);
  const channel = client.openChannel(1);
  drain(world, client, channel);
  quiet(world);
  for (const queue of world.model.queues.values()) {
    check(queue.isVague || queue.readyCount === 0, () => `${queue} does not drain`);
  }
  deleteAll(world, client, channel);
  quiet(world);
  client.close();
  quiet(world);
  checkNothingLeft(world);
}

/** The client closes, the node stops, or the network is gone. */
function endConnection(world: SimWorld, connection: SimConnection): void {
  const { client, transport } = connection;
  const way = world.random.below(3);
  if (way === 0 && client.state === 'open') client.close();
  else if (way === 1 && !transport.isClosing) transport.session.shutdown();
  else world.cut(connection);
}

/** A last consumer takes whatever is left. */
function drain(world: SimWorld, client: SimClient, channel: ClientChannel): void {
  for (const queue of world.model.queues.keys()) {
    const flags = { noLocal: false, noAck: world.random.below(2) === 0, exclusive: false, noWait: false };
    client.send(channel, { name: 'basic.consume', queue, consumerTag: queue, ...flags, arguments: EMPTY_TABLE });
  }
}

function deleteAll(world: SimWorld, client: SimClient, channel: ClientChannel): void {
  client.send(channel, { name: 'basic.ack', deliveryTag: 0, multiple: true });
  for (const queue of world.model.queues.keys()) {
    client.send(channel, { name: 'queue.delete', queue, ifUnused: false, ifEmpty: false, noWait: false });
  }
  for (const { name: exchange } of world.model.exchanges) {
    if (exchange.startsWith('amq.')) continue;
    client.send(channel, { name: 'exchange.delete', exchange, ifUnused: false, noWait: false });
  }
}
