/**
 * The memory alarm: set as soon as more is in use than may be, cleared when there is clearly less. A warning comes before
 * it; what helps against a full heap, which it does not, is in heap-room.ts.
 *
 * Garbage is no reason for an alarm, but only a collection tells what is garbage: there is one before the alarm is set,
 * and while it is set as often as it can help.
 */

import type { Clock } from '../../base/clock.ts';
import type { Alarms } from '../../core/alarms.ts';
import type { IncompleteBodies } from '../../core/incomplete-bodies.ts';
import type { MemoryKeeper } from '../memory-keeper.ts';
import type { AlarmLines } from './alarm-lines.ts';
import { Collections } from './collections.ts';
import { HeapRoom } from './heap-room.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** Of the limit. Without a distance between setting and clearing, clients would be blocked many times a second. */
const CLEAR_SHARE = 0.9;
/** Of the limit: the warning, and what it has to stay below, for ten seconds, before it comes again: garbage comes and goes. */
const NEAR_SHARE = 0.8;
const FAR_SHARE = 0.7;
const FAR_TICKS = 20;

/** The heap is looked at in each check only when more of its limit is in use. */
const CALM_HEAP_SHARE = 0.5;
const CHECKS_BETWEEN_LOOKS = 4;

/** For so long memory is taken for garbage when it is too early to collect. */
const SUSPECTED_MS_MAX = 2000;
/** Spare message memory is given back when it would go beyond the limit: what is smaller cannot be. */
const SPARE_BYTES_MIN = 32 * 1024 * 1024;

/**
 * Half-received bodies that hold more than this share of the limit, for so long, keep the alarm up by themselves: their
 * clients are blocked and cannot finish, and nobody can drain them.
 */
const INCOMPLETE_SHARE = 0.5;
const INCOMPLETE_MS = 10_000;

export interface MemoryAlarmOptions {
  readonly budget: MemoryBudget;
  readonly alarms: Alarms;
  readonly incompleteBodies: IncompleteBodies;
  readonly lines: AlarmLines;
  readonly clock: Clock;
  readonly keeper: Pick<MemoryKeeper, 'giveBack' | 'giveBackSpare'>;
}

export class MemoryAlarm {
  readonly #options: MemoryAlarmOptions;
  readonly #budget: MemoryBudget;
  readonly #alarms: Alarms;
  readonly #collections: Collections;
  readonly #heapRoom: HeapRoom;
  #checksBeforeLook = 0;
  #isNear = false;
  #farTicks = 0;
  /** Since then more is in use than may be, perhaps only by garbage. */
  #suspectedAtMs: number | undefined;
  #setAtMs = 0;

  constructor(options: MemoryAlarmOptions) {
    const { budget, alarms, clock, keeper, lines } = options;
    this.#options = options;
    this.#budget = budget;
    this.#alarms = alarms;
    this.#collections = new Collections(budget, clock, keeper);
    this.#heapRoom = new HeapRoom({ budget, alarms, collections: this.#collections, lines });
    alarms.lookForRoom = () => this.#heapRoom.look();
  }

  /** Called after each read of a socket and at the end of each turn, because a flood fills a gigabyte in a second. */
  check(): void {
    if (--this.#checksBeforeLook <= 0) this.#lookAtHeap();
    if (this.#isOver && !this.#alarms.isSet('memory')) this.#confirm();
  }

  /** Called about twice a second. */
  tick(): void {
    const budget = this.#budget;
    budget.measure();
    this.#watchNear();
    if (this.#alarms.isSet('memory')) this.#tryToClear();
    else this.#suspect();
    this.#heapRoom.tick();
    const isTight = budget.usedBytes + budget.spareBytes > budget.limitBytes;
    if (isTight && budget.spareBytes > SPARE_BYTES_MIN) this.#options.keeper.giveBackSpare();
  }

  /** A look costs 0.4 µs: a part of what a small turn costs. */
  #lookAtHeap(): void {
    this.#heapRoom.look();
    const { heapBytes, heapLimitBytes } = this.#budget;
    this.#checksBeforeLook = heapBytes < heapLimitBytes * CALM_HEAP_SHARE ? CHECKS_BETWEEN_LOOKS : 1;
  }

  get #isOver(): boolean {
    const { usedBytes, limitBytes, heapBytes, heapLimitBytes } = this.#budget;
    return usedBytes > limitBytes || heapBytes > heapLimitBytes;
  }

  /** Without what may be garbage that the last measurement saw. */
  get #isSurelyOver(): boolean {
    const { countedBytes, limitBytes, heapBytes, heapLimitBytes } = this.#budget;
    return countedBytes + heapBytes > limitBytes || heapBytes > heapLimitBytes;
  }

