/**
 * One AMQP 0-9-1 connection: from the protocol header through the handshake to its close. Frames come from the frame
 * reader; those for channels go to `Channels`, those for channel 0 are handled here.
 *
 * Input is not taken while a channel waits for an answer of its own, and while a client that asks does not read.
 */

import type { Region } from '../../base/bytes.ts';
import { text } from '../../base/field-table.ts';
import { Output } from '../../base/output.ts';
import { type BrokerError, refusal } from '../../core/errors.ts';
import type { OpenConnection } from '../../core/open-connections.ts';
import { Owner } from '../../core/owner.ts';
import type { Session, Transport } from '../session.ts';
import type { AmqpContext } from './amqp-options.ts';
import { ConnectionLog, connectionName } from './connection-log.ts';
import { FRAME_TYPES } from './frame.ts';
import { unexpectedFrame } from './frame-errors.ts';
import { type FrameHandler, FrameReader } from './frame-reader.ts';
import { HEARTBEAT_FRAME, writeBytes, writeMethodFrame } from './frames-out.ts';
import { Handshake, unexpectedMethod } from './handshake.ts';
import { Heartbeat } from './heartbeat.ts';
import { readMethod } from './method-reader.ts';
import type { ConnectionStartOk, ConnectionUpdateSecret } from './methods/connection.ts';
import type { Method } from './methods.ts';
import { AMQP_0_9_1_HEADER, HeaderCollector } from './protocol-header.ts';
import { asRefusal, closeMethod } from './refused.ts';
import { VhostSession } from './vhost-session.ts';

/** How long a client may take to confirm our close. */
const CLOSING_MS = 30_000;
/** Class id and method id. */
const METHOD_ID_BYTES = 4;

export class AmqpConnection implements Session, FrameHandler, OpenConnection {
  readonly output: Output;
  readonly #context: AmqpContext;
  readonly #transport: Transport;
  readonly #name: string;
  readonly #log: ConnectionLog;
  readonly #reader: FrameReader;
  readonly #handshake: Handshake;
  /** `closing`: waits for the client's close-ok. `closed`: nothing is read any more. */
  #state: 'header' | 'handshake' | 'running' | 'closing' | 'closed' = 'header';
  #header: HeaderCollector | undefined = new HeaderCollector();
  #heartbeat: Heartbeat | undefined;
  #open: VhostSession | undefined;
  /** What a client that has closed still waits for. */
  #leaving: VhostSession | undefined;
  #closingUntilMs = 0;
  #hasAnsweredClose = false;
  #isReadingPaused = false;

  constructor(context: AmqpContext, transport: Transport) {
    const { peer } = transport;
    this.#context = context;
    this.#transport = transport;
    this.output = new Output(context.chunkPool, context.broker.messages);
    this.#name = connectionName(peer);
    this.#log = new ConnectionLog(context.log, context.broker.clock, this.#name);
    this.#reader = new FrameReader(this, context.limits.handshakeFrameMax);
    this.#handshake = new Handshake(context, { isLoopback: peer.isLoopback, tls: peer.tls });
  }

  // What the server calls.

  receive(bytes: Uint8Array, start: number, end: number): void {
    this.#heartbeat?.received();
    const framesStart = this.#header === undefined ? start : this.#readHeader(this.#header, bytes, start, end);
    if (framesStart < end) this.#reader.receive(bytes, framesStart, end);
    this.#updateReading();
  }

