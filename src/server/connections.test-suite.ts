/**
 * What a connection does with its socket, as one suite for every way of reading. Uses real sockets on the loopback
 * address, because the operating system's part is what it is about; waits for events, never for time.
 */

import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../base/clock.ts';
import { ChunkPool, Output } from '../base/output.ts';
import type { Protocol, Session, Transport } from '../protocols/session.ts';
import { Connections } from './connections.ts';
import type { OpenReading } from './socket-reading.ts';
import type { ConnectionLimits } from './socket-transport.ts';
import { Turn } from './turn.ts';

const LIMITS: ConnectionLimits = {
  readBytesPerTurn: 64 * 1024,
  outputBytesMax: 1024 * 1024,
  closeWriteMs: 10_000,
  closeGraceMs: 1000,
};

/** A session that keeps what it receives and does what the test tells it. */
class RecordingSession implements Session {
  readonly output: Output;
  readonly transport: Transport;
  readonly events: string[] = [];
  readonly unpinned: number[] = [];
  received = '';
  receivedBytes = 0;
  mostBytesInATurn = 0;
  onReceive: (text: string) => void = () => {};
  onDrained: () => void = () => {};
  onClosed: () => void = () => {};
  #bytesThisTurn = 0;

  constructor(transport: Transport, pool: ChunkPool) {
    this.transport = transport;
    this.output = new Output(pool, { unpin: (reference) => void this.unpinned.push(reference) });
  }

  receive(bytes: Uint8Array, start: number, end: number): void {
    const text = new TextDecoder('latin1').decode(bytes.subarray(start, end));
    this.receivedBytes += end - start;
    this.#bytesThisTurn += end - start;
    this.mostBytesInATurn = Math.max(this.mostBytesInATurn, this.#bytesThisTurn);
    if (this.receivedBytes < 1024) this.received += text;
    this.onReceive(text);
  }

  endTurn(): void {
    this.#bytesThisTurn = 0;
  }

  drained(): void {
    this.onDrained();
  }

  tick(): void {}

  shutdown(): void {
    this.write('stop');
    this.transport.closeAfterWrite();
  }

  closed(): void {
    this.events.push('closed');
    this.onClosed();
  }

  write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.output.reserve(bytes.length);
    this.output.chunk.bytes.set(bytes, this.output.position);
    this.output.position += bytes.length;
    this.transport.touch();
  }
}

class TestServer {
  readonly clock = new ManualClock();
  readonly sessions: RecordingSession[] = [];
  readonly connections: Connections;
  readonly server: Server;
  turns = 0;
  onSession: (session: RecordingSession) => void = () => {};
  readonly #clients: Socket[] = [];

  constructor(openReading: OpenReading) {
    const pool = new ChunkPool();
    const protocol: Protocol = {
      openSession: (transport) => {
        const session = new RecordingSession(transport, pool);
        this.sessions.push(session);
        this.onSession(session);
        return session;
      },
    };
    const broker = {
      log: { appended: 0, flush: () => void this.turns++ },
      pump: { hasWork: false },
      endTurn: () => {},
      logFlushed: () => {},
    };
    const turn = new Turn({ broker, schedule: setImmediate });
    this.connections = new Connections({ protocol, turn, clock: this.clock, limits: LIMITS }, openReading);
    this.server = createServer({ pauseOnConnect: true, noDelay: true });
    this.server.on('connection', (socket) => this.connections.accept(socket, false));
  }

  /** Connects a client; answers it with its session. */
  async client(): Promise<{ client: Socket; session: RecordingSession }> {
    if (!this.server.listening) await once(this.server.listen(0, '127.0.0.1'), 'listening');
    const accepted = once(this.server, 'connection');
    const client = connect((this.server.address() as AddressInfo).port, '127.0.0.1');
    this.#clients.push(client);
    await accepted;
    const session = this.sessions.at(-1);
    if (session === undefined) throw new Error('no session was opened');
    return { client, session };
  }