  /** More is in use than may be, if not by garbage. */
  #confirm(): void {
    const isSure = this.#isSurelyOver;
    this.#collections.collect();
    if (isSure && this.#isSurelyOver) this.#set();
  }

  /** Memory outside of the heap is given back some time after a collection: the tick after it sees what was garbage. */
  #suspect(): void {
    if (!this.#isOver) {
      this.#suspectedAtMs = undefined;
      return;
    }
    const nowMs = this.#options.clock.now();
    this.#suspectedAtMs ??= nowMs;
    const { lastAtMs } = this.#collections;
    const wasCollected = lastAtMs >= this.#suspectedAtMs && lastAtMs < nowMs;
    const isOld = nowMs - this.#suspectedAtMs >= SUSPECTED_MS_MAX;
    if (this.#isSurelyOver || wasCollected || isOld) this.#set();
    else this.#collections.collect();
  }

  #set(): void {
    this.#suspectedAtMs = undefined;
    this.#isNear = true;
    this.#setAtMs = this.#options.clock.now();
    this.#options.lines.set('memory', `vm_memory_high_watermark set. ${this.#numbers()}`);
    this.#alarms.set('memory');
  }

  #tryToClear(): void {
    const { usedBytes, limitBytes, heapBytes, heapLimitBytes, countedBytes } = this.#budget;
    const clearBytes = limitBytes * CLEAR_SHARE;
    if (usedBytes <= clearBytes && heapBytes <= heapLimitBytes * CLEAR_SHARE) return this.#clear();
    if (countedBytes <= clearBytes) this.#collections.collectRarely();
    this.#giveUpIncomplete();
  }

  #clear(): void {
    this.#collections.relax();
    this.#options.lines.cleared('memory', `vm_memory_high_watermark clear. ${this.#numbers()}`);
    this.#alarms.clear('memory');
  }

  #giveUpIncomplete(): void {
    const { clock, incompleteBodies, lines } = this.#options;
    const { heldBytes } = incompleteBodies;
    const mayHold = this.#budget.limitBytes * INCOMPLETE_SHARE;
    if (heldBytes <= mayHold || clock.now() - this.#setAtMs < INCOMPLETE_MS) return;
    const refused = incompleteBodies.refuseDownTo(mayHold);
    lines.warning(
      `messages that are half received keep the memory alarm up: they hold ${heldBytes} bytes. The ${refused} largest of them are refused (311), their channels closed`,
    );
  }

  #watchNear(): void {
    const { usedBytes, limitBytes, heapBytes, heapLimitBytes } = this.#budget;
    const share = Math.max(usedBytes / limitBytes, heapBytes / heapLimitBytes);
    this.#farTicks = share < FAR_SHARE ? this.#farTicks + 1 : 0;
    if (this.#farTicks >= FAR_TICKS) this.#isNear = false;
    if (share < NEAR_SHARE || this.#isNear) return;
    this.#isNear = true;
    this.#options.lines.warning(
      `memory use is near the high watermark. ${this.#numbers()}. Publishers will be blocked when it is reached`,
    );
  }

  /** RabbitMQ's words; of the two limits the one that is nearer. */
  #numbers(): string {
    const { usedBytes, limitBytes, heapBytes, heapLimitBytes } = this.#budget;
    if (usedBytes / limitBytes >= heapBytes / heapLimitBytes) return `Memory used:${usedBytes} allowed:${limitBytes}`;
    return `Memory used:${heapBytes} allowed:${heapLimitBytes} (JavaScript heap, see --max-old-space-size)`;
  }
}
