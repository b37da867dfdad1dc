/** The clock that is read once per turn. */

import { expect, test } from 'vitest';
import { TurnClock } from './turn-clock.ts';

test('time stands still within a turn and moves with the next', () => {
  let systemMs = 1000;
  const clock = new TurnClock(() => systemMs);
  systemMs = 1500;
  expect(clock.now()).toBe(1000);

  clock.refresh();

  expect(clock.now()).toBe(1500);
});

test('time does not go backwards when the system clock is set back', () => {
  let systemMs = 1000;
  const clock = new TurnClock(() => systemMs);
  systemMs = 10;

  clock.refresh();

  expect(clock.now()).toBe(1000);
});
