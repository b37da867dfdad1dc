/**
 * A small log with everything in it, and what it holds; and a reading of it that goes no further than the log: for tests
 * that read it very many times.
 */

import { SeededRandom } from '../../src/base/random.ts';
import { Messages } from '../../src/core/messages.ts';
import { SETTLE_REASONS } from '../../src/core/records.ts';
import type { OpenedLog } from '../../src/storage/disk/open-log.ts';
import { bodyText } from '../support/core-broker.ts';
import { LogWorld, logWith } from '../support/opened-log.ts';
import type { SimulatedDisk } from '../support/simulated-disk.ts';

export const QUEUE_IDS = [11, 12, 13, 14, 15];
export const SIZES = { segmentBytes: 4096 };

/** By queue: the bodies of its messages by their sequences. */
export type Contents = Map<number, Map<number, string>>;

export class SmallLog {
  /** What it holds. */
  readonly live: Contents = new Map(QUEUE_IDS.map((id) => [id, new Map()]));
  /** What it ever held. */
  readonly ever: Contents = new Map(QUEUE_IDS.map((id) => [id, new Map()]));
  records = 1 + QUEUE_IDS.length;
  readonly #world = logWith(QUEUE_IDS, SIZES);
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  get disk(): SimulatedDisk {
    return this.#world.disk;
  }

  /** Appends so many records, a few to a batch. */
  append(records: number): void {
    for (let count = 0; count < records; count++) {
      if (this.#random.below(3) === 0) this.#settle();
      else this.#publish();
      if (this.#random.below(10) === 0) this.#world.flush();
    }
    this.#world.flush();
  }

  settleAll(): void {
    for (const [id, messages] of this.live) {
      for (const sequence of messages.keys()) this.#world.log.settle(id, sequence, SETTLE_REASONS.acked);
      messages.clear();
    }
    this.#world.flush();
  }

  checkpoint(): void {
    const fault = this.#world.checkpoint();
    if (fault !== undefined) throw new Error(fault.message);
  }

  /** To one queue or two. */
  #publish(): void {
    const body = `message ${this.records++}`;
    const first = this.#random.below(QUEUE_IDS.length);
    const ids = new Set([QUEUE_IDS[first], QUEUE_IDS[(first + this.#random.below(2)) % QUEUE_IDS.length]]);
    const targets = [...ids].filter((id) => id !== undefined).map((id) => [id, this.#arrive(id, body)] as const);
    this.#world.publish(body, ...targets);
  }

  #arrive(queueId: number, body: string): number {
    const sequence = (this.ever.get(queueId)?.size ?? 0) + 1;
    this.ever.get(queueId)?.set(sequence, body);
    this.live.get(queueId)?.set(sequence, body);
    return sequence;
  }

  #settle(): void {
    const id = QUEUE_IDS[this.#random.below(QUEUE_IDS.length)] ?? 0;
    const sequences = [...(this.live.get(id)?.keys() ?? [])];
    const sequence = sequences[this.#random.below(Math.max(1, sequences.length))];
    if (sequence === undefined) return;
    this.live.get(id)?.delete(sequence);
    this.#world.log.settle(id, sequence, SETTLE_REASONS.acked);
    this.records++;
  }
}

/** What was found in a log. */
export interface Found {
  readonly contents: Contents;
  /** The queues that recovery names, by whatever; undefined for all. */
  readonly named: ReadonlySet<number> | undefined;
}

const messages = new Messages();

export function readLog(disk: SimulatedDisk): Found {
  const { opened } = new LogWorld(disk, { messages, ...SIZES });
  const contents: Contents = new Map();
  const reading = opened.readMessages((queueId, sequence, message) => {
    const queue = contents.get(queueId) ?? new Map<number, string>();
    contents.set(queueId, queue.set(sequence, bodyText(messages, message)));
    messages.release(message);
  });
  while (reading.next().done !== true);
  return { contents, named: namedIn(opened) };
}

function namedIn({ found: { damages, torn, lostQueues } }: OpenedLog): ReadonlySet<number> | undefined {
  const all = torn === undefined ? damages : [...damages, torn];
  if (all.some(({ queueIds }) => queueIds === undefined)) return undefined;
  return new Set([...all.flatMap(({ queueIds }) => queueIds ?? []), ...lostQueues]);
}
