/** A broker core with the real protocol and channels, connections in memory, and a report of what was refused. */

import { passwordMechanisms } from '../../src/auth/sasl.ts';
import { ByteReader } from '../../src/base/byte-reader.ts';
import { regionOf } from '../../src/base/bytes.ts';
import { ChunkPool } from '../../src/base/output.ts';
import type { Authenticator } from '../../src/core/authentication.ts';
import { AmqpProtocol } from '../../src/protocols/amqp091/amqp-protocol.ts';
import { Channel } from '../../src/protocols/amqp091/channel.ts';
import type { ChannelHost, ChannelPort } from '../../src/protocols/amqp091/channel-contract.ts';
import { AmqpConnection } from '../../src/protocols/amqp091/connection.ts';
import { decodeMethod, findMethodName } from '../../src/protocols/amqp091/methods.ts';
import type { Peer, Session, Transport } from '../../src/protocols/session.ts';
import { Turn, type TurnConnection } from '../../src/server/turn.ts';
import { coreBroker } from '../support/core-broker.ts';

const CHANNEL_CLASS = 20;

const PEER: Peer = {
  remoteAddress: '127.0.0.1',
  remotePort: 51234,
  localAddress: '127.0.0.1',
  localPort: 5672,
  isLoopback: true,
  tls: false,
};

const AUTHENTICATOR: Authenticator = {
  login: (_mechanism, user, password) =>
    user === 'guest' && Buffer.from(password).toString() === 'guest'
      ? { kind: 'granted', user }
      : { kind: 'refused', reason: 'no' },
  mayOpenVhost: () => true,
};

export class FuzzWorld {
  readonly core = coreBroker();
  /** How often each method came to be decoded and handled, by a channel or by the connection. */
  readonly reached = new Map<string, number>();
  /** How often each reply code was given for each method. */
  readonly refused = new Map<string, number>();
  readonly #turn = new Turn({ broker: this.core.broker, schedule: () => {} });
  readonly #protocol = new AmqpProtocol({
    broker: this.core.broker,
    openChannel: (number, host) => this.#openChannel(number, host),
    authenticator: AUTHENTICATOR,
    mechanisms: passwordMechanisms(AUTHENTICATOR),
    tuning: { channelMax: 2047, frameMax: 131_072, heartbeat: 60 },
    limits: {
      handshakeFrameMax: 8192,
      handshakeMs: 10_000,
      outputBytesMax: 1_000_000,
      messageBytesMax: 1_000_000,
      consumersMax: 0,
    },
    identity: { rabbitmqVersion: '3.13.7', leveretVersion: '0.1.0', clusterName: 'rabbit@here', platform: 'Node.js' },
    chunkPool: new ChunkPool(),
    log: { info: () => {}, warning: () => {}, error: () => {} },
  });

  connect(): FuzzConnection {
    return new FuzzConnection(this, this.#turn, (transport) => this.#openSession(transport));
  }

  /** Ends turns until nothing is left to do. */
  settle(): void {
    do this.#turn.end();
    while (this.core.broker.pump.hasWork);
  }

  #reach(methodId: number): void {
    count(this.reached, findMethodName(methodId) ?? 'unknown');
  }

  /** A connection that counts the methods that it handles itself: those of channel 0, and the class of channels. */
  #openSession(transport: Transport): Session {
    const session = this.#protocol.openSession(transport);
    if (!(session instanceof AmqpConnection)) throw new Error('the protocol has another kind of session');
    const handle = session.method.bind(session);
    session.method = (channel, input, start, end) => {
      const id = input.view.getUint32(start);
      const isOpen = [...this.core.broker.connections].includes(session);
      if (channel === 0 || (isOpen && id >>> 16 === CHANNEL_CLASS)) this.#reach(id);
      handle(channel, input, start, end);
    };
    return session;
  }

  #openChannel(number: number, host: ChannelHost): ChannelPort {
    const channel = new Channel(number, host);
    const run = channel.method.bind(channel);
    channel.method = (id, input, start, end) => {
      // Where content is due instead the method is refused unread.
      if (!channel.publisher.isExpectingContent) this.#reach(id);
      run(id, input, start, end);
    };
    return channel;
  }
}

export class FuzzConnection implements Transport, TurnConnection {
  readonly peer = PEER;
  readonly session: Session;
  isClosed = false;
  isTouched = false;
  /** That the broker sent. */
  frames = 0;
  readonly #world: FuzzWorld;
  readonly #turn: Turn;
  #isEnding = false;

  constructor(world: FuzzWorld, turn: Turn, open: (transport: Transport) => Session) {
    this.#world = world;
    this.#turn = turn;
    this.session = open(this);
  }

  touch(): void {
    this.#turn.touch(this);
  }

  pauseReading(): void {}

  resumeReading(): void {}

  closeAfterWrite(): void {
    this.#isEnding = true;
    this.touch();
  }

  destroy(): void {
    this.#isEnding = true;
  }

  send(bytes: Uint8Array): void {
    if (this.#isEnding || bytes.length === 0) return;
    this.touch();
    this.session.receive(bytes, 0, bytes.length);
  }

  turnEnded(): void {
    const { output } = this.session;
    const batch = output.take();
    this.#report(Buffer.concat(batch.parts));
    output.done(batch);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.session.closed();
    this.session.output.discard();
  }

  #report(bytes: Buffer): void {
    let position = bytes.toString('latin1', 0, 4) === 'AMQP' ? 8 : 0;
    while (position < bytes.length) {
      const size = bytes.readUInt32BE(position + 3);
      this.frames++;
      if (bytes[position] === 1) this.#reportMethod(bytes.subarray(position + 7, position + 7 + size));
      position += size + 8;
    }
  }

  #reportMethod(payload: Uint8Array): void {
    const reader = new ByteReader(regionOf(payload));
    const method = decodeMethod(reader.u32(), reader);
    if (method?.name !== 'connection.close' && method?.name !== 'channel.close') return;
    const name = findMethodName(method.classId * 65_536 + method.methodId) ?? 'none';
    count(this.#world.refused, `${method.replyCode} ${name}`);
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
