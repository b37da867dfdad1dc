/**
 * What is in a store, as its clients would find it: opens it with a broker, reads all definitions, takes every message from
 * every queue, and lets nothing be left over.
 */

import { Messages } from '../../src/core/messages.ts';
import { EMPTY, NOT_RESIDENT, type Queue } from '../../src/core/queue/queue.ts';
import type { Unacked } from '../../src/core/queue/unacked.ts';
import type { LiveMessages } from '../../src/storage/disk/live-messages.ts';
import type { Damage } from '../../src/storage/disk/segment-scan.ts';
import { check } from '../sim/failure.ts';
import type { SimulatedDisk } from '../support/simulated-disk.ts';
import type { Known } from './known.ts';
import { checkExpiries } from './page-expiries.ts';
import { identify, type SimMessage } from './sim-message.ts';
import { type LogSizes, type StartOptions, StoreNode } from './store-node.ts';

export interface StoredMessage {
  readonly id: number;
  readonly redelivered: boolean;
}

export interface StoredQueue {
  readonly id: number;
  readonly name: string;
  readonly messages: readonly StoredMessage[];
  /** The sequences of those that are in the log. */
  readonly live: ReadonlySet<number>;
  /** What else is known of them, and of keys: see `nameOf`. */
  readonly known: ReadonlyMap<string, Known>;
}

export interface StoredState {
  /** All definitions, as lines. */
  readonly definitions: string;
  readonly queues: readonly StoredQueue[];
  /** What recovery says is missing. */
  readonly damages: readonly Damage[];
  readonly torn: Damage | undefined;
  readonly lostQueues: ReadonlySet<number>;
  /** Some of their pages cannot be read. */
  readonly damagedQueues: ReadonlySet<number>;
}

export interface ReadOptions {
  readonly disk: SimulatedDisk;
  readonly sizes: LogSizes;
  /** Finds a message by its number. */
  readonly known: (id: number) => SimMessage | undefined;
}

/** Memory of messages costs 32 MB at once, and is empty again after each reading that finds nothing wrong. */
let emptyMemory: Messages | undefined;

/** @param options the disk is used up: give a copy */
export function readState({ disk, sizes, known }: ReadOptions): StoredState {
  disk.heal();
  const messages = emptyMemory ?? new Messages();
  emptyMemory = undefined;
  const node = openNow({ disk, sizes, messages, epoch: 0xffff_ffff });
  checkExpiries({ pages: node.opened.found.live.pages, disk, messages, known });
  const definitions = node.definitions();
  const queues: StoredQueue[] = [];
  for (const vhost of node.broker.vhosts) {
    for (const queue of vhost.queues) {
      const { id, name } = queue;
      const side = { live: liveSequences(node.opened.found.live, id), known: knownOf(node, id) };
      queues.push({ id, name, ...side, messages: drain(node, disk, queue, known) });
    }
  }
  rest(node, disk);
  const { damagedQueues } = node;
  if (damagedQueues.size === 0) {
    const { blocks, largeBytes } = messages.stats;
    check(blocks === 0 && largeBytes === 0, () => `${blocks} messages are left in memory when all queues are empty`);
    emptyMemory = messages;
  }
  const { damages, torn, lostQueues } = node.opened.found;
  return { definitions, queues, damages, torn, lostQueues, damagedQueues };
}

/** The sequences of messages that are in the log. */
export function liveSequences(live: LiveMessages, queueId: number): Set<number> {
  const sequences = new Set(live.sequencesOf(queueId));
  for (const page of live.pages.pagesOf(queueId)) {
    for (let entry = 0; entry < page.span; entry++) {
      if (page.isLive(page.firstSequence + entry)) sequences.add(page.firstSequence + entry);
    }
  }
  return sequences;
}

/** Nothing has flipped: whatever a crash leaves can be told from damage. */
export function checkWhole({ damages, damagedQueues }: StoredState): void {
  const [damage] = damages;
  check(damage === undefined, () => `${damage?.file} is said to be damaged at byte ${damage?.from}`);
  check(damagedQueues.size === 0, () => `pages of the queues ${[...damagedQueues]} are said to be damaged`);
}

function knownOf({ opened }: StoreNode, queueId: number): Map<string, Known> {
  const { returns = [], dues = [], groupKeys = [], seen = [] } = opened.sideStateOf(queueId) ?? {};
  return new Map<string, Known>([
    ...[...returns].map(([sequence, count]) => [`returns of ${sequence}`, count] as const),
    ...[...dues].map(([sequence, dueMs]) => [`time of ${sequence}`, dueMs] as const),
    ...[...groupKeys].map(([sequence, key]) => [`group of ${sequence}`, key] as const),
    ...[...seen].map(([key, untilMs]) => [`key ${key}`, untilMs] as const),
  ]);
}

function openNow(options: StartOptions): StoreNode {
  const opening = StoreNode.start(options);
  for (;;) {
    const { value, done } = opening.next();
    if (done === true) return value;
  }
}

/** Takes all messages of a queue by `get`, without acknowledgements. */
function drain(node: StoreNode, disk: SimulatedDisk, queue: Queue, known: ReadOptions['known']): StoredMessage[] {
  const found: StoredMessage[] = [];
  const count = queue.readyCount;
  const sink = {
    taken: (handle: number, _tag: number, redelivered: boolean) => {
      found.push({ id: identify(node.broker.messages, handle, known).id, redelivered });
    },
  };
  for (;;) {
    const tag = queue.take(NO_TAGS, true, sink);
    if (tag === EMPTY) break;
    if (tag === NOT_RESIDENT) rest(node, disk);
    // The broker stops it then.
    if (node.damagedQueues.has(queue.id)) return found;
  }
  check(found.length === count, () => `queue '${queue.name}' says ${count} messages and has ${found.length}`);
  check(queue.readyCount === 0, () => `queue '${queue.name}' is empty and says ${queue.readyCount} messages`);
  return found;
}

/** Until nothing moves. */
function rest(node: StoreNode, disk: SimulatedDisk): void {
  do {
    node.turn(1000);
    disk.runAll();
  } while (node.log.durable < node.log.appended);
}

/** Nothing is kept by tag. */
const NO_TAGS: Pick<Unacked, 'skip' | 'addFetched'> = {
  skip: () => 1,
  addFetched: () => {
    throw new Error('a get without acknowledgement keeps its message');
  },
};
