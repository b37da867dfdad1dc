/**
 * Gives memory back after a peak: drops what the core no longer needs, then has the engine collect it, because an idle
 * process would not do so by itself.
 */

import type { ChunkPool } from '../base/output.ts';
import type { Broker } from '../core/broker.ts';
import { type Collect, collectGarbage } from './collector.ts';

/** Below this it is not worth a pause of some milliseconds. */
const COLLECT_BYTES_MIN = 32 * 1024 * 1024;
/** Turns in a row without more than this much traffic count as quiet. */
const QUIET_MESSAGES_PER_TICK = 1000;
/** Quiet ticks after which memory kept for the next burst goes: 7 s. */
const QUIET_TICKS = 14;
/**
 * Quiet ticks after which new objects are collected. The engine gives the room for them back, up to 32 MB, in a
 * collection that comes more than five seconds after one, when next to nothing was made in between.
 */
const LULL_TICKS = 2;
/**
 * With traffic, what was not needed for two periods of two minutes is let go. Memory taken anew costs several times what
 * a message does: 2.3 us per KB on a virtual machine that has to ask its host for it.
 */
const PERIOD_TICKS = 240;
/** Slabs of 32 MB let go per tick while there is traffic: with more at once it would wait for the system to take them. */
const SLABS_PER_TICK = 4;

export class MemoryKeeper {
  readonly #broker: Broker;
  readonly #pool: ChunkPool;
  readonly #collect: Collect;
  #droppedBytes = 0;
  #ticks = 0;
  #quietTicks = 0;
  #lastMessages = 0;

  constructor(broker: Broker, pool: ChunkPool, collect: Collect = collectGarbage) {
    this.#broker = broker;
    this.#pool = pool;
    this.#collect = collect;
  }

  /** Called about twice a second. */
  tick(): void {
    const { messages } = this.#broker;
    if (++this.#ticks % PERIOD_TICKS === 0) messages.endPeriod();
    const isQuiet = this.#isQuiet();
    this.#quietTicks = isQuiet ? this.#quietTicks + 1 : 0;
    if (this.#quietTicks === LULL_TICKS) this.#collect('young');
    const hasJustBecomeQuiet = this.#quietTicks === QUIET_TICKS;
    if (hasJustBecomeQuiet) this.#forgetPeak();
    this.#droppedBytes += messages.trim(hasJustBecomeQuiet ? Number.MAX_SAFE_INTEGER : SLABS_PER_TICK);
    if (this.#droppedBytes < COLLECT_BYTES_MIN && !hasJustBecomeQuiet) return;
    this.#droppedBytes = 0;
    this.#collect(hasJustBecomeQuiet ? 'compact' : 'all');
  }

  /** Gives back what nothing uses, at once, and collects. @returns how long that took, in milliseconds */
  giveBack(): number {
    const beforeMs = performance.now();
    this.#drop();
    this.#collect('all');
    return performance.now() - beforeMs;
  }

  /** Gives back the memory that is kept for messages to come, if there is any. */
  giveBackSpare(): void {
    if (this.#drop() > 0) this.#collect('all');
  }

  /** @returns the bytes of message memory that a collection would give back */
  #drop(): number {
    this.#forgetPeak();
    this.#droppedBytes = 0;
    return this.#broker.messages.trim(Number.MAX_SAFE_INTEGER);
  }

  #forgetPeak(): void {
    this.#pool.shrink();
    this.#broker.routes.clear();
    this.#droppedBytes += this.#broker.messages.trimHandles();
    this.#broker.messages.endPeriod();
    this.#broker.messages.endPeriod();
  }

  #isQuiet(): boolean {
    let messages = this.#broker.pump.handedOut;
    for (const vhost of this.#broker.vhosts) messages += vhost.counters.published;
    const since = messages - this.#lastMessages;
    this.#lastMessages = messages;
    return since < QUIET_MESSAGES_PER_TICK;
  }
}
