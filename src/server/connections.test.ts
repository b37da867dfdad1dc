/** Connections over real sockets, with each way of reading. */

import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { connectionsSuite } from './connections.test-suite.ts';
import { READ_BUFFER_BYTES, readByEvents, readInto } from './socket-reading.ts';

connectionsSuite('a shared buffer', () => {
  const readShared = readInto(new Uint8Array(READ_BUFFER_BYTES));
  return (accepted, receive) => {
    const socket = readShared(accepted, receive);
    // Otherwise the suite would test events twice without saying so.
    expect(socket).not.toBe(accepted);
    return socket;
  };
});

connectionsSuite('events', () => readByEvents);

test('a socket whose handle cannot be taken is read by events', () => {
  const withoutHandle = new Socket();

  const socket = readInto(new Uint8Array(1024))(withoutHandle, () => {});

  expect(socket).toBe(withoutHandle);
  expect(socket.listenerCount('data')).toBe(1);
});