  close(): void {
    this.server.close();
    this.connections.destroy();
    for (const client of this.#clients) client.destroy();
  }
}

/** Resolves when `check` holds after an event of the session. */
function whenReceived(session: RecordingSession, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (session.receivedBytes >= bytes) resolve();
    };
    session.onReceive = check;
    check();
  });
}

function whenClosed(session: RecordingSession): Promise<void> {
  return new Promise((resolve) => {
    session.onClosed = resolve;
  });
}

async function readToEnd(client: Socket): Promise<string> {
  let text = '';
  client.setEncoding('latin1');
  for await (const part of client) text += part;
  return text;
}

/** The suite; `openReading` makes the way of reading under test. */
export function connectionsSuite(name: string, openReading: () => OpenReading): void {
  describe(`a connection read by ${name}`, () => {
    let server: TestServer;
    const start = () => {
      server = new TestServer(openReading());
      return server;
    };
    afterEach(() => server.close());

    test('hands what the client sends to the session, from the first byte, and knows the peer', async () => {
      const { client, session } = await start().client();
      client.write('hello');
      await whenReceived(session, 5);

      expect(session.received).toBe('hello');
      expect(session.transport.peer).toEqual({
        remoteAddress: '127.0.0.1',
        remotePort: client.localPort,
        localAddress: '127.0.0.1',
        localPort: client.remotePort,
        isLoopback: true,
        tls: false,
      });
    });

    test('keeps two clients apart though they share a buffer', async () => {
      start();
      const first = await server.client();
      const second = await server.client();
      first.client.write('first');
      second.client.write('second');
      await Promise.all([whenReceived(first.session, 5), whenReceived(second.session, 6)]);

      expect([first.session.received, second.session.received]).toEqual(['first', 'second']);
    });

    test('writes all that a turn produced', async () => {
      const { client, session } = await start().client();
      session.onReceive = () => {
        session.write('one ');
        session.output.appendReference(new TextEncoder().encode('two '), 42);
        session.write('three');
        session.transport.closeAfterWrite();
      };
      client.write('go');

      expect(await readToEnd(client)).toBe('one two three');
      await whenClosed(session);
      expect(session.unpinned).toEqual([42]);
      expect(session.output.pendingBytes).toBe(0);
    });

    test('answers each of many small requests, in a turn of its own', async () => {
      const { client, session } = await start().client();
      session.onReceive = (text) => session.write(text);
      const ask = async (text: string): Promise<string> => {
        client.write(text);
        return String(await once(client, 'data'));
      };
      await ask('first');
      const turnsBefore = server.turns;
      for (let request = 0; request < 100; request++) expect(await ask(`${request};`)).toBe(`${request};`);

      expect(server.turns - turnsBefore).toBe(100);
    });

    test('one client hands in a limited number of bytes per turn, and all of them in the end', async () => {
      const { client, session } = await start().client();
      const total = 4 * 1024 * 1024;
      client.write(new Uint8Array(total));
      await whenReceived(session, total);

      expect(session.receivedBytes).toBe(total);
      // The share is checked after each read, so at most one read of 256 KB lies above it.
      expect(session.mostBytesInATurn).toBeLessThan(LIMITS.readBytesPerTurn + 256 * 1024);
    });

    test('a session that pauses gets no more until it resumes, and then everything', async () => {
      const { client, session } = await start().client();
      let isPaused = false;
      let callsWhilePaused = 0;
      const total = 2 * 1024 * 1024;
      const all = new Promise<void>((resolve) => {
        session.onReceive = () => {
          if (isPaused) callsWhilePaused++;
          isPaused = true;
          session.transport.pauseReading();
          setImmediate(() => {
            isPaused = false;
            session.transport.resumeReading();
          });
          if (session.receivedBytes === total) resolve();
        };
      });
      client.write(new Uint8Array(total));
      await all;

      expect(callsWhilePaused).toBe(0);
    });

    test('a session with a full output is told when there is room again, and only then', async () => {
      const { client, session } = await start().client();
      const chunk = 'x'.repeat(256 * 1024);
      let left = 64;
      let fills = 0;
      const fill = () => {
        fills++;
        for (; left > 0 && session.output.pendingBytes < LIMITS.outputBytesMax; left--) session.write(chunk);
        if (left === 0) session.transport.closeAfterWrite();
      };
      session.onDrained = fill;
      session.onReceive = fill;
      session.write('begin');
      client.write('go');

      expect((await readToEnd(client)).length).toBe('begin'.length + 64 * chunk.length);
      // Four chunks fill the output.
      expect(fills).toBe(64 / 4);
    });

    test('tells the session once when the client hangs up', async () => {
      const { client, session } = await start().client();
      const closed = whenClosed(session);
      client.end('bye');
      await closed;

      expect(session.received).toBe('bye');
      expect(session.events).toEqual(['closed']);
      expect(server.connections.count).toBe(0);
    });

    test('writes the next batch only when the one before is out, and gives both back when the client resets', async () => {
      const { client, session } = await start().client();
      const closed = whenClosed(session);
      client.pause();
      for (let count = 0; count < 64; count++) session.write('x'.repeat(256 * 1024));
      await new Promise((resolve) => setImmediate(resolve));
      session.output.appendReference(new Uint8Array(10), 7);
      client.write('now');
      await whenReceived(session, 3);
      await new Promise((resolve) => setImmediate(resolve));
      expect(session.output.hasBytes).toBe(true);
      client.resetAndDestroy();
      await closed;

      expect(session.events).toEqual(['closed']);
      expect(session.unpinned).toEqual([7]);
      expect(session.output.pendingBytes).toBe(0);
    });

    test('drops a client at once when the session says so', async () => {
      const { client, session } = await start().client();
      const closed = whenClosed(session);
      session.write('never sent');
      session.transport.destroy();
      await closed;

      expect(session.events).toEqual(['closed']);
      expect(await readToEnd(client)).toBe('');
    });

    test('hears no more of a closing client, which may still send', async () => {
      const { client, session } = await start().client();
      session.onReceive = () => {
        session.write('bye');
        session.transport.closeAfterWrite();
      };
      client.write('first');
      await once(client, 'data');
      const closed = whenClosed(session);
      client.end('second');
      await closed;

      expect(session.received).toBe('first');
    });

    test('drops a closing client that does not hang up, a second later', async () => {
      start();
      const { client, session } = await server.client();
      client.allowHalfOpen = true;
      const closed = whenClosed(session);
      session.transport.closeAfterWrite();
      client.resume();
      await once(client, 'end');
      server.connections.tick(server.clock.now() + LIMITS.closeGraceMs - 1);
      expect(session.events).toEqual([]);
      server.connections.tick(server.clock.now() + LIMITS.closeGraceMs);
      await closed;

      expect(session.events).toEqual(['closed']);
    });

    test('drops a closing client that does not take what is left, some seconds later', async () => {
      start();
      const { client, session } = await server.client();
      client.pause();
      const closed = whenClosed(session);
      for (let count = 0; count < 64; count++) session.write('x'.repeat(256 * 1024));
      session.transport.closeAfterWrite();
      server.connections.tick(server.clock.now() + LIMITS.closeWriteMs - 1);
      expect(session.events).toEqual([]);
      server.connections.tick(server.clock.now() + LIMITS.closeWriteMs);
      await closed;

      expect(session.output.pendingBytes).toBe(0);
    });

    test('stops: every client is told, and the end is known when all are gone', async () => {
      start();
      const { client } = await server.client();
      const read = readToEnd(client);
      await server.connections.shutdown();

      expect(await read).toBe('stop');
      expect(server.connections.count).toBe(0);
    });

    test('the listener can close while connections live on', async () => {
      start();
      const { client, session } = await server.client();
      server.server.close();
      client.write('still here');
      await whenReceived(session, 10);

      expect(session.received).toBe('still here');
    });
  });
}
