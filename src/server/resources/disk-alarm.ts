/**
 * The disk alarm: set when less is free where the data lies than must be, or when a write has failed for want of space;
 * cleared when there is enough again.
 *
 * It looks every ten seconds, and the more often the nearer the limit is at the rate at which space goes.
 */

import type { Alarms } from '../../core/alarms.ts';
import type { WriteSpace } from '../store-faults.ts';
import type { AlarmLines } from './alarm-lines.ts';

const CHECK_MS_MAX = 10_000;
const CHECK_MS_MIN = 500;
/** While the alarm is set: the operator who makes room should not have to wait. */
const CHECK_MS_SET = 1000;
/** What RabbitMQ expects at the worst; when space goes faster than that, what was seen counts. */
const BYTES_PER_MS_MIN = 250_000;
/** Looks that fit in the time until the limit is reached. */
const LOOKS_BEFORE = 2;

/** Of the limit: the warning, and what has to be free before it comes again. */
const NEAR_FACTOR = 2;
const FAR_FACTOR = 2.5;

export interface DiskAlarmOptions {
  readonly limitBytes: number;
  readonly alarms: Alarms;
  readonly lines: AlarmLines;
  /** Looks at the disk. */
  readonly freeBytes: () => Promise<number>;
}

export class DiskAlarm implements WriteSpace {
  readonly limitBytes: number;
  /** As of the last look; undefined before the first, and when it cannot be told. */
  freeBytes: number | undefined;
  readonly #options: DiskAlarmOptions;
  #isLow = false;
  #isOutOfSpace = false;
  #isNear = false;
  #hasFailed = false;
  #isLooking = false;
  #lookedAtMs = 0;
  #nextLookAtMs = 0;

  constructor(options: DiskAlarmOptions) {
    this.limitBytes = options.limitBytes;
    this.#options = options;
  }

  /** Called about twice a second. @returns when this look, if there was one, has ended */
  async tick(nowMs: number): Promise<void> {
    if (this.#isLooking || nowMs < this.#nextLookAtMs) return;
    this.#isLooking = true;
    try {
      this.#seen(await this.#options.freeBytes(), nowMs);
    } catch (error) {
      this.#failed(error, nowMs);
    }
    this.#isLooking = false;
  }

  outOfSpace(): void {
    if (this.#isOutOfSpace) return;
    this.#isOutOfSpace = true;
    if (!this.#isLow) this.#set();
  }

  hasSpace(): void {
    if (!this.#isOutOfSpace) return;
    this.#isOutOfSpace = false;
    if (!this.#isLow) this.#clear();
  }

  #seen(freeBytes: number, nowMs: number): void {
    this.#hasFailed = false;
    const bytesPerMs = Math.max(BYTES_PER_MS_MIN, this.#lostPerMs(freeBytes, nowMs));
    this.freeBytes = freeBytes;
    this.#lookedAtMs = nowMs;
    this.#judge(freeBytes);
    const idealMs = (freeBytes - this.limitBytes) / bytesPerMs / LOOKS_BEFORE;
    this.#nextLookAtMs = nowMs + (this.#isLow ? CHECK_MS_SET : within(idealMs, CHECK_MS_MIN, CHECK_MS_MAX));
  }

  #lostPerMs(freeBytes: number, nowMs: number): number {
    if (this.freeBytes === undefined || nowMs === this.#lookedAtMs) return 0;
    return (this.freeBytes - freeBytes) / (nowMs - this.#lookedAtMs);
  }

  #judge(freeBytes: number): void {
    const wasLow = this.#isLow;
    this.#isLow = freeBytes < this.limitBytes;
    if (this.#isLow && !wasLow) this.#set(`Free disk space is insufficient. ${this.#numbers(freeBytes)}`);
    if (!this.#isLow && wasLow) this.#clear(`Free disk space is sufficient. ${this.#numbers(freeBytes)}`);
    this.#watchNear(freeBytes);
  }

  #watchNear(freeBytes: number): void {
    if (freeBytes > this.limitBytes * FAR_FACTOR) this.#isNear = false;
    if (freeBytes > this.limitBytes * NEAR_FACTOR || this.#isNear) return;
    this.#isNear = true;
    if (this.#isLow) return;
    const consequence = 'Publishers will be blocked when it falls below the limit';
    this.#options.lines.warning(`free disk space is low. ${this.#numbers(freeBytes)}. ${consequence}`);
  }

  #set(numbers?: string): void {
    const { alarms, lines } = this.#options;
    if (alarms.isSet('disk')) return;
    lines.set('disk', numbers);
    alarms.set('disk');
  }

  #clear(numbers?: string): void {
    if (this.#isOutOfSpace) return;
    const { alarms, lines } = this.#options;
    lines.cleared('disk', numbers);
    alarms.clear('disk');
  }

  /** Said once; the alarm stays as it was. */
  #failed(error: unknown, nowMs: number): void {
    this.freeBytes = undefined;
    this.#nextLookAtMs = nowMs + CHECK_MS_MAX;
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.lines.warning(`Free disk space monitor encountered an error: ${reason}`);
  }

  #numbers(freeBytes: number): string {
    return `Free bytes: ${freeBytes}. Limit: ${this.limitBytes}`;
  }
}

function within(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
