/**
 * A channel: what its methods do, what it publishes, what it is given and has not settled.
 *
 * The frequent methods (publish, ack, nack, reject) are read by position; all others are decoded into objects and handled
 * in channel-methods.ts.
 *
 * hot path: flat memory
 */

import type { Region } from '../../base/bytes.ts';
import { type BrokerError, refusal } from '../../core/errors.ts';
import type { DeliverySink, MessageHandle, Ticket } from '../../core/ports.ts';
import type { Outcome } from '../../core/queue/settlement.ts';
import { Unacked } from '../../core/queue/unacked.ts';
import { ChannelConsumers } from './channel-consumers.ts';
import type { ChannelHost, ChannelPort } from './channel-contract.ts';
import { handleMethod, type MethodChannel } from './channel-methods.ts';
import { writeConfirms, writeEarlyConfirms } from './confirm-frames.ts';
import { DeliveryWriter } from './delivery-writer.ts';
import { cannotDecode } from './frame-errors.ts';
import { writeMethodFrame } from './frames-out.ts';
import { readMethod } from './method-reader.ts';
import { METHOD_IDS, type Method } from './methods.ts';
import { PublishExamination } from './publish-examination.ts';
import { PublishTarget } from './publish-target.ts';
import { Publisher } from './publisher.ts';

const MULTIPLE = 1;
const REQUEUE = 1;
const NACK_REQUEUE = 2;
const TWO_POW_32 = 0x1_0000_0000;
/** High words from here on make tags that a double does not hold exactly, and that nobody was given. */
const HIGH_WORD_INEXACT = 2 ** 21;

/** Something that a command waits for before its answer goes out; the channel takes no input meanwhile. */
interface Waiting {
  /** @returns true when the answer has been given. */
  tryAnswer(): boolean;
}

export class Channel implements ChannelPort, DeliverySink, MethodChannel {
  readonly number: number;
  readonly host: ChannelHost;
  readonly unacked: Unacked;
  readonly consumers: ChannelConsumers;
  readonly writer: DeliveryWriter;
  readonly publisher: Publisher;
  isTouched = false;
  /** The queue declared last, which an empty name stands for. */
  lastQueueName: string | undefined;
  /** basic.qos without `global`: for consumers to come. */
  prefetch = 0;

  #confirmedUpTo = 0;
  /** Tags of consumers that are cancelled by what this channel does, and hear of it behind the answer. */
  #withheldCancels: string[] | undefined;
  /** What the broker gives this channel up for; the client hears of it when the turn ends. */
  #refusal: BrokerError | undefined;
  #waiting: Waiting | undefined;
  /** The answer to a tx.commit is still to come; a method before it is refused. */
  #committing: Waiting | undefined;

