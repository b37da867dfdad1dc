/** Clients that send bytes and care for nothing: messages without end, messages without their end, queues without end. */

import type { Socket } from 'node:net';
import { EMPTY_TABLE } from '../../src/base/field-table.ts';
import { FRAME_TYPES } from '../../src/protocols/amqp091/frame.ts';
import { encodeFrame } from '../../src/protocols/amqp091/frames-out.ts';
import { method } from '../support/amqp-connection.ts';
import type { FloodedBroker } from '../support/flooded-broker.ts';

/** Of the largest frame. */
const PAYLOAD_BYTES = 128 * 1024 - 8;
const BATCH_BYTES = 256 * 1024;
const BASIC_CLASS = 60;

const WHOLE_FRAME = encodeFrame(FRAME_TYPES.body, 1, Buffer.alloc(PAYLOAD_BYTES, 'x'));

/** basic.publish to a queue and the content header of a body of so many bytes. */
function publishHead(queue: string, bodyBytes: number): Buffer {
  const header = Buffer.alloc(14);
  header.writeUInt16BE(BASIC_CLASS, 0);
  header.writeUInt32BE(bodyBytes, 8);
  const publish = {
    name: 'basic.publish',
    exchange: '',
    routingKey: queue,
    mandatory: false,
    immediate: false,
  } as const;
  return Buffer.concat([method(1, publish), encodeFrame(FRAME_TYPES.header, 1, header)]);
}

function bodyFrames(bytes: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let left = bytes; left > 0; left -= PAYLOAD_BYTES) {
    frames.push(encodeFrame(FRAME_TYPES.body, 1, Buffer.alloc(Math.min(left, PAYLOAD_BYTES), 'x')));
  }
  return frames;
}

/** Publishes messages of this size to a queue until it is told to stop, or has sent so many, whatever the broker says. */
export class Flood {
  /** Handed to the operating system; some of it may never arrive. */
  sent = 0;
  readonly #sockets: Socket[] = [];
  #isStopped = false;

  /** @param max messages of each connection */
  async start(
    broker: FloodedBroker,
    options: {
      readonly connections: number;
      readonly queue: string;
      readonly bodyBytes: number;
      readonly max?: number;
    },
  ): Promise<void> {
    const { connections, queue, bodyBytes, max = Number.POSITIVE_INFINITY } = options;
    const message = Buffer.concat([publishHead(queue, bodyBytes), ...bodyFrames(bodyBytes)]);
    const perBatch = Math.max(1, Math.floor(BATCH_BYTES / message.length));
    const batch = Buffer.concat(Array.from({ length: perBatch }, () => message));
    for (let count = 0; count < connections; count++) {
      const socket = await broker.channels(1);
      this.#sockets.push(socket);
      void this.#send(socket, batch, perBatch, max);
    }
  }

  /** Drops the connections. */
  stop(): void {
    this.#isStopped = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async #send(socket: Socket, batch: Buffer, perBatch: number, max: number): Promise<void> {
    for (let sent = 0; sent < max && !this.#isStopped; sent += perBatch) {
      this.sent += perBatch;
      if (!(await written(socket, batch))) return;
    }
  }
}

/** Announces a body and sends less of it. @returns the connection */
export async function halfSend(
  broker: FloodedBroker,
  { announced, sent, queue }: { readonly announced: number; readonly sent: number; readonly queue: string },
): Promise<Socket> {
  const socket = await broker.channels(1);
  socket.write(publishHead(queue, announced));
  void sendPart(socket, sent);
  return socket;
}

async function sendPart(socket: Socket, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes; sent += PAYLOAD_BYTES) if (!(await written(socket, WHOLE_FRAME))) return;
}

/** @returns false when the connection has closed instead. */
async function written(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  if (socket.destroyed) return false;
  if (socket.write(bytes)) return true;
  return new Promise((resolve) => {
    const end = () => {
      socket.off('drain', end).off('close', end);
      resolve(!socket.destroyed);
    };
    socket.on('drain', end).on('close', end);
  });
}

/** Declares exclusive queues on one connection until it has so many, or one is refused. @returns the connection */
export async function declareQueues(broker: FloodedBroker, count: number): Promise<Socket> {
  const socket = await broker.channels(1);
  const flags = { passive: false, durable: false, exclusive: true, autoDelete: false, noWait: true } as const;
  for (let first = 0; first < count && !socket.destroyed; first += 1000) {
    const declares = Array.from({ length: Math.min(1000, count - first) }, (_, index) =>
      method(1, { name: 'queue.declare', queue: `queue number ${first + index}`, ...flags, arguments: EMPTY_TABLE }),
    );
    if (!(await written(socket, Buffer.concat(declares)))) break;
  }
  return socket;
}
