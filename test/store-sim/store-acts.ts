/** What clients and administrators do, one thing at a time, by chance. */

import { AdministrationError } from '../../src/auth/administration-error.ts';
import { DEFAULT_HASHING } from '../../src/auth/password-hash.ts';
import { EMPTY_TABLE } from '../../src/base/field-table.ts';
import { BrokerError } from '../../src/core/errors.ts';
import { Owner } from '../../src/core/owner.ts';
import type { Queue } from '../../src/core/queue/queue.ts';
import type { Vhost } from '../../src/core/vhost.ts';
import { check } from '../sim/failure.ts';
import type { Chooser } from './chooser.ts';
import { type ChannelWorld, StoreChannel } from './store-channel.ts';
import { FIRST_VHOST } from './store-node.ts';
import type { StoreProfile } from './store-profile.ts';

const QUEUES = ['q0', 'q1', 'q2', 'q3'];
/** The one that gives away nothing, where a profile has one. */
const STUCK = 'q2';
const EXCHANGES = ['x0', 'x1'];
const SOURCES = [...EXCHANGES, 'amq.direct', 'amq.fanout', 'amq.topic'];
const KEYS = ['a', 'b', 'a.b'];
const TYPES = ['direct', 'fanout', 'topic'];
const VHOSTS = [FIRST_VHOST, 'other'];
const USERS = ['u0', 'u1'];
const PATTERNS = ['', '.*', '^a'];
const CHANNELS_MAX = 6;
const LARGE_BYTES = 66_000;
/** Of a queue; there may be no persistent message on one. */
const PAGES_MAX = 100;

const owner = new Owner('sim', 'sim');

/** What acts need of the world in which they happen. */
export interface ActingWorld extends ChannelWorld, Chooser {
  readonly profile: StoreProfile;
  readonly channels: StoreChannel[];
}

type Act = (world: ActingWorld) => void;

/** Does something; what is refused is done, too. */
export function act(world: ActingWorld): void {
  try {
    chosen(world, ACTS)(world);
  } catch (error) {
    if (!(error instanceof BrokerError || error instanceof AdministrationError)) throw error;
  }
}

/** Declares what nearly every history needs. */
export function beginTopology(world: ActingWorld): void {
  const vhost = world.node.broker.addVhost(FIRST_VHOST);
  for (const name of QUEUES.slice(0, 3)) {
    vhost.declareQueue(owner, { name, durable: true, exclusive: false, autoDelete: false, arguments: EMPTY_TABLE });
    if (!isStuck(world, name)) vhost.bindQueue(owner, name, 'amq.fanout', '', EMPTY_TABLE);
  }
}

/** Memory is short, and some queue is asked to give up what it has there; or what clients have held for long goes. */
export function pageOut(world: ActingWorld): void {
  world.node.broker.unackedPaging.tick();
  const queues = [...anyVhost(world).queues];
  if (queues.length > 0) world.of(queues).pageOutReady();
}

/** Clients that come as soon as a broker is there. */
export function beginClients(world: ActingWorld): void {
  for (let count = 2 + world.below(3); count > 0; count--) openChannel(world);
  if (world.isOneIn(2)) consume(world);
}

const ACTS: readonly (readonly [number, Act])[] = [
  [40, publish],
  [6, consume],
  [2, cancel],
  [10, get],
  [25, settle],
  [2, recover],
  [10, commit],
  [1, rollback],
  [4, openChannel],
  [2, closeChannel],
  [4, declareQueue],
  [1, deleteQueue],
  [1, purgeQueue],
  [2, declareExchange],
  [1, deleteExchange],
  [4, bind],
  [2, unbind],
  [1, changeVhosts],
  [1, changeUsers],
];

