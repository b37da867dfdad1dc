/**
 * Clients that take and do not give: none of them may cost the broker more than 200 MB, or keep another one from logging
 * in within a second.
 */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FRAME_TYPES } from '../../src/protocols/amqp091/frame.ts';
import { encodeFrame } from '../../src/protocols/amqp091/frames-out.ts';
import { PROTOCOL_HEADER, rawMethod } from '../support/amqp-connection.ts';
import { FloodedBroker, frames } from '../support/flooded-broker.ts';

export interface FloodSizes {
  readonly handshakes: number;
  readonly channelConnections: number;
  readonly channelsEach: number;
  readonly slowClients: number;
  /** Each spells its handshake with a byte a second, for this many milliseconds: then the broker drops it. */
  readonly spelling: { readonly clients: number; readonly handshakeTimeoutMs: number };
  readonly bodies: number;
  readonly tables: number;
}

const MB = 1024 * 1024;
const GROWTH_BYTES_MAX = 200 * MB;
const LOGIN_MS_MAX = 1000;
const TABLE_DEPTH = 1000;
/** The largest body that the broker takes. */
const BODY_BYTES = 128 * MB;
/** Clients that connect at the same time. */
const TOGETHER = 200;

export function floodsSuite(sizes: FloodSizes): void {
  describe('the broker survives', () => {
    let broker: FloodedBroker;
    let restBytes = 0;
    beforeEach(async () => {
      broker = await FloodedBroker.start();
      restBytes = broker.residentBytes;
    });
    afterEach(() => broker.stop());

    async function expectHealth(): Promise<void> {
      const before = performance.now();
      await broker.login();
      expect(performance.now() - before).toBeLessThan(LOGIN_MS_MAX);
      expect(broker.residentBytes - restBytes).toBeLessThan(GROWTH_BYTES_MAX);
    }

    test(`${sizes.handshakes} handshakes that do not go on`, async () => {
      await many(sizes.handshakes, async (index) => {
        // Some say nothing, some only their header, which is answered.
        if (index % 2 === 0) await broker.socket();
        else await frames(await broker.socket(PROTOCOL_HEADER), 1);
      });
      await expectHealth();
    });

    test(`${sizes.channelsEach} channels on each of ${sizes.channelConnections} connections`, async () => {
      await many(sizes.channelConnections, () => broker.channels(sizes.channelsEach));
      await expectHealth();
    });

    test(`${sizes.slowClients} clients that send a frame byte by byte`, async () => {
      const frame = rawMethod(1, 50, 10, Buffer.alloc(4000));
      await many(sizes.slowClients, async () => {
        const socket = await broker.channels(1);
        socket.setNoDelay(true);
        for (const byte of frame.subarray(0, 20)) {
          await new Promise((resolve) => socket.write(Uint8Array.of(byte), resolve));
        }
      });
      await expectHealth();
    });

    const { clients, handshakeTimeoutMs } = sizes.spelling;
    test(`${clients} clients that spell their handshake, a byte a second, and drops them`, async () => {
      const impatient = await FloodedBroker.start({ settings: [`handshake_timeout=${handshakeTimeoutMs}`] });
      const restOfImpatient = impatient.residentBytes;
      const dropped: Promise<unknown>[] = [];
      await many(clients, async () => dropped.push(spelled(await impatient.socket())));
      const before = performance.now();
      await impatient.login();
      expect(performance.now() - before).toBeLessThan(LOGIN_MS_MAX);
      expect(impatient.residentBytes - restOfImpatient).toBeLessThan(GROWTH_BYTES_MAX);
      await Promise.all(dropped);
      await impatient.stop();
    });

    test(`${sizes.bodies} bodies that are announced and do not come`, async () => {
      await many(sizes.bodies, async () => {
        const socket = await broker.channels(1);
        socket.write(
          Buffer.concat([PUBLISH, bodyHeader(BODY_BYTES), encodeFrame(FRAME_TYPES.body, 1, Buffer.alloc(9))]),
        );
      });
      await expectHealth();
    });

    test(`${sizes.tables} tables that are ${TABLE_DEPTH} deep`, async () => {
      const declare = rawMethod(1, 50, 10, Buffer.concat([DECLARE_HEAD, deepTable(TABLE_DEPTH)]));
      await many(sizes.tables, async () => {
        const socket = await broker.channels(1);
        const answered = once(socket, 'data');
        socket.write(declare);
        await answered;
      });
      await expectHealth();
    });
  });
}

/** Writes the protocol header and more, a byte a second, until the broker has closed the connection. */
async function spelled(socket: Socket): Promise<void> {
  socket.setNoDelay(true).resume();
  let position = 0;
  const next = () => void socket.write(Uint8Array.of(PROTOCOL_HEADER[position++] ?? 1));
  next();
  const timer = setInterval(next, 1000);
  await once(socket, 'close');
  clearInterval(timer);
}

/** Not all at once: the operating system's queue of connections is finite. */
async function many(count: number, run: (index: number) => Promise<unknown>): Promise<void> {
  for (let first = 0; first < count; first += TOGETHER) {
    const size = Math.min(TOGETHER, count - first);
    await Promise.all(Array.from({ length: size }, (_, index) => run(first + index)));
  }
}

/** Ticket, exchange, routing key and flags. */
const PUBLISH = rawMethod(1, 60, 40, Uint8Array.of(0, 0, 0, 1, 0x71, 0));
/** Ticket, the queue's name and flags. */
const DECLARE_HEAD = Uint8Array.of(0, 0, 1, 0x71, 0);

function bodyHeader(bytes: number): Uint8Array {
  const payload = Buffer.alloc(14);
  payload.writeUInt16BE(60, 0);
  payload.writeUInt32BE(bytes, 8);
  return encodeFrame(FRAME_TYPES.header, 1, payload);
}

function deepTable(depth: number): Buffer {
  let table = Buffer.alloc(4);
  for (let level = 1; level < depth; level++) {
    const field = Buffer.concat([Buffer.from('\x01aF', 'latin1'), table]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    table = Buffer.concat([length, field]);
  }
  return table;
}
