/** When publishers are blocked for want of memory, and when they may go on: figures by hand, a clock by hand. */

import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../base/clock.ts';
import { Alarms } from '../../core/alarms.ts';
import { IncompleteBodies, type IncompleteBody } from '../../core/incomplete-bodies.ts';
import { logLinesTo } from '../log-lines.ts';
import { AlarmLines } from './alarm-lines.ts';
import { MemoryAlarm } from './memory-alarm.ts';
import { MemoryBudget } from './memory-budget.ts';

const MB = 1024 * 1024;

/** A broker that may use 1000 MB, with a heap of 500 MB: 400 of them for live objects. */
class World {
  readonly clock = new ManualClock();
  readonly lines: string[] = [];
  readonly messages = { usedBytes: 0, heldBytes: 0 };
  readonly incompleteBodies = new IncompleteBodies();
  /** Live, in MB. */
  heap = 50;
  /** In MB, until it is collected. */
  heapGarbage = 0;
  bufferGarbage = 0;
  /** Live memory outside of the heap that has no counter, in MB. */
  rings = 0;
  collections = 0;
  collectionMs = 10;
  sparesGivenBack = 0;
  readonly alarms = new Alarms(() => undefined);
  readonly budget: MemoryBudget;
  readonly #alarm: MemoryAlarm;

  constructor() {
    const heapBytes = () => (this.heap + this.heapGarbage) * MB;
    const { messages, incompleteBodies, alarms, clock } = this;
    const buffers = () => messages.heldBytes + incompleteBodies.heldBytes + (this.rings + this.bufferGarbage) * MB;
    this.budget = new MemoryBudget({
      messages,
      incompleteBodies,
      pool: { takenBytes: 0 },
      probe: {
        heapBytes,
        measure: () => ({ heapBytes: heapBytes(), bufferBytes: buffers(), residentBytes: 5000 * MB }),
      },
      totalBytes: 2000 * MB,
      limitBytes: 1000 * MB,
      heapCapacityBytes: 500 * MB,
    });
    const lines = new AlarmLines(
      logLinesTo((level, text) => void this.lines.push(`${level} ${text}`)),
      'rabbit@here',
    );
    const keeper = { giveBack: () => this.#collect(), giveBackSpare: () => void this.sparesGivenBack++ };
    this.#alarm = new MemoryAlarm({ budget: this.budget, alarms, incompleteBodies, lines, clock, keeper });
  }

  /** So many MB of messages are in the queues. */
  queue(megabytes: number): void {
    this.messages.usedBytes = megabytes * MB;
    this.messages.heldBytes = Math.max(this.messages.heldBytes, megabytes * MB);
  }

  /** A body of which so many MB have come. */
  halfSend(megabytes: number): void {
    const body: IncompleteBody = { heldBytes: megabytes * MB, refuse: () => this.incompleteBodies.remove(body) };
    this.incompleteBodies.add(body);
    this.incompleteBodies.heldBytes += body.heldBytes;
  }

  check(): boolean {
    this.#alarm.check();
    return this.isSet;
  }

  /** Half seconds pass. */
  tick(count = 1): boolean {
    for (let ticks = 0; ticks < count; ticks++) {
      this.clock.advance(500);
      this.#alarm.tick();
    }
    return this.isSet;
  }

  get isSet(): boolean {
    return this.alarms.isSet('memory');
  }

  /** Memory outside of the heap is free only some time afterwards. */
  #collect(): number {
    this.collections++;
    this.heapGarbage = 0;
    queueMicrotask(() => {
      this.bufferGarbage = 0;
    });
    return this.collectionMs;
  }
}

