/** Listening on real ports: which addresses, which errors, and TLS. */

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { type Admission, EVERYBODY } from './admission.ts';
import type { ListenerOptions } from './listener.ts';
import { Listener } from './listener.ts';
import { logLinesTo } from './log-lines.ts';
import { TEST_CERTIFICATE, TEST_KEY } from './tls.test-suite.ts';

const TCP = { backlog: 16, noDelay: true, keepAlive: false };

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A listener that greets every client, and the lines it logs. */
async function listen(options: Partial<ListenerOptions> = {}) {
  const lines: string[] = [];
  const listener = await Listener.open({
    address: '127.0.0.1',
    port: 0,
    tcp: TCP,
    admission: EVERYBODY,
    onConnection: (socket, tls) => socket.end(tls ? 'hello over TLS' : 'hello'),
    logLines: logLinesTo((level, text) => void lines.push(`${level}: ${text}`)),
    ...options,
  });
  closing.push(() => listener.close());
  return { listener, lines };
}

/** Room for one socket, and what has come and gone. */
function roomForOne() {
  const events: string[] = [];
  let inside = 0;
  const admission: Admission = {
    enter: () => {
      events.push(inside === 0 ? 'entered' : 'refused');
      if (inside > 0) return false;
      inside++;
      return true;
    },
    leave: () => {
      inside--;
      events.push('left');
    },
  };
  return { admission, events };
}

function client(port: number, host: string): Socket {
  const socket = connect(port, host);
  closing.push(() => socket.destroy());
  return socket;
}

async function greeting(socket: Socket): Promise<string> {
  let text = '';
  for await (const part of socket) text += part;
  return text;
}

describe('a listener', () => {
  test('takes a free port when asked for port 0, and says which', async () => {
    const { listener } = await listen();

    expect(listener.port).toBeGreaterThan(0);
    expect(await greeting(client(listener.port, '127.0.0.1'))).toBe('hello');
  });

  test('on all addresses answers over IPv4 too', async () => {
    const { listener } = await listen({ address: '::' });

    expect(await greeting(client(listener.port, '127.0.0.1'))).toBe('hello');
  });

  test('that finds its port in use says where and what to do', async () => {
    const { listener } = await listen();

    await expect(listen({ port: listener.port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${listener.port}: the port is in use, perhaps by another broker. ` +
        'Stop that program, or choose another port (0 takes a free one).',
    );
  });

  test('on an address that this machine does not have says so', async () => {
    await expect(listen({ address: '192.0.2.1' })).rejects.toThrow(
      'cannot listen on 192.0.2.1:0: this machine does not have that address. Use one of its own, or :: for all.',
    );
  });

  test('closes a connection for which there is no room', async () => {
    const { admission, events } = roomForOne();
    const { listener } = await listen({ admission, onConnection: (socket) => void socket.write('hello') });
    const first = client(listener.port, '127.0.0.1');
    await once(first, 'data');

    expect(await greeting(client(listener.port, '127.0.0.1'))).toBe('');
    expect(events).toEqual(['entered', 'refused']);
  });

  const sockets = '/proc/net/tcp';

  test.runIf(existsSync(sockets))('has the system ask silent clients for a sign of life when told to', async () => {
    expect([await hasTimerWhenAccepted(false), await hasTimerWhenAccepted(true)]).toEqual([false, true]);
  });

  async function hasTimerWhenAccepted(keepAlive: boolean): Promise<boolean> {
    const accepted: (() => void)[] = [];
    const onConnection = (socket: Socket) => {
      closing.push(() => socket.destroy());
      accepted.shift()?.();
    };
    const { listener } = await listen({ onConnection, tcp: { ...TCP, keepAlive } });
    await new Promise<void>((resolve) => {
      accepted.push(resolve);
      client(listener.port, '127.0.0.1');
    });
    return hasKeepAliveTimer(listener);
  }

  /** Of the connection that the listener has accepted: Linux shows its timer, of which 02 is that of SO_KEEPALIVE. */
  function hasKeepAliveTimer({ port }: Listener): boolean {
    const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const rows = readFileSync(sockets, 'utf8')
      .split('\n')
      .map((row) => row.trim().split(/\s+/));
    const [, , , , , timer] = rows.find((row) => row[1] === local && row[3] === '01') ?? [];
    return timer?.startsWith('02:') === true;
  }

  test('accepts no more when closed', async () => {
    const { listener } = await listen();
    listener.close();

    const [error] = await once(client(listener.port, '127.0.0.1'), 'error');

    expect(error.code).toBe('ECONNREFUSED');
  });
});

describe('a TLS listener', () => {
  const own = { cert: TEST_CERTIFICATE, key: TEST_KEY };

  function tlsClient(port: number, options: ConnectionOptions = {}): Socket {
    const socket = connectTls({ port, host: '127.0.0.1', ca: TEST_CERTIFICATE, ...options });
    closing.push(() => socket.destroy());
    return socket;
  }

  test('hands a connection on after the handshake', async () => {
    const { listener } = await listen({ tls: own });

    expect(await greeting(tlsClient(listener.port))).toBe('hello over TLS');
  });

  test('tells the operator about a client that does not speak TLS, and drops it', async () => {
    const { listener, lines } = await listen({ tls: own, address: '::' });
    const plain = client(listener.port, '127.0.0.1');
    plain.write('AMQP\0\0\x09\x01');
    plain.on('error', () => {});
    await once(plain.resume(), 'close');

    expect(lines).toEqual([expect.stringMatching(/^warning: TLS handshake with 127\.0\.0\.1 failed: /)]);
  });

  test('drops a client that takes too long over its handshake, and tells the operator', async () => {
    const { listener, lines } = await listen({ tls: { ...own, handshakeTimeout: 20 } });
    await once(client(listener.port, '127.0.0.1').resume(), 'close');

    expect(lines).toEqual(['warning: TLS handshake with 127.0.0.1 failed: TLS handshake timeout']);
  });

  test('that verifies lets in clients with a right certificate and those with none, and no others', async () => {
    const tls = { ...own, ca: TEST_CERTIFICATE, requestCert: true, rejectUnauthorized: false };
    const { listener } = await listen({ tls });
    // Right key and certificate, but not signed by the authority that this listener trusts.
    const { listener: strict, lines } = await listen({ tls: { ...tls, ca: [] }, address: '::' });

    expect(await greeting(tlsClient(listener.port, own))).toBe('hello over TLS');
    expect(await greeting(tlsClient(listener.port))).toBe('hello over TLS');
    expect(await greeting(tlsClient(strict.port, own))).toBe('');
    expect(lines).toEqual([expect.stringMatching(/^warning: TLS client 127\.0\.0\.1:\d+ refused: /)]);
  });

  test('takes back the room of a handshake that fails, and of a certificate that is refused', async () => {
    const { admission, events } = roomForOne();
    const tls = { ...own, ca: [], requestCert: true, rejectUnauthorized: false };
    const { listener } = await listen({ tls, admission });
    const plain = client(listener.port, '127.0.0.1');
    plain.write('AMQP\0\0\x09\x01');
    plain.on('error', () => {});
    await once(plain.resume(), 'close');
    await greeting(tlsClient(listener.port, own));

    expect(events).toEqual(['entered', 'left', 'entered', 'left']);
  });

  test('drops clients in the middle of their handshake when closed', async () => {
    const { listener } = await listen({ tls: own });
    const waiting = client(listener.port, '127.0.0.1');
    await once(waiting, 'connect');
    // The second client is accepted after the first.
    await greeting(tlsClient(listener.port));
    listener.close();

    await expect(greeting(waiting)).resolves.toBe('');
  });
});
