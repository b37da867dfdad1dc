/** SIGTERM and Ctrl-C, without a process. */

import { expect, test } from 'vitest';
import { StopSignal } from './leveret-stop-signal.ts';

function stopSignal() {
  const world = { nowMs: 1000, endings: 0 };
  const signal = new StopSignal(
    () => world.nowMs,
    () => void world.endings++,
  );
  return { world, signal };
}

test('the first signal asks for an orderly end', async () => {
  const { world, signal } = stopSignal();
  signal.receive();

  await expect(signal.received).resolves.toBeUndefined();
  expect(world.endings).toBe(0);
});

test('another signal later ends the program at once', () => {
  const { world, signal } = stopSignal();
  signal.receive();
  world.nowMs += 500;
  signal.receive();

  expect(world.endings).toBe(1);
});

test('one Ctrl-C that arrives twice, through npm, is still one', () => {
  const { world, signal } = stopSignal();
  signal.receive();
  world.nowMs += 20;
  signal.receive();

  expect(world.endings).toBe(0);
});
