/**
 * A TCP relay between a client program and the broker that notes the AMQP methods passing through, so that a test can
 * wait for a program that prints nothing, for instance until the broker has answered its basic.consume.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const METHOD_FRAME = 1;
const HEARTBEAT_FRAME = 8;
const FRAME_OVERHEAD = 8;
const PROTOCOL_HEADER_BYTES = 8;

/** What tests wait for, with the class and method ids by which it is known. */
const EVENTS = {
  'basic.consume-ok': [60, 21],
  'basic.ack': [60, 80],
  'channel.close-ok': [20, 41],
  'heartbeat of the broker': [HEARTBEAT_FRAME],
} as const;

type EventName = keyof typeof EVENTS;

/** channel.close on channel 1 with reply code 200 and nothing else said. */
const CLOSE_CHANNEL_1 = Buffer.from([METHOD_FRAME, 0, 1, 0, 0, 0, 11, 0, 20, 0, 40, 0, 200, 0, 0, 0, 0, 0, 0xce]);

interface Waiter {
  readonly name: EventName;
  readonly count: number;
  readonly resolve: () => void;
}

export class FrameTap {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #brokerSide: Socket | undefined;
  readonly #counts = new Map<string, number>();
  #waiters: Waiter[] = [];

  private constructor(server: Server, target: { host: string; port: number }) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.#relay(client, connect(target.port, target.host)));
  }

  /** Starts a relay on a free loopback port. */
  static async open(target: { host: string; port: number }): Promise<FrameTap> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FrameTap(server, target);
  }

  /** Resolves once it has passed `count` times; a method in either direction. */
  passed(name: EventName, count = 1): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ name, count, resolve });
      this.#serveWaiters();
    });
  }

  /**
   * Closes the program's channel 1 in its place. When this resolves the broker has given back whatever the program
   * had not acknowledged, so that queue counts are final. The program itself is of no use afterwards.
   */
  async closeChannel(): Promise<void> {
    this.#brokerSide?.write(CLOSE_CHANNEL_1);
    await this.passed('channel.close-ok');
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #relay(client: Socket, broker: Socket): void {
    this.#brokerSide = broker;
    const onMethod = (classId: number, methodId: number): void => this.#note(`${classId}.${methodId}`);
    const onHeartbeat = (): void => this.#note(`${HEARTBEAT_FRAME}`);
    this.#forward(client, broker, frameScanner({ skippedBytes: PROTOCOL_HEADER_BYTES, onMethod }));
    this.#forward(broker, client, frameScanner({ skippedBytes: 0, onMethod, onHeartbeat }));
  }

  #forward(from: Socket, to: Socket, scan: (chunk: Buffer) => void): void {
    this.#sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      to.write(chunk);
      scan(chunk);
    });
    // A killed client resets its connection; the other side learns of it as of any end.
    from.on('error', () => to.end());
    from.on('end', () => to.end());
    from.on('close', () => this.#sockets.delete(from));
  }

  #note(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#serveWaiters();
  }

  #serveWaiters(): void {
    this.#waiters = this.#waiters.filter(({ name, count, resolve }) => {
      if ((this.#counts.get(EVENTS[name].join('.')) ?? 0) < count) return true;
      resolve();
      return false;
    });
  }
}

interface ScannerOptions {
  /** What stands before the first frame. */
  readonly skippedBytes: number;
  readonly onMethod: (classId: number, methodId: number) => void;
  readonly onHeartbeat?: () => void;
}

/** Returns a function that takes the bytes of one direction as they come and reports its frames. */
function frameScanner({ skippedBytes, onMethod, onHeartbeat }: ScannerOptions): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let skip = skippedBytes;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    if (rest.length < skip) return;
    rest = rest.subarray(skip);
    skip = 0;
    while (rest.length >= FRAME_OVERHEAD) {
      const frameBytes = FRAME_OVERHEAD + rest.readUInt32BE(3);
      if (rest.length < frameBytes) return;
      const type = rest.readUInt8(0);
      if (type === METHOD_FRAME) onMethod(rest.readUInt16BE(7), rest.readUInt16BE(9));
      if (type === HEARTBEAT_FRAME) onHeartbeat?.();
      rest = rest.subarray(frameBytes);
    }
  };
}