  endTurn(): void {
    if (this.#leaving !== undefined) return this.#leave();
    const channels = this.#open?.channels;
    if (channels === undefined) return;
    let wasPaused = this.isPaused;
    channels.endTurn();
    // What was kept while a channel waited is handled now; the channels may have something to say about it at once.
    while (wasPaused && !this.isPaused) {
      this.#reader.resume();
      wasPaused = this.isPaused;
      channels.endTurn();
    }
    this.#updateReading();
  }

  drained(): void {
    // Called after nearly every write: nothing may come of it unless somebody was held back.
    if (this.#open?.drained() !== true) return;
    this.#resume();
    this.#transport.touch();
  }

  tick(nowMs: number): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'closing') {
      if (nowMs >= this.#closingUntilMs) this.#drop();
      return;
    }
    if (this.#state !== 'running' && nowMs - this.#log.openedAtMs >= this.#context.limits.handshakeMs) {
      // RabbitMQ names what it waits for.
      this.#dropBecause(`{handshake_timeout,${this.#state === 'header' ? 'handshake' : 'frame_header'}}`);
    } else if (this.#heartbeat !== undefined) this.#beat(this.#heartbeat, nowMs);
  }

  shutdown(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    if (this.#state === 'header' || this.#handshake.state === 'starting') return this.#end();
    this.close("broker forced connection closure with reason 'shutdown'");
  }

  closed(): void {
    this.#leaving = undefined;
    this.#giveBack();
    if (this.#state === 'closing' || this.#state === 'closed') this.#log.closing();
    else this.#log.closingUnexpectedly();
    this.#state = 'closed';
    this.#reader.stop();
    this.#context.broker.ended.keep('connection', this);
  }

  // What the rest of the broker calls.

  get user(): string {
    return this.#handshake.user;
  }

  get vhost(): string {
    return this.#handshake.vhost?.name ?? '';
  }

  get channelCount(): number {
    return this.#open?.channels.count ?? 0;
  }

  close(reason: string): void {
    this.#fail(0, refusal.connectionForced(reason), 0);
    this.#resume();
  }

  alarmsChanged(): void {
    this.#open?.alarmsChanged();
    this.#resume();
  }

  permissionsChanged(): void {
    this.#open?.permissionsChanged();
  }

  // What the frame reader calls.

  get isPaused(): boolean {
    return this.#state === 'running' && this.#open?.isPaused === true;
  }

  method(channel: number, input: Region, start: number, end: number): void {
    if (channel > 0 && this.#state === 'running') this.#open?.channels.method(channel, input, start, end);
    else if (channel === 0) this.#connectionMethod(input, start, end);
    else this.#unexpected(FRAME_TYPES.method, channel, input, start, end);
  }

  header(channel: number, input: Region, start: number, end: number, inputEnd: number): void {
    if (channel > 0 && this.#state === 'running') this.#open?.channels.header(channel, input, start, end, inputEnd);
    else this.#unexpected(FRAME_TYPES.header, channel, input, start, end);
  }

  content(channel: number, input: Region, start: number, end: number, headerEnd: number, bodyEnd: number): boolean {
    return this.#open?.channels.content(channel, input, start, end, headerEnd, bodyEnd) ?? false;
  }

  body(channel: number, input: Region, start: number, end: number): void {
    if (channel > 0 && this.#state === 'running') this.#open?.channels.body(channel, input, start, end);
    else this.#unexpected(FRAME_TYPES.body, channel, input, start, end);
  }

  heartbeat(channel: number): void {
    if (channel > 0) this.#fail(channel, refusal.unexpectedFrame('type 8, all octets = <<>>'), 0);
  }

  broken(channel: number, error: BrokerError): void {
    this.#fail(channel, error, 0);
    this.#log.closingBecause('fatal_frame_error');
    this.#end();
  }

  // The beginning.

  /** @returns where the frames begin. */
  #readHeader(header: HeaderCollector, bytes: Uint8Array, start: number, end: number): number {
    this.#log.accepting();
    const framesStart = header.add(bytes, start, end);
    if (!header.isComplete) return framesStart;
    this.#header = undefined;
    const foreign = header.foreignProtocol;
    if (foreign === undefined) this.#start();
    else this.#refuseProtocol(foreign);
    return framesStart;
  }

  #start(): void {
    this.#state = 'handshake';
    this.#send(this.#context.start);
  }

  #refuseProtocol(foreign: string): void {
    this.#write(AMQP_0_9_1_HEADER);
    this.#log.closingBecause(foreign);
    this.#end();
  }

  // Methods on channel 0.

  #connectionMethod(input: Region, start: number, end: number): void {
    const id = input.view.getUint32(start);
    try {
      this.#handle(readMethod(id, input, start + METHOD_ID_BYTES, end));
    } catch (thrown) {
      this.#fail(0, asRefusal(thrown), id);
    }
  }

  #handle(method: Method): void {
    if (this.#state === 'closing') this.#whileClosing(method);
    else if (this.#state !== 'running') this.#shakeHands(method);
    else if (method.name === 'connection.close') this.#closeByClient();
    else if (method.name === 'connection.update-secret') this.#updateSecret(method);
    else throw unexpectedMethod(this.#handshake.state);
  }

  #shakeHands(method: Method): void {
    const handshake = this.#handshake;
    if (method.name === 'connection.start-ok' && handshake.state === 'starting') this.#named(method);
    const answer = handshake.handle(method);
    if (method.name === 'connection.start-ok') this.#log.authenticated(handshake.user);
    else if (method.name === 'connection.tune-ok') this.#tuned();
    else this.#openVhost();
    if (answer !== undefined) this.#send(answer);
  }

  #named({ clientProperties }: ConnectionStartOk): void {
    const clientName = text(clientProperties.get('connection_name'));
    if (clientName !== undefined) this.#log.named(clientName);
  }

  #tuned(): void {
    const { frameMax, heartbeat } = this.#handshake.tuning;
    this.#reader.frameMax = frameMax;
    this.#heartbeat = new Heartbeat(heartbeat, this.#context.broker.clock.now());
  }

  #openVhost(): void {
    const { user, tuning, capabilities, vhost } = this.#handshake;
    if (vhost === undefined) return;
    const { broker, limits, openChannel } = this.#context;
    this.#open = new VhostSession({
      connection: this,
      broker,
      vhost,
      owner: new Owner(user, this.#name),
      output: this.output,
      transport: this.#transport,
      frameMax: tuning.frameMax,
      channelMax: tuning.channelMax,
      messageBytesMax: limits.messageBytesMax,
      consumersMax: limits.consumersMax,
      outputBytesMax: limits.outputBytesMax,
      canCancelConsumers: capabilities.consumerCancelNotify,
      isToldWhenBlocked: capabilities.connectionBlocked,
      openChannel,
      log: this.#log,
      send: (method) => this.#send(method),
      fail: (channel, error, methodId) => this.#fail(channel, error, methodId),
    });
    this.#state = 'running';
    this.#log.opened(vhost.name);
  }