  constructor(number: number, host: ChannelHost) {
    this.number = number;
    this.host = host;
    this.unacked = new Unacked(host.broker);
    this.writer = new DeliveryWriter(host.output, host.broker.messages, number, host.frameMax);
    this.consumers = new ChannelConsumers(this);
    this.publisher = new Publisher({
      broker: host.broker,
      vhost: host.vhost,
      target: new PublishTarget(host.vhost, host.owner),
      examination: new PublishExamination(host.owner, host.broker.permissions),
      writer: this.writer,
      messageBytesMax: host.messageBytesMax,
      giveUp: (error) => this.#giveUp(error),
      onLogged: () => host.publishedToLog(),
    });
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** A method whose arguments are `input.bytes[start, end)`. */
  method(id: number, input: Region, start: number, end: number): void {
    this.expectMethod();
    if (this.#committing !== undefined) throw refusal.commandDuringCommit();
    switch (id) {
      case METHOD_IDS['basic.publish']:
        return this.publisher.method(input, start, end);
      case METHOD_IDS['basic.ack']:
        return this.#settle(input, start, end, MULTIPLE, 'ack');
      case METHOD_IDS['basic.nack']:
        return this.#settle(input, start, end, MULTIPLE, isSet(input, start, end, NACK_REQUEUE));
      case METHOD_IDS['basic.reject']:
        return this.#settle(input, start, end, 0, isSet(input, start, end, REQUEUE));
      default:
        return handleMethod(this, readMethod(id, input, start, end));
    }
  }

  expectMethod(): void {
    if (this.publisher.isExpectingContent) throw this.publisher.unexpectedFrame();
  }

  header(input: Region, start: number, end: number, inputEnd: number): void {
    this.publisher.header(input, start, end, inputEnd);
    this.#afterContent();
  }

  publish(input: Region, start: number, end: number, headerEnd: number, bodyEnd: number): boolean {
    if (this.#committing !== undefined || !this.publisher.whole(input, start, end, headerEnd, bodyEnd)) return false;
    this.#afterContent();
    return true;
  }

  body(input: Region, start: number, end: number): void {
    this.publisher.body(input, start, end);
    this.#afterContent();
  }

  /** The log has been flushed: what waited for it may go out. */
  endTurn(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
    if (this.#waiting?.tryAnswer() === true) this.#waiting = undefined;
    if (this.#committing?.tryAnswer() === true) this.#committing = undefined;
    this.#writeConfirms();
    if (this.#waiting !== undefined || this.#committing !== undefined) this.host.touch(this);
  }

  /** The output has room again. */
  drained(): void {
    this.#writeConfirms();
    this.unacked.resumeAll();
    this.consumers.resumeAll();
  }

  permissionsChanged(): void {
    this.consumers.cancelUnreadable();
  }

  /** Gives everything back: consumers leave their queues, then what they had not settled returns. */
  close(): void {
    this.#waiting = undefined;
    this.#committing = undefined;
    this.publisher.transaction?.rollback();
    this.publisher.forget();
    this.consumers.closeAll();
    this.unacked.requeueAll();
    this.host.broker.ended.keep('channel', this);
  }

  get canTakeMore(): boolean {
    return !this.host.isOutputFull;
  }

  deliver(consumerId: number, message: MessageHandle, tag: number, redelivered: boolean): void {
    this.writer.deliver(this.consumers.template(consumerId), message, tag, redelivered);
    this.host.touch(this);
  }

  cancelled(consumerId: number): void {
    const tag = this.consumers.forget(consumerId);
    if (!this.host.canCancelConsumers) return;
    if (this.#withheldCancels === undefined) this.#tellCancelled(tag);
    else this.#withheldCancels.push(tag);
  }

  withholdCancels(): void {
    this.#withheldCancels = [];
  }

  tellCancels(): void {
    const tags = this.#withheldCancels ?? [];
    this.#withheldCancels = undefined;
    for (const tag of tags) this.#tellCancelled(tag);
  }

  /** Writes an answer, for which the client waits. */
  answer(method: Method): void {
    writeMethodFrame(this.host.output, this.number, method);
    this.answered();
    if (this.#withheldCancels !== undefined) this.tellCancels();
  }

  /** An answer was written: the output may be full now, then no more input is taken. */
  answered(): void {
    this.host.touch(this);
    this.host.answered();
  }

  /** Answers once the log has come to `ticket`; no input is taken before. */
  answerWhenDurable(ticket: Ticket, method: Method): void {
    this.waitUntil(() => {
      if (this.host.broker.log.durable < ticket) return false;
      this.answer(method);
      return true;
    });
  }

  /** Goes on when all that was given back is in its queues again: what the client asks next has to find it there. */
  afterReturn(goOn: () => void): void {
    this.waitUntil(() => {
      if (this.unacked.isSettling) return false;
      goOn();
      return true;
    });
  }

  /** Tries now and at the end of each turn, until `tryAnswer` is true; no input is taken before. */
  waitUntil(tryAnswer: () => boolean): void {
    if (tryAnswer()) return;
    this.#waiting = { tryAnswer };
    this.host.touch(this);
  }

  /** As `waitUntil`, but a method that comes before is refused. */
  commitUntil(tryAnswer: () => boolean): void {
    if (tryAnswer()) return;
    this.#committing = { tryAnswer };
    this.host.touch(this);
  }

  #tellCancelled(consumerTag: string): void {
    writeMethodFrame(this.host.output, this.number, { name: 'basic.cancel', consumerTag, noWait: true });
    this.host.touch(this);
  }

  #giveUp(error: BrokerError): void {
    this.#refusal = error;
    this.host.touch(this);
  }

  #settle(input: Region, start: number, end: number, multipleBit: number, outcome: Outcome): void {
    if (end - start !== 9) throw cannotDecode(input, start, end);
    const view = input.view;
    const high = view.getUint32(start);
    if (high >= HIGH_WORD_INEXACT) throw refusal.unknownDeliveryTag(view.getBigUint64(start));
    const tag = high * TWO_POW_32 + view.getUint32(start + 4);
    const multiple = (view.getUint8(start + 8) & multipleBit) !== 0;
    const { transaction } = this.publisher;
    if (transaction !== undefined) {
      // What it holds until the commit stands on the heap.
      this.host.broker.alarms.assertRoomTo('settle more in this transaction');
      return transaction.settle(tag, multiple, outcome);
    }
    this.unacked.settle(tag, multiple, outcome);
    if (outcome === 'requeue' && this.unacked.isSettling) this.afterReturn(() => undefined);
  }

  #afterContent(): void {
    const publisher = this.publisher;
    if (publisher.confirms !== undefined) this.host.touch(this);
    if (!publisher.hasReturned) return;
    publisher.hasReturned = false;
    this.answered();
  }

  /** One basic.ack for all that may be confirmed by now, if possible. While the output is full they wait, and become fewer. */
  #writeConfirms(): void {
    const confirms = this.publisher.confirms;
    if (confirms === undefined || this.#confirmedUpTo === confirms.published) return;
    confirms.advance();
    if (confirms.isWaiting) this.host.touch(this);
    if (this.host.isOutputFull) return;
    const { output } = this.host;
    if (confirms.ackUpTo > this.#confirmedUpTo) {
      writeConfirms(output, this.number, confirms, { first: this.#confirmedUpTo + 1, last: confirms.ackUpTo });
      this.host.touch(this);
    }
    this.#confirmedUpTo = confirms.confirmed;
    if (confirms.isWaiting) writeEarlyConfirms(output, this.number, confirms);
  }
}

/** What nack and reject ask for. */
function isSet(input: Region, start: number, end: number, requeueBit: number): Outcome {
  const bits = end - start === 9 ? input.view.getUint8(start + 8) : 0;
  return (bits & requeueBit) !== 0 ? 'requeue' : 'reject';
}