function publish(world: ActingWorld): void {
  const channel = anyChannel(world);
  // Some have not heard yet that they are blocked.
  if (channel === undefined || (world.node.faults.isOutOfSpace && !world.isOneIn(4))) return;
  const { profile } = world;
  const target = world.isOneIn(3)
    ? { exchange: world.of(SOURCES), key: world.of(KEYS) }
    : { exchange: '', key: world.of(QUEUES) };
  const isPersistent = !world.isOneIn(profile.transientOdds);
  const bodyBytes = world.isOneIn(profile.largeOdds)
    ? LARGE_BYTES + world.below(50_000)
    : world.below(profile.bodyBytesMax);
  if (target.key === STUCK && profile.hasStuckQueue && !world.isOneIn(10)) return;
  for (let count = world.isOneIn(4) ? 1 + world.below(20) : 1; count > 0; count--) {
    if (!hasRoom(world, channel.vhost)) return;
    channel.publish({ ...target, isPersistent, bodyBytes });
  }
}

function hasRoom({ node, profile }: ActingWorld, vhost: string): boolean {
  return [...node.vhost(vhost).queues].every(({ readyCount }) => readyCount < profile.backlogMax);
}

function consume(world: ActingWorld): void {
  const channel = anyChannel(world);
  const queue = channel && anyQueue(world, channel.vhost);
  if (queue === undefined || channel === undefined || channel.consumers.size > 2) return;
  channel.consume(queue, { noAck: world.isOneIn(4), prefetch: world.of([0, 1, 5]) });
}

function cancel(world: ActingWorld): void {
  const channel = anyChannel(world);
  if (channel === undefined || channel.consumers.size === 0) return;
  channel.cancel(world.of([...channel.consumers.keys()]));
}

function get(world: ActingWorld): void {
  const channel = anyChannel(world);
  const queue = channel && anyQueue(world, channel.vhost);
  if (queue !== undefined) channel?.get(queue, world.isOneIn(3));
}

function settle(world: ActingWorld): void {
  const channel = anyChannel(world);
  if (channel === undefined || channel.held.size === 0) return;
  const tag = world.of([...channel.held.keys()]);
  channel.settle(tag, world.isOneIn(3), world.of(['ack', 'ack', 'ack', 'reject', 'requeue']));
}

function recover(world: ActingWorld): void {
  anyChannel(world)?.recover();
}

function commit(world: ActingWorld): void {
  const channel = anyChannel(world);
  if (channel?.isTransactional && !world.node.faults.isOutOfSpace) channel.commit();
}

function rollback(world: ActingWorld): void {
  anyChannel(world)?.rollback();
}

function openChannel(world: ActingWorld): void {
  if (world.channels.length >= CHANNELS_MAX) return;
  const { name } = anyVhost(world);
  world.channels.push(new StoreChannel(world, name, world.isOneIn(world.profile.transactionalOdds)));
}

function closeChannel(world: ActingWorld): void {
  const channel = anyChannel(world);
  if (channel === undefined) return;
  channel.close();
  world.channels.splice(world.channels.indexOf(channel), 1);
}

function declareQueue(world: ActingWorld): void {
  const shape = { durable: !world.isOneIn(4), exclusive: false, autoDelete: world.isOneIn(6), arguments: EMPTY_TABLE };
  anyVhost(world).declareQueue(owner, { name: world.of(QUEUES), ...shape });
}

function deleteQueue(world: ActingWorld): void {
  const vhost = anyVhost(world);
  const name = world.of(QUEUES);
  if (isStuck(world, name)) return;
  vhost.deleteQueue(owner, name, { ifUnused: false, ifEmpty: false });
  if (world.isOneIn(2)) return;
  vhost.declareQueue(owner, { name, durable: true, exclusive: false, autoDelete: false, arguments: EMPTY_TABLE });
}

function purgeQueue(world: ActingWorld): void {
  const queue = anyQueue(world, anyVhost(world).name);
  if (queue === undefined) return;
  const { appended, certain, model } = world;
  queue.purge();
  const records = model.queue(queue.id).purge(appended + 1, world.appended, certain);
  const made = world.appended - appended;
  // What is on a page leaves with one record.
  const isRight = world.profile.pageOdds > 0 ? made <= records + PAGES_MAX : made === records;
  check(isRight, () => `a purge appended ${made} records for ${records} messages`);
}

