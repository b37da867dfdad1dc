/**
 * Heartbeats: when a silent client is given up, and how often one is sent.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heartbeat } from './heartbeat.ts';

const TICK_MS = 500;

/** Ticks until the client is given up. @returns when that was. */
function missedAtMs(heartbeat: Heartbeat, lastByteMs: number): number {
  for (let nowMs = 0; ; nowMs += TICK_MS) {
    if (nowMs <= lastByteMs) heartbeat.received();
    if (heartbeat.isMissed(nowMs)) return nowMs;
  }
}

test('a client is given up two to three intervals after its last byte', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 0, max: 1_000_000 }), (intervalS, lastByteMs) => {
      const silentMs = missedAtMs(new Heartbeat(intervalS, 0), lastByteMs) - lastByteMs;
      expect(silentMs).toBeGreaterThanOrEqual(2000 * intervalS - TICK_MS);
      expect(silentMs).toBeLessThanOrEqual(3000 * intervalS + TICK_MS);
    }),
    { numRuns: 50 },
  );
});

test('a process that stood still for an hour gives nobody up at once', () => {
  const heartbeat = new Heartbeat(60, 0);
  expect(heartbeat.isMissed(3_600_000)).toBe(false);
  expect(heartbeat.isMissed(3_600_500)).toBe(false);
});

test('one is due each half interval', () => {
  const heartbeat = new Heartbeat(10, 0);
  const dueMs: number[] = [];
  for (let nowMs = 0; nowMs <= 20_000; nowMs += TICK_MS) if (heartbeat.isDue(nowMs)) dueMs.push(nowMs);
  expect(dueMs).toEqual([5000, 10_000, 15_000, 20_000]);
});
