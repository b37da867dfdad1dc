/** When publishers are blocked for want of disk space, and how often it is looked at: a disk and a clock by hand. */

import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../base/clock.ts';
import { Alarms } from '../../core/alarms.ts';
import { logLinesTo } from '../log-lines.ts';
import { AlarmLines } from './alarm-lines.ts';
import { DiskAlarm } from './disk-alarm.ts';

const MB = 1_000_000;

/** A disk of which 100 MB must be free. */
class World {
  readonly clock = new ManualClock();
  readonly lines: string[] = [];
  readonly alarms = new Alarms(() => undefined);
  freeMb = 100_000;
  /** What the disk says instead. */
  error: Error | undefined;
  /** When it was looked at, in ms since the beginning. */
  readonly looks: number[] = [];
  readonly alarm: DiskAlarm;
  #nowMs = 0;

  constructor() {
    const lines = new AlarmLines(
      logLinesTo((level, text) => void this.lines.push(`${level} ${text}`)),
      'rabbit@here',
    );
    this.alarm = new DiskAlarm({
      limitBytes: 100 * MB,
      alarms: this.alarms,
      lines,
      freeBytes: async () => {
        this.looks.push(this.#nowMs);
        if (this.error !== undefined) throw this.error;
        return this.freeMb * MB;
      },
    });
  }

  /** Half seconds pass. */
  async tick(count = 1, lostMbPerTick = 0): Promise<boolean> {
    for (let ticks = 0; ticks < count; ticks++) {
      await this.alarm.tick(this.#nowMs);
      this.#nowMs += 500;
      this.freeMb -= lostMbPerTick;
    }
    return this.isSet;
  }

  get isSet(): boolean {
    return this.alarms.isSet('disk');
  }
}

describe('the disk alarm', () => {
  test('is set below the limit and cleared at it, with RabbitMQ’s lines', async () => {
    const world = new World();
    world.freeMb = 99;
    expect(await world.tick()).toBe(true);
    world.freeMb = 100;
    expect(await world.tick(2)).toBe(false);
    expect(world.lines).toEqual([
      'info Free disk space is insufficient. Free bytes: 99000000. Limit: 100000000',
      expect.stringMatching(
        /^warning disk resource limit alarm set on node rabbit@here\.\n\n\*+\n\*\*\* Publishers will/,
      ),
      'info Free disk space is sufficient. Free bytes: 100000000. Limit: 100000000',
      'warning disk resource limit alarm cleared on node rabbit@here',
    ]);
  });

  test('is preceded by one warning when twice the limit is free, and by another only when there was more', async () => {
    const world = new World();
    for (const freeMb of [300, 200, 240, 199, 260, 180]) {
      world.freeMb = freeMb;
      await world.tick(20);
    }
    expect(world.lines).toEqual([
      'warning free disk space is low. Free bytes: 200000000. Limit: 100000000. Publishers will be blocked when it falls below the limit',
      'warning free disk space is low. Free bytes: 180000000. Limit: 100000000. Publishers will be blocked when it falls below the limit',
    ]);
  });

  test('is set by a write that finds no space, and stays until one has succeeded', async () => {
    const world = new World();
    await world.tick();
    world.alarm.outOfSpace();
    world.alarm.outOfSpace();
    expect([world.isSet, world.lines.length]).toEqual([true, 1]);
    expect(await world.tick(40)).toBe(true);
    world.alarm.hasSpace();
    world.alarm.hasSpace();
    expect([world.isSet, world.lines.length]).toEqual([false, 2]);
  });

  test('needs both to be cleared: space on the disk, and a write that found some', async () => {
    const world = new World();
    world.freeMb = 50;
    await world.tick();
    world.alarm.outOfSpace();
    world.freeMb = 5000;
    expect(await world.tick(4)).toBe(true);
    world.alarm.hasSpace();
    expect(world.isSet).toBe(false);
    world.alarm.outOfSpace();
    world.freeMb = 50;
    await world.tick(20);
    world.alarm.hasSpace();
    expect(world.isSet).toBe(true);
    world.freeMb = 5000;
    expect(await world.tick(4)).toBe(false);
  });
});

describe('the disk is looked at', () => {
  test('every ten seconds when there is much space', async () => {
    const world = new World();
    await world.tick(61);
    expect(world.looks).toEqual([0, 10_000, 20_000, 30_000]);
  });

  test('twice a second near the limit, and each second while the alarm is set', async () => {
    const world = new World();
    world.freeMb = 300;
    await world.tick(4);
    world.freeMb = 90;
    await world.tick(7);
    expect(world.looks).toEqual([0, 500, 1000, 1500, 2000, 3000, 4000, 5000]);
  });

  test('so often that space that goes fast is noticed in time', async () => {
    const world = new World();
    world.freeMb = 20_000;
    // 1 GB a second.
    let setAtMb: number | undefined;
    for (let ticks = 0; ticks < 60 && setAtMb === undefined; ticks++) {
      if (await world.tick(1, 500)) setAtMb = world.freeMb + 500;
    }
    expect(setAtMb).toBeLessThan(100);
    expect(setAtMb).toBeGreaterThanOrEqual(-400);
    expect(world.looks.length).toBeLessThan(20);
  });

  test('again later when it cannot be told how much is free, which is said once', async () => {
    const world = new World();
    world.error = new Error('ENOENT: no such file or directory');
    expect(await world.tick(41)).toBe(false);
    expect([world.looks, world.alarm.freeBytes]).toEqual([[0, 10_000, 20_000], undefined]);
    expect(world.lines).toEqual([
      'warning Free disk space monitor encountered an error: ENOENT: no such file or directory',
    ]);
    world.error = undefined;
    world.freeMb = 50;
    expect(await world.tick(20)).toBe(true);
  });
});
