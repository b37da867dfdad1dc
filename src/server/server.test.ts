/** Starting and stopping the network side, over real sockets, with a protocol that only greets. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { ChunkPool, Output } from '../base/output.ts';
import type { Protocol, Session, Transport } from '../protocols/session.ts';
import { logLinesTo } from './log-lines.ts';
import type { ListenRequest } from './server.ts';
import { Server } from './server.ts';
import { TEST_CERTIFICATE, TEST_KEY } from './tls.test-suite.ts';
import { Turn } from './turn.ts';
import { TurnClock } from './turn-clock.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Answers each read with the same bytes; when the node stops it says so, and closes unless it is stubborn. */
class EchoSession implements Session {
  readonly output = new Output(new ChunkPool(), { unpin: () => {} });
  readonly #transport: Transport;
  readonly #isStubborn: boolean;

  constructor(transport: Transport, isStubborn: boolean) {
    this.#transport = transport;
    this.#isStubborn = isStubborn;
  }

  receive(bytes: Uint8Array, start: number, end: number): void {
    this.output.appendReference(bytes.slice(start, end), 0);
    this.#transport.touch();
  }

  shutdown(): void {
    this.output.appendReference(new TextEncoder().encode('stopping'), 0);
    if (!this.#isStubborn) this.#transport.closeAfterWrite();
  }

  endTurn(): void {}
  drained(): void {}
  tick(): void {}
  closed(): void {}
}

async function start(listen: readonly ListenRequest[], options: { isStubborn?: boolean; shutdownMs?: number } = {}) {
  const { isStubborn = false, shutdownMs = 1000 } = options;
  const lines: string[] = [];
  const clock = new TurnClock();
  const broker = {
    log: { appended: 0, flush: () => {} },
    pump: { hasWork: false },
    endTurn: () => {},
    logFlushed: () => {},
  };
  const protocol: Protocol = { openSession: (transport) => new EchoSession(transport, isStubborn) };
  const server = await Server.start({
    protocol,
    turn: new Turn({ broker, schedule: setImmediate, clock }),
    clock,
    limits: { readBytesPerTurn: 1e6, outputBytesMax: 1e6, closeWriteMs: 10_000, closeGraceMs: 1000 },
    listen,
    tcp: { backlog: 16, noDelay: true, keepAlive: false },
    logLines: logLinesTo((_level, text) => void lines.push(text)),
    shutdownMs,
  });
  closing.push(() => server.stop());
  return { server, lines, port: server.listeners[0]?.port ?? 0 };
}

async function echo(socket: Socket): Promise<string> {
  closing.push(() => socket.destroy());
  socket.write('hello');
  const [bytes] = await once(socket, 'data');
  return String(bytes);
}

describe('a server', () => {
  test('serves several listeners, plain and TLS, and logs where', async () => {
    const { server, lines } = await start([
      { address: '127.0.0.1', port: 0 },
      { address: '127.0.0.1', port: 0, tls: { cert: TEST_CERTIFICATE, key: TEST_KEY } },
    ]);
    const [plainPort = 0, tlsPort = 0] = server.listeners.map((listener) => listener.port);

    expect(await echo(connect(plainPort, '127.0.0.1'))).toBe('hello');
    expect(await echo(connectTls({ port: tlsPort, host: '127.0.0.1', ca: TEST_CERTIFICATE }))).toBe('hello');
    expect(server.connectionCount).toBe(2);
    expect(lines).toEqual([
      `started TCP listener on 127.0.0.1:${plainPort}`,
      `started TLS (SSL) listener on 127.0.0.1:${tlsPort}`,
    ]);
  });

  test('on localhost listens on the same port of both loopback addresses, where there are two', async () => {
    const { server, port } = await start([{ address: 'localhost', port: 0 }]);

    expect(await echo(connect(port, '127.0.0.1'))).toBe('hello');
    expect(new Set(server.listeners.map((listener) => listener.port))).toEqual(new Set([port]));
  });

  test('that cannot have one of its ports takes none', async () => {
    const { port: taken } = await start([{ address: '127.0.0.1', port: 0 }]);
    const { server: other, port: free } = await start([{ address: '127.0.0.1', port: 0 }]);
    await other.stop();

    const starting = start([
      { address: '127.0.0.1', port: free },
      { address: '127.0.0.1', port: taken },
    ]);

    await expect(starting).rejects.toThrow(`cannot listen on 127.0.0.1:${taken}`);
    await start([{ address: '127.0.0.1', port: free }]);
  });

  test('that stops tells its clients and listens no more', async () => {
    const { server, port } = await start([{ address: '127.0.0.1', port: 0 }]);
    const client = connect(port, '127.0.0.1');
    await echo(client);
    const ended = once(client, 'close');
    const [[last]] = await Promise.all([once(client, 'data'), server.stop()]);
    await ended;

    expect(String(last)).toBe('stopping');
    const [error] = await once(connect(port, '127.0.0.1'), 'error');
    expect(error.code).toBe('ECONNREFUSED');
  });

  test('that stops does not wait for a client that does not go', async () => {
    const { server, port } = await start([{ address: '127.0.0.1', port: 0 }], { isStubborn: true, shutdownMs: 1 });
    await echo(connect(port, '127.0.0.1'));

    await server.stop();

    expect(server.connectionCount).toBe(0);
  });

  test('may be told to stop more than once', async () => {
    const { server } = await start([{ address: '127.0.0.1', port: 0 }]);

    expect(server.stop()).toBe(server.stop());
  });
});
