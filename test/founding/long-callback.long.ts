/** The founding documents' callback of 80 seconds, in real time at the default heartbeat of 60 seconds. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canRunPrograms, FoundingWorld } from './founding-world.ts';

describe.skipIf(!canRunPrograms)('a callback of 80 seconds', () => {
  let world: FoundingWorld;
  beforeAll(async () => {
    world = await FoundingWorld.open();
    await world.reset();
  });
  afterAll(async () => await world.close());

  test('keeps its connection and acknowledges (002-2)', async () => {
    await world.run('002-1');
    const { program, tap } = await world.start('002-2', { sleepFactor: 1 });
    await program.line(/^ \[x\] Received b'Hello World!'$/);
    await tap.passed('basic.ack');
    await tap.closeChannel();
    expect(await world.counts('hello')).toEqual({ messages: 0, consumers: 0 });
  });
});