describe('the memory alarm', () => {
  test('is set in the turn in which more is in use than may be, with RabbitMQ’s lines', () => {
    const world = new World();
    world.queue(940);
    expect(world.check()).toBe(false);
    world.queue(951);
    expect(world.check()).toBe(true);
    expect(world.lines).toEqual([
      `info vm_memory_high_watermark set. Memory used:${1001 * MB} allowed:${1000 * MB}`,
      expect.stringMatching(
        /^warning memory resource limit alarm set on node rabbit@here\.\n\n\*+\n\*\*\* Publishers will be blocked until this alarm clears \*\*\*\n\*+\n$/,
      ),
    ]);
  });

  test('counts what is half received, and memory without a counter at the next tick', () => {
    const world = new World();
    world.queue(500);
    world.halfSend(460);
    expect(world.check()).toBe(true);
    const other = new World();
    other.queue(500);
    other.rings = 460;
    expect([other.check(), other.tick(), other.tick()]).toEqual([false, false, true]);
  });

  test('is cleared by a tick when a tenth of what may be used is free', () => {
    const world = new World();
    world.queue(951);
    world.check();
    world.queue(900);
    expect([world.check(), world.tick(10)]).toEqual([true, true]);
    world.queue(840);
    world.lines.length = 0;
    expect([world.check(), world.tick()]).toEqual([true, false]);
    expect(world.lines).toEqual([
      `info vm_memory_high_watermark clear. Memory used:${890 * MB} allowed:${1000 * MB}`,
      'warning memory resource limit alarm cleared on node rabbit@here',
    ]);
  });

  test('is not set for garbage: it is collected first', async () => {
    const world = new World();
    world.queue(900);
    world.heapGarbage = 100;
    expect([world.check(), world.collections]).toEqual([false, 1]);
    await Promise.resolve();
    world.bufferGarbage = 100;
    for (let ticks = 0; ticks < 4; ticks++) {
      expect(world.tick()).toBe(false);
      await Promise.resolve();
    }
    expect([world.collections, world.bufferGarbage]).toEqual([2, 0]);
  });

  test('collects once a second at most before it is set, however fast memory grows', () => {
    const world = new World();
    world.queue(900);
    for (let reads = 0; reads < 100; reads++) {
      world.heapGarbage = 60;
      world.check();
    }
    expect([world.isSet, world.collections]).toEqual([true, 1]);
  });

  test('clears within five seconds of a drain that leaves garbage, however long it had been set', async () => {
    const world = new World();
    world.queue(800);
    world.rings = 200;
    world.tick(2);
    expect(world.tick(600)).toBe(true);
    world.rings = 0;
    world.queue(0);
    world.bufferGarbage = 950;
    let ticks = 0;
    while (world.tick()) {
      await Promise.resolve();
      ticks++;
    }
    expect(ticks).toBeLessThan(10);
  });

  test('collects again at once when much was drained since', async () => {
    const world = new World();
    world.queue(951);
    world.check();
    world.queue(700);
    world.rings = 200;
    world.tick(20);
    world.collections = 0;
    world.rings = 0;
    world.queue(300);
    world.bufferGarbage = 600;
    expect([world.tick(), world.collections]).toEqual([true, 1]);
    await Promise.resolve();
    expect(world.tick()).toBe(false);
  });

  test('spends a tenth of the time on collections at most', () => {
    const world = new World();
    world.collectionMs = 1000;
    world.queue(800);
    world.rings = 200;
    world.tick(2);
    world.collections = 0;
    world.tick(120);
    expect(world.collections).toBeLessThanOrEqual(7);
    expect(world.collections).toBeGreaterThan(3);
  });

  test('does not collect while messages alone keep it up', () => {
    const world = new World();
    world.queue(960);
    world.check();
    world.collections = 0;
    world.tick(100);
    expect(world.collections).toBe(0);
  });

  test('is set when the JavaScript heap is too full, and says so', () => {
    const world = new World();
    world.heap = 401;
    expect(world.check()).toBe(true);
    expect(world.lines[0]).toBe(
      `info vm_memory_high_watermark set. Memory used:${401 * MB} allowed:${400 * MB} (JavaScript heap, see --max-old-space-size)`,
    );
    world.heap = 370;
    expect(world.tick(8)).toBe(true);
    world.heap = 359;
    expect(world.tick()).toBe(false);
  });

  test('has memory that is kept for messages to come given back when it is needed', () => {
    const world = new World();
    world.queue(900);
    world.queue(100);
    world.tick(4);
    expect(world.sparesGivenBack).toBe(0);
    world.halfSend(200);
    world.tick();
    expect([world.sparesGivenBack, world.isSet]).toEqual([1, false]);
  });
});