  #updateSecret({ newSecret, reason }: ConnectionUpdateSecret): void {
    const { authenticator } = this.#context;
    if (authenticator.updateSecret?.(this.user, newSecret) === false) throw refusal.secretRefused();
    this.permissionsChanged();
    this.#log.secretUpdated(reason);
    this.#send({ name: 'connection.update-secret-ok' });
  }

  // The end.

  #closeByClient(): void {
    this.#leaving = this.#open;
    this.#giveBack();
    this.#reader.stop();
    this.#leave();
  }

  /** close-ok also says that the exclusive queues are gone. */
  #leave(): void {
    if (this.#leaving?.isGone === false) return this.#transport.touch();
    this.#leaving = undefined;
    this.#send({ name: 'connection.close-ok' });
    this.#end();
  }

  #whileClosing(method: Method): void {
    if (method.name === 'connection.close-ok') return this.#end();
    // Both sides closed at once. The client still owes the close-ok for ours.
    if (method.name !== 'connection.close' || this.#hasAnsweredClose) return;
    this.#hasAnsweredClose = true;
    this.#send({ name: 'connection.close-ok' });
  }

  #unexpected(type: number, channel: number, input: Region, start: number, end: number): void {
    if (this.#state !== 'closing') this.#fail(channel, unexpectedFrame(type, input, start, end), 0);
  }

  /** Ends the connection with a refusal. */
  #fail(channel: number, error: BrokerError, methodId: number): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    const { state, refusalReason, capabilities } = this.#handshake;
    if (refusalReason !== undefined) this.#log.loginRefused(refusalReason);
    else this.#log.error(state, { channel, methodId, error });
    this.#giveBack();
    // Who has not logged in learns nothing, unless it asked to be told.
    if (state === 'starting' && !capabilities.authenticationFailureClose) this.#end();
    else this.#sendClose(error, methodId);
  }

  #sendClose(error: BrokerError, methodId: number): void {
    this.#state = 'closing';
    this.#closingUntilMs = this.#context.broker.clock.now() + CLOSING_MS;
    this.#send(closeMethod('connection.close', error, methodId));
  }

  /** Nothing more is read; the connection closes when everything is written. */
  #end(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#reader.stop();
    this.#transport.closeAfterWrite();
  }

  #dropBecause(reason: string): void {
    this.#log.closingBecause(reason);
    this.#drop();
  }

  #drop(): void {
    this.#state = 'closed';
    this.#giveBack();
    this.#reader.stop();
    this.#transport.destroy();
  }

  #giveBack(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    open.close();
    this.#transport.touch();
  }

  // What it takes.

  #beat(heartbeat: Heartbeat, nowMs: number): void {
    if (this.#isReadingPaused) heartbeat.notRead(nowMs);
    if (heartbeat.isMissed(nowMs)) {
      return this.#dropBecause(`missed heartbeats from client, timeout: ${this.#handshake.tuning.heartbeat}s`);
    }
    // What waits to be sent is a sign of life as good.
    if (heartbeat.isDue(nowMs) && this.output.pendingBytes === 0) this.#write(HEARTBEAT_FRAME);
  }

  #resume(): void {
    if (!this.isPaused) this.#reader.resume();
    this.#updateReading();
  }

  #updateReading(): void {
    if (this.isPaused === this.#isReadingPaused) return;
    this.#isReadingPaused = this.isPaused;
    if (this.#isReadingPaused) this.#transport.pauseReading();
    else this.#transport.resumeReading();
  }

  #send(method: Method): void {
    writeMethodFrame(this.output, 0, method);
    this.#transport.touch();
  }

  #write(bytes: Uint8Array): void {
    writeBytes(this.output, bytes);
    this.#transport.touch();
  }
}
