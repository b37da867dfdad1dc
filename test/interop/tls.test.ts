/** TLS as clients meet it: whose certificates are taken, which versions, ciphers and host names. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createBroker, type RunningBroker, type TlsMaterial } from '../../src/index.ts';
import { CertificateFolder } from '../support/certificates.ts';
import { isAvailable } from '../support/requirement.ts';

/** Debian's interpreter: the one on the path may be another, without Debian's packages. */
const PYTHON = '/usr/bin/python3';
const PIKA = '/usr/lib/python3/dist-packages/pika/__init__.py';

const folder = new CertificateFolder();
const authority = folder.authority('authority');
const localhost = folder.signed('localhost', authority);
const client = folder.signed('client', authority);
const between = folder.signed('between', authority, { isAuthority: true });
const below = folder.signed('below', between);
const stranger = folder.authority('stranger');
const brokers: RunningBroker[] = [];

afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.stop();
});
afterAll(() => folder.remove());

const VERIFYING = { verify: 'verify_peer', fail_if_no_peer_cert: true };

async function start(settings: Record<string, string | number | boolean>, tls: Partial<TlsMaterial> = {}) {
  const keys = Object.entries(settings).map(([key, value]) => [`ssl_options.${key}`, value]);
  const own = { cert: localhost.cert, key: localhost.key, ca: authority.cert };
  const broker = await createBroker({ tlsPort: 0, tls: { ...own, ...tls }, settings: Object.fromEntries(keys) });
  brokers.push(broker);
  return broker;
}

/** @returns `start` when the broker answers the protocol header, else `closed`. */
async function attempt(broker: RunningBroker, options: ConnectionOptions = {}): Promise<string> {
  const socket = open(broker, options);
  socket.write('AMQP\0\0\x09\x01');
  const answered = once(socket, 'data').then(() => 'start');
  const closed = once(socket, 'close').then(() => 'closed');
  const result = await Promise.race([answered, closed]).catch(() => 'closed');
  socket.destroy();
  return result;
}

function open(broker: RunningBroker, options: ConnectionOptions): TLSSocket {
  const socket = connect({
    host: '127.0.0.1',
    port: broker.tlsPort ?? 0,
    ca: authority.cert,
    servername: 'localhost',
    ...options,
  });
  socket.on('error', () => {});
  return socket;
}

describe('client certificates', () => {
  test('are demanded and checked with verify_peer and fail_if_no_peer_cert', async () => {
    const broker = await start(VERIFYING);
    expect(await attempt(broker, { cert: client.cert, key: client.key })).toBe('start');
    expect(await attempt(broker)).toBe('closed');
    expect(await attempt(broker, { cert: stranger.cert, key: stranger.key })).toBe('closed');
  });

  test('may be missing, but not wrong, with verify_peer alone', async () => {
    const broker = await start({ verify: 'verify_peer' });
    expect(await attempt(broker)).toBe('start');
    expect(await attempt(broker, { cert: stranger.cert, key: stranger.key })).toBe('closed');
  });

  test('are not looked at without verify_peer', async () => {
    const broker = await start({});
    expect(await attempt(broker, { cert: stranger.cert, key: stranger.key })).toBe('start');
  });

  test('may have as many others above them as ssl_options.depth says', async () => {
    const chain = { cert: below.cert + between.cert, key: below.key };
    expect(await attempt(await start({ ...VERIFYING, depth: 1 }), chain)).toBe('start');
    const strict = await start({ ...VERIFYING, depth: 0 });
    expect(await attempt(strict, chain)).toBe('closed');
    expect(await attempt(strict, { cert: client.cert, key: client.key })).toBe('start');
  });
});

describe('a handshake', () => {
  test('agrees on a version that is allowed, or fails', async () => {
    const broker = await start({ 'versions.1': 'tlsv1.2' });
    expect(await attempt(broker, { maxVersion: 'TLSv1.2' })).toBe('start');
    expect(await attempt(broker, { minVersion: 'TLSv1.3' })).toBe('closed');
  });

  test('takes the cipher that the broker prefers, unless it is told to honor the client', async () => {
    const ours = ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-AES128-GCM-SHA256'] as const;
    const settings = { 'versions.1': 'tlsv1.2', 'ciphers.1': ours[0], 'ciphers.2': ours[1] };
    const ciphers = [ours[1], ours[0]].join(':');
    expect(await cipher(await start(settings), ciphers)).toBe(ours[0]);
    expect(await cipher(await start({ ...settings, honor_cipher_order: false }), ciphers)).toBe(ours[1]);
    expect(await attempt(await start(settings), { ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' })).toBe('closed');
  });

  async function cipher(broker: RunningBroker, ciphers: string): Promise<string> {
    const socket = open(broker, { ciphers });
    await once(socket, 'secureConnect');
    const { name } = socket.getCipher();
    socket.destroy();
    return name;
  }

  test('shows the certificate of the host that the client asks for', async () => {
    const other = folder.signed('other.example', authority);
    const broker = await start({}, { hosts: { 'Other.example': other } });
    const names: string[] = [];
    for (const servername of ['localhost', 'other.example', 'unknown.example']) {
      const socket = open(broker, { servername, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      names.push(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    }
    expect(names).toEqual(['localhost', 'other.example', 'localhost']);
  });
});

test('settings that cannot be used say so when the broker starts', async () => {
  await expect(start({ 'ciphers.1': 'NO-SUCH-CIPHER' })).rejects.toThrow(
    'certificate, key, versions or ciphers of TLS cannot be used: ',
  );
  await expect(start({}, { key: client.key })).rejects.toThrow('key values mismatch');
});

test.runIf(isAvailable('python3-pika (Debian package)', [PIKA]))(
  'pika publishes and gets a message over TLS with a client certificate',
  async () => {
    const broker = await start(VERIFYING);
    const program = `
import pika, ssl, sys
port, ca, cert, key = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(cert, key)
options = pika.SSLOptions(context, 'localhost')
connection = pika.BlockingConnection(pika.ConnectionParameters('127.0.0.1', int(port), ssl_options=options))
channel = connection.channel()
queue = channel.queue_declare('', exclusive=True).method.queue
channel.basic_publish('', queue, b'over TLS')
print(channel.basic_get(queue, auto_ack=True)[2].decode())
connection.close()
`;
    const files = [authority.certFile, client.certFile, client.keyFile];
    const { stdout } = await promisify(execFile)(PYTHON, ['-c', program, String(broker.tlsPort), ...files]);
    expect(stdout).toBe('over TLS\n');
  },
);
