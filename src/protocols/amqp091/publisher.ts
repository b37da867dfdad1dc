/**
 * The publishing half of a channel: puts basic.publish, content header and body frames together into one message, hands
 * it to the vhost, and knows what has to be returned and confirmed.
 *
 * hot path: flat memory
 */

import { type Region, regionOf } from '../../base/bytes.ts';
import type { Broker } from '../../core/broker.ts';
import { comesBack } from '../../core/direct-reply.ts';
import { type BrokerError, REPLY_CODES, refusal } from '../../core/errors.ts';
import { LARGE_BODY_BYTES, NEVER_MS, PROPERTIES_BYTES_MAX } from '../../core/messages.ts';
import type { MessageHandle } from '../../core/ports.ts';
import type { Queue } from '../../core/queue/queue.ts';
import type { Route } from '../../core/route.ts';
import type { Transaction } from '../../core/transaction.ts';
import type { Vhost } from '../../core/vhost.ts';
import { BodyBuilder } from './body-builder.ts';
import type { Confirms } from './confirms.ts';
import type { DeliveryWriter } from './delivery-writer.ts';
import { FRAME_HEAD_BYTES } from './frame.ts';
import { checkProperties, modeIn, priorityIn } from './properties.ts';
import { EXAMINED_FLAGS, type PublishExamination } from './publish-examination.ts';
import type { PublishTarget } from './publish-target.ts';
import { asContentRefusal } from './refused.ts';

const BASIC_CLASS = 60;
/** What a content header begins with: the weight is always 0. */
const CLASS_AND_WEIGHT = BASIC_CLASS << 16;
/** Of a content header before the properties: class, weight, body size. */
const CONTENT_HEAD_BYTES = 12;
const BODY_SIZE_AT = 4;
const PERSISTENT = 2;
/** Beside what `checkProperties` finds: the message has a time to live. */
const EXPIRES = 1 << 16;
const TWO_POW_32 = 0x1_0000_0000;

const NOTHING = regionOf(new Uint8Array(0));

export interface PublisherWorld {
  readonly broker: Broker;
  readonly vhost: Vhost;
  readonly target: PublishTarget;
  readonly examination: PublishExamination;
  readonly writer: DeliveryWriter;
  readonly messageBytesMax: number;
  /** The broker needs the memory of what is half received: ends the channel. */
  readonly giveUp: (error: BrokerError) => void;
  /** A message was published that the log keeps. Called once. */
  readonly onLogged: () => void;
}

export class Publisher {
  /** Set by confirm.select. */
  confirms: Confirms | undefined;
  /** Set by tx.select. */
  transaction: Transaction | undefined;
  /** Set by a basic.return: it was an answer, for which a full output must wait. */
  hasReturned = false;

  readonly #broker: Broker;
  readonly #vhost: Vhost;
  readonly #target: PublishTarget;
  readonly #examination: PublishExamination;
  readonly #writer: DeliveryWriter;
  readonly #messageBytesMax: number;
  readonly #giveUp: (error: BrokerError) => void;
  readonly #onLogged: () => void;
  #hasLogged = false;

  /** The route of the message being put together; undefined between messages. */
  #route: Route<Queue> | undefined;
  #mandatory = false;
  #hasHeader = false;
  #bodyBytes = 0;
  /** What `checkProperties` found, and `EXPIRES`: of each header anew, so that nothing of the last message is left. */
  #found = 0;
  #properties: Region = NOTHING;
  #propertiesStart = 0;
  #propertiesBytes = 0;
  /** True when the properties still lie in the caller's buffer. */
  #isPropertiesBorrowed = false;
  #body: BodyBuilder | undefined;

  constructor(world: PublisherWorld) {
    this.#broker = world.broker;
    this.#vhost = world.vhost;
    this.#target = world.target;
    this.#examination = world.examination;
    this.#writer = world.writer;
    this.#messageBytesMax = world.messageBytesMax;
    this.#giveUp = world.giveUp;
    this.#onLogged = world.onLogged;
  }

  /** A message has begun and is not complete: no other method may come now. */
  get isExpectingContent(): boolean {
    return this.#route !== undefined;
  }

