/**
 * A channel as its client knows it: what was sent and is not answered, published and not confirmed, received and not
 * acknowledged. Checks what a client can see, without knowing what the broker did.
 */

import type { Method, MethodName } from '../../../src/protocols/amqp091/methods.ts';
import { check } from '../failure.ts';
import { checkBody, checkProperties, idOf, type SimMessage } from '../message.ts';
import { DIRECT_REPLY_TO } from '../message-templates.ts';
import type { Sent } from '../model/channel.ts';
import { ANSWERS } from './answers.ts';
import { HeldTags } from './held-tags.ts';

/** The rest of a publish: its body from `start` on, in frames of `size` bytes. */
interface HeldBack {
  readonly message: SimMessage;
  readonly size: number;
  readonly start: number;
  readonly hasHeader: boolean;
}

/** What the channels of one client find out. */
export interface Knowledge {
  readonly messages: readonly SimMessage[];
  /** A queue that the broker named. */
  learnQueue(name: string): void;
  /** Where the sender of a request waits for replies. */
  learnAddress(address: string): void;
}

export class ClientChannel {
  readonly number: number;
  /** Everything sent here, for the model to execute when the broker does. */
  readonly sent: Sent[] = [];
  /** The answers that are due, in order. */
  readonly awaited: MethodName[] = [];
  /** Received and not settled yet. */
  readonly held = new HeldTags();
  readonly consumerTags: string[] = [];
  /** The tag of its consumer of direct replies. */
  replyConsumer: string | undefined;
  /** Of a publish: what is held back. Nothing else may go out before. */
  rest: HeldBack | undefined;
  mode: 'plain' | 'confirms' | 'transactions' = 'plain';
  isClosing = false;

  readonly #knowledge: Knowledge;
  #published = 0;
  readonly #unconfirmed = new Set<number>();
  /** Consumers and gets that want no acknowledgement. */
  readonly #noAck = new Set<string>();
  readonly #getsNoAck: boolean[] = [];
  #content: { readonly tag: number; readonly noAck: boolean } | undefined;
  #message: SimMessage | undefined;
  #received = 0;

  constructor(number: number, knowledge: Knowledge) {
    this.number = number;
    this.#knowledge = knowledge;
  }

  /** A method goes out. */
  sending(method: Method, message: SimMessage | undefined): void {
    this.sent.push({ method, message });
    this.#note(method);
    const answer = 'noWait' in method && method.noWait ? undefined : ANSWERS[method.name];
    if (answer !== undefined) this.awaited.push(answer);
  }

  received(method: Method): void {
    switch (method.name) {
      case 'basic.deliver':
        this.#content = { tag: method.deliveryTag, noAck: this.#noAck.has(method.consumerTag) };
        return;
      case 'basic.get-ok':
        this.#answered('basic.get-ok');
        this.#content = { tag: method.deliveryTag, noAck: this.#getsNoAck.shift() === true };
        return;
      case 'basic.get-empty':
        this.#getsNoAck.shift();
        return this.#answered('basic.get-ok');
      case 'basic.return':
        this.#content = { tag: 0, noAck: true };
        return;
      case 'basic.ack':
        return this.#confirmed(method.deliveryTag, method.multiple);
      case 'basic.cancel':
        remove(this.consumerTags, method.consumerTag);
        return;
      case 'basic.consume-ok':
        if (!this.consumerTags.includes(method.consumerTag)) this.consumerTags.push(method.consumerTag);
        return this.#answered('basic.consume-ok');
      case 'queue.declare-ok':
        if (method.queue.startsWith('amq.gen-')) this.#knowledge.learnQueue(method.queue);
        return this.#answered('queue.declare-ok');
      case 'basic.recover-ok':
        this.held.recovered();
        return this.#answered('basic.recover-ok');
      case 'channel.close-ok':
        // Whoever closes in the middle of a commit does not hear how it ended.
        remove(this.awaited, 'tx.commit-ok');
        return this.#answered('channel.close-ok');
      default:
        return this.#answered(method.name);
    }
  }

  header(bodyBytes: number, bytes: Uint8Array, start: number, end: number): void {
    const message = this.#knowledge.messages[idOf(bytes, start, end)];
    check(message !== undefined && this.#content !== undefined, () => 'a client received content that is not its own');
    const address = checkProperties(message, bytes, start, end);
    if (address !== '') this.#knowledge.learnAddress(address);
    this.#message = message;
    this.#received = 0;
    if (bodyBytes === 0) this.#complete(message);
  }

  body(bytes: Uint8Array, start: number, end: number): void {
    const message = this.#message;
    check(message !== undefined, () => 'a client received a body without its header');
    checkBody(message, this.#received, bytes, start, end);
    this.#received += end - start;
    if (this.#received >= message.bodyBytes) this.#complete(message);
  }

  get hasUnconfirmed(): boolean {
    return this.#unconfirmed.size > 0;
  }

  /** Nothing but a close may be sent before the commit is answered. */
  get isCommitting(): boolean {
    return this.awaited.includes('tx.commit-ok');
  }

  #note(method: Method): void {
    switch (method.name) {
      case 'basic.publish':
        if (this.mode === 'confirms') this.#unconfirmed.add(++this.#published);
        return;
      case 'confirm.select':
        this.mode = 'confirms';
        return;
      case 'tx.select':
        if (this.mode !== 'transactions') this.held.begin();
        this.mode = 'transactions';
        return;
      case 'tx.commit':
        return this.held.begin();
      case 'tx.rollback':
        return this.held.rollback();
      case 'basic.recover':
        return this.held.recover();
      case 'basic.recover-async':
        return this.held.forget();
      case 'basic.get':
        this.#getsNoAck.push(method.noAck);
        return;
      case 'basic.consume':
        return this.#consuming(method);
      case 'basic.cancel':
        remove(this.consumerTags, method.consumerTag);
        if (this.replyConsumer === method.consumerTag) this.replyConsumer = undefined;
        return;
      default:
    }
  }

  #consuming({ consumerTag, noAck, queue }: Extract<Method, { name: 'basic.consume' }>): void {
    if (consumerTag === '') return;
    if (!this.consumerTags.includes(consumerTag)) this.consumerTags.push(consumerTag);
    if (noAck) this.#noAck.add(consumerTag);
    else this.#noAck.delete(consumerTag);
    if (queue === DIRECT_REPLY_TO) this.replyConsumer = consumerTag;
  }

  #complete(message: SimMessage): void {
    check(this.#received === message.bodyBytes, () => `message ${message.id} came with too many bytes`);
    const content = this.#content;
    if (content !== undefined && !content.noAck) this.held.add(content.tag);
    this.#content = undefined;
    this.#message = undefined;
  }

  #answered(name: MethodName): void {
    const awaited = this.awaited.shift();
    check(awaited === name, () => `a client received ${name} while it waited for ${awaited ?? 'nothing'}`);
  }

  #confirmed(tag: number, multiple: boolean): void {
    check(this.#unconfirmed.has(tag), () => `a client received a confirm for ${tag}, which it does not wait for`);
    for (const sequence of this.#unconfirmed) {
      if (sequence > tag) return;
      if (multiple || sequence === tag) this.#unconfirmed.delete(sequence);
    }
  }
}

function remove<T>(from: T[], value: T): void {
  const index = from.indexOf(value);
  if (index >= 0) from.splice(index, 1);
}
