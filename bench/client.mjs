/**
 * A small AMQP client for what the load generator cannot do: one connection with channel 1 open, raw writes, replies
 * awaited by method, deliveries only counted. It reads frames by position, so that it is not what a scenario measures.
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import * as wire from './wire.mjs';

const { METHODS } = wire;
const METHOD_FRAME = 1;
const FRAME_OVERHEAD = 8;

export class Client {
  /** Messages delivered or got so far. */
  delivered = 0;
  #socket;
  #rest = Buffer.alloc(0);
  #replies = [];
  #deliveryWaiters = [];
  #failure;

  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay();
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the broker closed the connection')));
  }

  /** Connects, logs in and opens channel 1. */
  static async connect({ port, host = '127.0.0.1', user = 'guest', password = 'guest' }) {
    const socket = connect(port, host);
    await once(socket, 'connect');
    const client = new Client(socket);
    await client.call(wire.PROTOCOL_HEADER, METHODS.connectionStart);
    await client.call(wire.startOk(user, password), METHODS.connectionTune);
    client.write(wire.tuneOk());
    await client.call(wire.open(), METHODS.connectionOpenOk);
    await client.call(wire.channelOpen(1), METHODS.channelOpenOk);
    return client;
  }

  /** Writes bytes; false when the caller should wait for `drained`. */
  write(bytes) {
    return this.#socket.write(bytes);
  }

  async drained() {
    if (this.#socket.writableNeedDrain) await once(this.#socket, 'drain');
  }

  /** Writes a method and resolves with the payload of the reply, of which `method` is the id. Replies come in order. */
  call(bytes, method) {
    this.write(bytes);
    return this.reply(method);
  }

  reply(method) {
    return new Promise((resolve, reject) => {
      if (this.#failure) reject(this.#failure);
      else this.#replies.push({ method, resolve, reject });
    });
  }

  /** Resolves when that many messages were delivered since the connection was opened. */
  deliveries(count) {
    return new Promise((resolve, reject) => {
      if (this.#failure) reject(this.#failure);
      else if (this.delivered >= count) resolve();
      else this.#deliveryWaiters.push({ count, resolve, reject });
    });
  }

  /** How many messages a queue holds ready. */
  async messageCount(queue) {
    const payload = await this.call(wire.queueDeclare(queue, { passive: true }), METHODS.queueDeclareOk);
    return payload.readUInt32BE(payload.length - 8);
  }

  /** Stops reading, as a stuck program does. */
  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
  }

  /** Cuts the connection without a word. */
  destroy() {
    this.#failure = new Error('this client has cut its connection');
    this.#socket.destroy();
  }

  #read(chunk) {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= FRAME_OVERHEAD) {
      const frameBytes = FRAME_OVERHEAD + bytes.readUInt32BE(at + 3);
      if (bytes.length - at < frameBytes) break;
      if (bytes[at] === METHOD_FRAME) this.#method(bytes, at, frameBytes);
      at += frameBytes;
    }
    this.#rest = bytes.subarray(at);
    this.#serveDeliveryWaiters();
  }

  #method(bytes, at, frameBytes) {
    const method = bytes.readUInt32BE(at + 7);
    if (method === METHODS.basicDeliver || method === METHODS.basicGetOk) this.delivered++;
    else if (method === METHODS.connectionClose || method === METHODS.channelClose) {
      this.#fail(new Error(`the broker closed with ${bytes.toString('latin1', at + 11, at + frameBytes - 1)}`));
    } else if (method === this.#replies[0]?.method) {
      this.#replies.shift().resolve(Buffer.from(bytes.subarray(at + 11, at + frameBytes - 1)));
    }
  }

  #serveDeliveryWaiters() {
    while (this.#deliveryWaiters.length > 0 && this.delivered >= this.#deliveryWaiters[0].count) {
      this.#deliveryWaiters.shift().resolve();
    }
  }

  #fail(error) {
    this.#failure ??= error;
    for (const { reject } of [...this.#replies, ...this.#deliveryWaiters]) reject(this.#failure);
    this.#replies = [];
    this.#deliveryWaiters = [];
  }
}