  /**
   * A whole message at once: see `ChannelPort.publish`. Takes those that ask for nothing and reach a queue, which are
   * nearly all.
   */
  whole(input: Region, start: number, end: number, headerEnd: number, bodyEnd: number): boolean {
    const propertiesStart = end + 1 + FRAME_HEAD_BYTES + CONTENT_HEAD_BYTES;
    const bodyStart = headerEnd + 1 + FRAME_HEAD_BYTES;
    if (!this.#isPlain(input, propertiesStart, headerEnd, bodyEnd - bodyStart)) return false;
    const route = this.#target.resolve(input, start, end);
    const { queues } = route;
    if (route.needsMessage || queues.length === 0 || (this.#target.mandatory && comesBack(queues))) return false;
    const found = check(input.view, propertiesStart, headerEnd);
    const isPersistent = modeIn(found) === PERSISTENT;
    const message = this.#broker.messages.create(
      route,
      isPersistent,
      priorityIn(found),
      this.#broker.clock.now(),
      input,
      propertiesStart,
      headerEnd - propertiesStart,
      input,
      bodyStart,
      bodyEnd - bodyStart,
    );
    const ticket = this.#vhost.publish(message, route);
    if (isPersistent && ticket > 0 && !this.#hasLogged) this.#logged();
    this.confirms?.add(ticket);
    return true;
  }

  /** The header is in order, its body is whole, and no property is to be examined. */
  #isPlain(input: Region, propertiesStart: number, end: number, bodyBytes: number): boolean {
    if (this.isExpectingContent || this.transaction !== undefined) return false;
    const propertiesBytes = end - propertiesStart;
    if (propertiesBytes < 2 || propertiesBytes > PROPERTIES_BYTES_MAX) return false;
    if (bodyBytes === 0 || bodyBytes > LARGE_BODY_BYTES || bodyBytes > this.#messageBytesMax) return false;
    const view = input.view;
    const head = propertiesStart - CONTENT_HEAD_BYTES;
    return (
      view.getUint32(head) === CLASS_AND_WEIGHT &&
      view.getUint32(head + BODY_SIZE_AT) === 0 &&
      view.getUint32(head + BODY_SIZE_AT + 4) === bodyBytes &&
      (view.getUint16(propertiesStart) & EXAMINED_FLAGS) === 0
    );
  }

  /** basic.publish: its arguments are `input.bytes[start, end)`. */
  method(input: Region, start: number, end: number): void {
    this.#route = this.#target.resolve(input, start, end);
    this.#mandatory = this.#target.mandatory;
    this.#hasHeader = false;
  }

  /** The content header; `inputEnd` tells how far the caller's buffer holds what comes behind it. */
  header(input: Region, start: number, end: number, inputEnd: number): void {
    const route = this.#route;
    if (route === undefined || this.#hasHeader) throw this.unexpectedFrame();
    const view = input.view;
    if (view.getUint32(start) !== CLASS_AND_WEIGHT) throw this.#wrongHeader(view.getUint16(start));
    const high = view.getUint32(start + BODY_SIZE_AT);
    const low = view.getUint32(start + BODY_SIZE_AT + 4);
    const bodyBytes = high === 0 ? low : high * TWO_POW_32 + low;
    if (bodyBytes > this.#messageBytesMax) throw refusal.messageTooLarge(bodyBytes, this.#messageBytesMax);
    const propertiesBytes = end - start - CONTENT_HEAD_BYTES;
    if (propertiesBytes > PROPERTIES_BYTES_MAX) throw refusal.syntaxError('the properties are too large');
    this.#found = checkProperties(view, start + CONTENT_HEAD_BYTES, end);
    this.#hasHeader = true;
    this.#bodyBytes = bodyBytes;
    this.#properties = input;
    this.#propertiesStart = start + CONTENT_HEAD_BYTES;
    this.#propertiesBytes = propertiesBytes;
    this.#isPropertiesBorrowed = true;
    if ((view.getUint16(start + CONTENT_HEAD_BYTES) & EXAMINED_FLAGS) !== 0) this.#examine();
    if (bodyBytes === 0) this.#complete(route, input, 0);
    else if (inputEnd - end < bodyBytes) this.#keepProperties();
  }

  /** A piece of a body frame's payload. */
  body(input: Region, start: number, end: number): void {
    const route = this.#route;
    if (!this.#hasHeader || route === undefined) throw this.unexpectedFrame();
    if (this.#body === undefined && end - start === this.#bodyBytes && this.#bodyBytes <= LARGE_BODY_BYTES) {
      this.#complete(route, input, start);
      return;
    }
    this.#keepProperties();
    const body = this.#collect(end - start);
    body.append(input.bytes, start, end);
    if (body.isComplete) this.#completeCollected(route, body);
  }

  /** Gives a mandatory message that reaches no queue back to the client. */
  returned(message: MessageHandle): void {
    this.#writer.returned(message, REPLY_CODES.NO_ROUTE, 'NO_ROUTE');
  }

  /** Where direct replies to what is published here go; undefined when there is no consumer for them. */
  get replyQueue(): Queue | undefined {
    return this.#examination.replyQueue;
  }

  set replyQueue(queue: Queue) {
    this.#examination.replyQueue = queue;
  }

  /** What a frame is refused with that is not the next one of a message. */
  unexpectedFrame(): BrokerError {
    if (this.#route === undefined) return notExpected('method frame', 'method');
    if (!this.#hasHeader) return notExpected(`content header for class ${BASIC_CLASS}`, 'content header');
    return notExpected('content body', 'content body');
  }

  /** The channel is closing: what was half received is forgotten. */
  forget(): void {
    this.#route = undefined;
    this.#hasHeader = false;
    this.#body?.end();
    this.#body = undefined;
    this.#properties = NOTHING;
    this.#examination.forget();
  }

  /** A header of another class than basic.publish asks for, or with a weight, which was never used. */
  #wrongHeader(classId: number): BrokerError {
    return classId === BASIC_CLASS ? this.unexpectedFrame() : refusal.unexpectedFrame(wrongClass(classId));
  }

  get #isPersistent(): boolean {
    return modeIn(this.#found) === PERSISTENT;
  }

  /** The properties ask for something, or they are not to be published as they came. */
  #examine(): void {
    const start = this.#propertiesStart;
    this.#examination.run(this.#properties, start, start + this.#propertiesBytes);
    const { properties, timeToLiveMs } = this.#examination;
    if (timeToLiveMs !== NEVER_MS) this.#found |= EXPIRES;
    if (properties === undefined) return;
    this.#properties = properties;
    this.#propertiesStart = 0;
    this.#propertiesBytes = properties.bytes.length;
    this.#isPropertiesBorrowed = false;
  }

  /** The route of a message whose content is complete. */
  #finalRoute(first: Route<Queue>): Route<Queue> {
    const route = this.#target.current(first);
    const { moreKeys } = this.#examination;
    if (moreKeys === undefined && !route.needsMessage) return route;
    this.#examination.forget();
    const start = this.#propertiesStart;
    return this.#target.forMessage(route, moreKeys ?? [], this.#properties, start, start + this.#propertiesBytes);
  }

  #collect(arrived: number): BodyBuilder {
    this.#body ??= new BodyBuilder(this.#bodyBytes, this.#broker.incompleteBodies, () => this.#refuseBody());
    if (this.#body.receivedBytes + arrived > this.#bodyBytes) {
      throw refusal.unexpectedFrame('content body is larger than its header announced');
    }
    return this.#body;
  }

  /** Copies the properties out of the caller's buffer: the message will not be complete before it is used again. */
  #keepProperties(): void {
    if (!this.#isPropertiesBorrowed) return;
    const start = this.#propertiesStart;
    this.#properties = regionOf(this.#properties.bytes.slice(start, start + this.#propertiesBytes));
    this.#propertiesStart = 0;
    this.#isPropertiesBorrowed = false;
  }

  #refuseBody(): void {
    this.forget();
    this.#giveUp(refusal.halfReceived(this.#bodyBytes));
  }

  #completeCollected(route: Route<Queue>, body: BodyBuilder): void {
    if (this.#bodyBytes <= LARGE_BODY_BYTES) this.#complete(route, regionOf(body.join()), 0);
    else this.#completeLarge(this.#finalRoute(route), body.pieces());
    body.end();
    this.#body = undefined;
  }

  #complete(first: Route<Queue>, body: Region, bodyStart: number): void {
    const route = this.#finalRoute(first);
    if (route.queues.length === 0 && !this.#mandatory && this.transaction === undefined) {
      this.#unroutable();
      return;
    }
    this.#publish(
      route,
      this.#broker.messages.create(
        route,
        this.#isPersistent,
        priorityIn(this.#found),
        this.#broker.clock.now(),
        this.#properties,
        this.#propertiesStart,
        this.#propertiesBytes,
        body,
        bodyStart,
        this.#bodyBytes,
      ),
    );
  }

  #completeLarge(route: Route<Queue>, pieces: readonly Uint8Array[]): void {
    const message = this.#broker.messages.createLarge(
      route,
      this.#isPersistent,
      priorityIn(this.#found),
      this.#broker.clock.now(),
      this.#properties,
      this.#propertiesStart,
      this.#propertiesBytes,
      pieces,
    );
    this.#publish(route, message);
  }