describe('before the alarm', () => {
  test('the operator is warned once, and again only after memory use was down for ten seconds', () => {
    const world = new World();
    const warnings = () => world.lines.filter((line) => line.includes('near the high watermark')).length;
    world.queue(740);
    world.tick(3);
    expect(warnings()).toBe(0);
    world.queue(760);
    world.tick(3);
    world.queue(700);
    world.tick();
    world.queue(760);
    world.tick();
    expect(warnings()).toBe(1);
    world.queue(600);
    world.tick(19);
    world.queue(760);
    world.tick();
    expect(warnings()).toBe(1);
    world.queue(600);
    world.tick(20);
    world.queue(760);
    world.tick();
    expect(warnings()).toBe(2);
    expect(world.lines.at(-1)).toBe(
      `warning memory use is near the high watermark. Memory used:${810 * MB} allowed:${1000 * MB}. Publishers will be blocked when it is reached`,
    );
  });
});

describe('bodies that are half received', () => {
  test('are refused, the largest first, when they keep the alarm up for ten seconds', () => {
    const world = new World();
    for (const megabytes of [100, 300, 200, 400]) world.halfSend(megabytes);
    world.check();
    expect(world.tick(19)).toBe(true);
    expect(world.incompleteBodies.count).toBe(4);
    world.tick();
    expect([world.incompleteBodies.count, world.incompleteBodies.heldBytes]).toEqual([2, 300 * MB]);
    expect(world.tick()).toBe(false);
    expect(world.lines).toContain(
      `warning messages that are half received keep the memory alarm up: they hold ${1000 * MB} bytes. The 2 largest of them are refused (311), their channels closed`,
    );
  });

  test('stay when messages in queues hold more: those can be drained', () => {
    const world = new World();
    world.halfSend(450);
    world.queue(600);
    world.check();
    world.tick(100);
    expect(world.incompleteBodies.count).toBe(1);
  });
});

describe('a heap that is nearly full', () => {
  test('takes no more queues until there is room again', () => {
    const world = new World();
    world.heap = 449;
    world.check();
    expect(world.alarms.isOutOfRoom).toBe(false);
    world.heap = 451;
    world.check();
    world.tick();
    expect(() => world.alarms.assertRoomTo("declare queue 'q' in vhost '/'")).toThrow(
      "PRECONDITION_FAILED - cannot declare queue 'q' in vhost '/': the broker is low on memory",
    );
    world.heap = 430;
    world.tick(5);
    expect(world.alarms.isOutOfRoom).toBe(true);
    world.heap = 420;
    world.tick();
    world.alarms.assertRoomTo("declare queue 'q' in vhost '/'");
    expect(world.lines.filter((line) => line.includes('JavaScript heap'))).toHaveLength(3);
  });

  test('is noticed while very much is declared in one turn', () => {
    const world = new World();
    world.heap = 451;
    expect(() => {
      for (let queues = 0; queues < 100; queues++) world.alarms.assertRoomTo('declare queue');
    }).toThrow('the broker is low on memory');
  });

  test('is full only of what a collection leaves, however often there is garbage', () => {
    const world = new World();
    world.heap = 300;
    for (let bursts = 0; bursts < 10; bursts++) {
      world.heapGarbage = 160;
      world.check();
    }
    expect([world.alarms.isOutOfRoom, world.collections]).toEqual([false, 10]);
  });

  test('is collected before', () => {
    const world = new World();
    world.heap = 300;
    world.heapGarbage = 160;
    world.check();
    expect([world.alarms.isOutOfRoom, world.collections]).toEqual([false, 1]);
  });
});
