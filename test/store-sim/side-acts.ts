/**
 * Says things about messages and keys to the log, as features of the core will: by chance, with a source of its own, so
 * that seeds without any of it stay what they were.
 */

import { byteText } from '../../src/base/byte-text.ts';
import type { Random } from '../../src/base/random.ts';
import type { SideFact } from '../../src/core/side-fact.ts';
import type { DiskLog } from '../../src/storage/disk/disk-log.ts';
import type { OpenedLog } from '../../src/storage/disk/open-log.ts';
import type { History } from './history.ts';
import type { StoreModel } from './store-model.ts';
import { liveSequences } from './stored-state.ts';

const KEYS = [Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(255, 7), new Uint8Array(255).fill(65)];
const TIMES = 1000;
/** Facts that are said together, at most, and how often they are a group. */
const FACTS_MAX = 5;
const GROUP_ODDS = 6;

/** What is told of the world. */
export interface SpokenWorld {
  readonly model: StoreModel;
  readonly appended: number;
  readonly history: History;
}

export class SideActs {
  /** One in so many steps says something; 0 for none. */
  readonly odds: number;
  readonly #world: SpokenWorld;
  readonly #random: Random;
  #log: DiskLog | undefined;
  /** By queue: the messages of it that are in the log. */
  #logged = new Map<number, Set<number>>();
  /** Times that are said rise, more or less. */
  #nowMs = 0;

  constructor(world: SpokenWorld, random: Random) {
    this.#world = world;
    this.#random = random;
    this.odds = this.#of([0, 2, 6, 20]);
  }

  /** A broker has started. */
  started(opened: OpenedLog, queueIds: Iterable<number>): void {
    const { log, found } = opened;
    this.#log = log;
    this.#logged = new Map();
    for (const id of queueIds) {
      this.#logged.set(id, liveSequences(found.live, id));
      const { returns, seen } = opened.sideStateOf(id) ?? {};
      this.#world.history.side.cameBack += (returns?.size ?? 0) + (seen?.size ?? 0);
    }
    this.#listen(log);
  }

  /** @param queueIds of durable queues that there are */
  step(queueIds: readonly number[]): void {
    if (this.odds === 0 || this.#random.below(this.odds) > 0 || queueIds.length === 0) return;
    const log = this.#log;
    if (log === undefined) return;
    const isGroup = this.#random.below(GROUP_ODDS) === 0;
    const first = this.#world.appended + 1;
    if (isGroup) log.beginGroup();
    for (let count = 1 + this.#random.below(FACTS_MAX); count > 0; count--) this.#say(log, this.#of(queueIds));
    if (isGroup) log.endGroup();
    if (isGroup) this.#world.model.grouped(first, this.#world.appended);
  }

  #say(log: DiskLog, queueId: number): void {
    this.#nowMs += this.#random.below(20);
    const choice = this.#random.below(8);
    if (choice === 0) return this.#sayKey(log, queueId);
    if (choice === 1) return this.#sayExpired(log, queueId);
    const sequences = [...(this.#logged.get(queueId) ?? [])];
    if (sequences.length === 0) return;
    const fact = this.#factOf(queueId, this.#of(sequences));
    if (fact.kind === 'returned') log.returned(queueId, fact.sequence, fact.count);
    else if (fact.kind === 'delayDue') log.delayDue(queueId, fact.sequence, fact.dueMs);
    else log.delayCancelled(queueId, fact.sequence);
    this.#said(fact);
    if (this.#random.below(4) === 0) this.#sayGroup(log, queueId, fact.sequence);
  }

  #factOf(queueId: number, sequence: number) {
    const about = { queueId, sequence };
    switch (this.#random.below(4)) {
      case 0:
        return { kind: 'delayCancelled', ...about } as const;
      case 1:
        return { kind: 'delayDue', ...about, dueMs: this.#random.below(TIMES) } as const;
      default: {
        const before = this.#world.model.side.newest({ kind: 'returned', ...about, count: 1 });
        return { kind: 'returned', ...about, count: Number(before ?? 0) + 1 + this.#random.below(3) } as const;
      }
    }
  }

  #sayGroup(log: DiskLog, queueId: number, sequence: number): void {
    const key = this.#of(KEYS);
    log.groupKey(queueId, sequence, key);
    this.#said({ kind: 'groupKey', queueId, sequence, key: byteText(key) });
  }

  #sayKey(log: DiskLog, queueId: number): void {
    const key = this.#of(KEYS);
    const untilMs = this.#nowMs + this.#random.below(100);
    log.dedupSeen(queueId, key, untilMs);
    this.#said({ kind: 'dedupSeen', queueId, key: byteText(key), untilMs });
  }

  #sayExpired(log: DiskLog, queueId: number): void {
    log.dedupExpired(queueId, this.#nowMs);
    this.#world.model.side.expired(queueId, this.#nowMs);
  }

  #said(fact: SideFact): void {
    this.#world.history.side.said++;
    this.#world.model.side.said(fact, this.#world.appended);
  }

  /** Notices which messages are in the log. */
  #listen(log: DiskLog): void {
    const reached = log.reached.bind(log);
    const settle = log.settle.bind(log);
    const settleRun = log.settleRun.bind(log);
    log.reached = (queueId, sequence) => {
      reached(queueId, sequence);
      const logged = this.#logged.get(queueId) ?? new Set();
      this.#logged.set(queueId, logged.add(sequence));
      this.#world.model.side.published(queueId, sequence, this.#world.appended);
    };
    log.settle = (queueId, sequence, reason) => {
      this.#logged.get(queueId)?.delete(sequence);
      return settle(queueId, sequence, reason);
    };
    log.settleRun = (queueId, first, count, reason) => {
      const logged = this.#logged.get(queueId) ?? new Set();
      for (const sequence of [...logged]) if (sequence >= first && sequence < first + count) logged.delete(sequence);
      return settleRun(queueId, first, count, reason);
    };
  }

  #of<Item>(items: readonly Item[]): Item {
    const item = items[this.#random.below(items.length)];
    if (item === undefined) throw new Error('there is nothing to choose from');
    return item;
  }
}