  #publish(route: Route<Queue>, message: MessageHandle): void {
    if ((this.#found & EXPIRES) !== 0) this.#broker.messages.expireAfter(message, this.#examination.timeToLiveMs);
    if (this.transaction === undefined) this.#publishNow(route, message);
    else this.transaction.publish(message, route, this.#mandatory);
    this.#finish();
  }

  #publishNow(route: Route<Queue>, message: MessageHandle): void {
    if (this.#mandatory && comesBack(route.queues)) {
      this.returned(message);
      this.hasReturned = true;
    }
    const ticket = this.#vhost.publish(message, route);
    if (this.#isPersistent && ticket > 0 && !this.#hasLogged) this.#logged();
    this.confirms?.add(ticket);
  }

  #logged(): void {
    this.#hasLogged = true;
    this.#onLogged();
  }

  #unroutable(): void {
    this.#vhost.counters.published++;
    this.#vhost.counters.unroutable++;
    this.confirms?.add(0);
    this.#finish();
  }

  #finish(): void {
    this.#route = undefined;
    this.#hasHeader = false;
    if (!this.#isPropertiesBorrowed) this.#properties = NOTHING;
  }
}

/** @throws BrokerError when the properties are malformed: it was a header that is refused, not the basic.publish. */
function check(view: DataView, start: number, end: number): number {
  try {
    return checkProperties(view, start, end);
  } catch (thrown) {
    throw asContentRefusal(thrown);
  }
}

/** In RabbitMQ's words. */
function notExpected(expected: string, kind: string): BrokerError {
  return refusal.unexpectedFrame(`expected ${expected}, got non ${kind} frame instead`);
}

function wrongClass(classId: number): string {
  return `expected content header for class 60, got one for class ${classId} instead`;
}