function declareExchange(world: ActingWorld): void {
  const shape = { durable: !world.isOneIn(4), autoDelete: world.isOneIn(4), internal: false, arguments: EMPTY_TABLE };
  anyVhost(world).declareExchange(owner, { name: world.of(EXCHANGES), type: world.of(TYPES), ...shape });
}

function deleteExchange(world: ActingWorld): void {
  anyVhost(world).deleteExchange(owner, world.of(EXCHANGES), { ifUnused: world.isOneIn(2) });
}

function bind(world: ActingWorld): void {
  const vhost = anyVhost(world);
  const key = world.of(KEYS);
  const source = world.of(SOURCES);
  if (world.isOneIn(4))
    vhost.bindExchange(owner, { source, destination: world.of(SOURCES), key, arguments: EMPTY_TABLE });
  else {
    const queue = world.of(QUEUES);
    if (!isStuck(world, queue)) vhost.bindQueue(owner, queue, source, key, EMPTY_TABLE);
  }
}

function unbind(world: ActingWorld): void {
  const vhost = anyVhost(world);
  const bindings = [...vhost.exchanges].flatMap((exchange) => [...exchange.bindings]);
  if (bindings.length === 0) return;
  const { kind, source, destination, key } = world.of(bindings);
  if (kind === 'queue') vhost.unbindQueue(owner, destination.name, source, key, EMPTY_TABLE);
  else vhost.unbindExchange(owner, { source, destination: destination.name, key, arguments: EMPTY_TABLE });
}

function changeVhosts(world: ActingWorld): void {
  const { broker, permissions } = world.node;
  const name = VHOSTS[1] ?? '';
  if (broker.findVhost(name) === undefined) {
    broker.addVhost(name, { description: world.of(KEYS), tags: [], defaultQueueType: undefined });
    return;
  }
  if (!world.isOneIn(3)) return;
  for (const channel of world.channels.filter(({ vhost }) => vhost === name)) {
    channel.close();
    world.channels.splice(world.channels.indexOf(channel), 1);
  }
  broker.deleteVhost(name);
  permissions.clearVhost(name);
}

function changeUsers(world: ActingWorld): void {
  const { users, permissions } = world.node;
  const user = world.of(USERS);
  const vhost = anyVhost(world).name;
  if (users.find(user) === undefined) {
    users.add({ name: user, password: { hash: world.of(KEYS), algorithm: DEFAULT_HASHING }, tags: [world.of(KEYS)] });
    return;
  }
  switch (world.below(6)) {
    case 0:
      users.delete(user);
      return permissions.clearUser(user);
    case 1:
      return void users.update(user, { tags: [world.of(KEYS)] });
    case 2:
      return void permissions.clear(user, vhost);
    case 3:
      return void permissions.clearTopic(user, vhost, world.isOneIn(2) ? undefined : 'amq.topic');
    case 4:
      return void permissions.setTopic({ user, vhost, exchange: 'amq.topic', write: world.of(PATTERNS), read: '' });
    default:
      return void permissions.set({ user, vhost, configure: world.of(PATTERNS), write: '', read: world.of(PATTERNS) });
  }
}

function anyChannel(world: ActingWorld): StoreChannel | undefined {
  return world.channels.length === 0 ? undefined : world.of(world.channels);
}

function anyVhost(world: ActingWorld): Vhost {
  const vhosts = [...world.node.broker.vhosts];
  return world.isOneIn(4) ? world.of(vhosts) : world.node.vhost(FIRST_VHOST);
}

function anyQueue(world: ActingWorld, vhost: string): Queue | undefined {
  const queues = [...world.node.vhost(vhost).queues].filter(({ name }) => !isStuck(world, name));
  return queues.length === 0 ? undefined : world.of(queues);
}

function isStuck({ profile }: ActingWorld, queue: string): boolean {
  return profile.hasStuckQueue && queue === STUCK;
}

function chosen(world: ActingWorld, acts: readonly (readonly [number, Act])[]): Act {
  let left = world.below(acts.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, one] of acts) {
    left -= weight;
    if (left < 0) return one;
  }
  throw new Error('no act has any weight');
}
