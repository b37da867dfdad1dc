/**
 * What the facts about messages and keys that are in the log add up to (core/side-fact.ts), by queue. It is a part of the
 * index of live messages: checkpoints have it, so that the segments with the facts can be used again.
 *
 * What belongs to a message goes when it is settled. No clock is asked: keys whose time is up go when somebody says so.
 */

import { unreachable } from '../../base/assert.ts';
import type { QueueSideState, SideFact } from '../../core/side-fact.ts';

export class SideState {
  readonly #queues = new Map<number, QueueFacts>();

  /** There is none, as long as no feature needs it. */
  get isEmpty(): boolean {
    return this.#queues.size === 0;
  }

  /** A fact is in the log. */
  apply(fact: SideFact): void {
    const { queueId } = fact;
    const queue = this.#queues.get(queueId) ?? new QueueFacts();
    this.#queues.set(queueId, queue);
    queue.apply(fact);
    if (queue.isEmpty) this.#queues.delete(queueId);
  }

  /** So many messages in a row have left a queue. */
  removeRun(queueId: number, first: number, count: number): void {
    const queue = this.#queues.get(queueId);
    if (queue === undefined) return;
    queue.removeRun(first, count);
    if (queue.isEmpty) this.#queues.delete(queueId);
  }

  dropQueue(queueId: number): void {
    this.#queues.delete(queueId);
  }

  /** Keys that were to count up to this time may go. */
  expire(queueId: number, upToMs: number): void {
    const queue = this.#queues.get(queueId);
    if (queue === undefined) return;
    queue.expire(upToMs);
    if (queue.isEmpty) this.#queues.delete(queueId);
  }

  /** What belongs to messages that are not there goes. */
  prune(isLive: (queueId: number, sequence: number) => boolean): void {
    for (const [queueId, queue] of this.#queues) {
      for (const sequence of queue.sequences()) if (!isLive(queueId, sequence)) this.removeRun(queueId, sequence, 1);
    }
  }

  /** Takes over all of another one that belongs to certain queues. That one is not used any more. */
  takeOver(other: SideState, isWanted: (queueId: number) => boolean): void {
    for (const [queueId, queue] of other.#queues) if (isWanted(queueId)) this.#queues.set(queueId, queue);
  }

  /** What is known of a queue; undefined when that is nothing. It changes as the log goes on. */
  of(queueId: number): QueueSideState | undefined {
    return this.#queues.get(queueId);
  }

  /** All there is, as facts, while it may go on changing: what comes meanwhile may be among them. */
  *facts(): Iterable<SideFact> {
    for (const [queueId, queue] of this.#queues) yield* queue.facts(queueId);
  }
}

class QueueFacts implements QueueSideState {
  readonly returns = new Map<number, number>();
  readonly dues = new Map<number, number>();
  readonly groupKeys = new Map<number, string>();
  /** Those that were seen last are at the end. */
  readonly seen = new Map<string, number>();

  get isEmpty(): boolean {
    return this.returns.size + this.dues.size + this.groupKeys.size + this.seen.size === 0;
  }

  apply(fact: SideFact): void {
    switch (fact.kind) {
      case 'returned':
        return void this.returns.set(fact.sequence, Math.max(fact.count, this.returns.get(fact.sequence) ?? 0));
      case 'delayDue':
        return void this.dues.set(fact.sequence, fact.dueMs);
      case 'delayCancelled':
        return void this.dues.delete(fact.sequence);
      case 'groupKey':
        return void this.groupKeys.set(fact.sequence, fact.key);
      case 'dedupSeen':
        return this.#see(fact.key, fact.untilMs);
      default:
        return unreachable(fact);
    }
  }

  /** A key that waited for room on a full disk may come after what was said of it later. */
  #see(key: string, untilMs: number): void {
    const latestMs = Math.max(untilMs, this.seen.get(key) ?? 0);
    this.seen.delete(key);
    this.seen.set(key, latestMs);
  }

  removeRun(first: number, count: number): void {
    for (const values of [this.returns, this.dues, this.groupKeys]) removeRun(values, first, count);
  }

  /** From the front: windows of one length end in the order in which they began. */
  expire(upToMs: number): void {
    for (const [key, untilMs] of this.seen) {
      if (untilMs > upToMs) return;
      this.seen.delete(key);
    }
  }

  /** Of the messages about which anything is known; some may come more than once. */
  *sequences(): Iterable<number> {
    yield* this.returns.keys();
    yield* this.dues.keys();
    yield* this.groupKeys.keys();
  }

  *facts(queueId: number): Iterable<SideFact> {
    for (const [sequence, count] of this.returns) yield { kind: 'returned', queueId, sequence, count };
    for (const [sequence, dueMs] of this.dues) yield { kind: 'delayDue', queueId, sequence, dueMs };
    for (const [sequence, key] of this.groupKeys) yield { kind: 'groupKey', queueId, sequence, key };
    for (const [key, untilMs] of this.seen) yield { kind: 'dedupSeen', queueId, key, untilMs };
  }
}

/** A run may be far longer than what is known. */
function removeRun(values: Map<number, unknown>, first: number, count: number): void {
  if (count <= values.size) {
    for (let sequence = first; sequence < first + count; sequence++) values.delete(sequence);
    return;
  }
  for (const sequence of values.keys()) if (sequence >= first && sequence < first + count) values.delete(sequence);
}
