/**
 * A channel as its client knows it: what was sent and is not answered, published and not confirmed, received and not
 * acknowledged. Checks what a client can see, without knowing what the broker did.
 */

import type { Method, MethodName } from '../../../src/protocols/amqp091/methods.ts';
import { check } from '../failure.ts';
import { checkBody, checkProperties, idOf, type SimMessage } from '../message.ts';
import type { Sent } from '../model/channel.ts';

/** The rest of a publish: its body from `start` on, in frames of `size` bytes. */
interface HeldBack {
  readonly message: SimMessage;
  readonly size: number;
  readonly start: number;
  readonly hasHeader: boolean;
}

export class ClientChannel {
  readonly number: number;
  /** Everything sent here, for the model to execute when the broker does. */
  readonly sent: Sent[] = [];
  /** The answers that are due, in order. */
  readonly awaited: MethodName[] = [];
  /** Tags received and not settled yet, in order. */
  readonly tags: number[] = [];
  readonly consumerTags: string[] = [];
  /** Of a publish: what is held back. Nothing else may go out before. */
  rest: HeldBack | undefined;
  hasConfirms = false;
  isClosing = false;

  readonly #messages: readonly SimMessage[];
  #published = 0;
  readonly #unconfirmed = new Set<number>();
  /** Consumers and gets that want no acknowledgement. */
  readonly #noAck = new Set<string>();
  readonly #getsNoAck: boolean[] = [];
  #content: { readonly tag: number; readonly noAck: boolean } | undefined;
  #message: SimMessage | undefined;
  #received = 0;

  constructor(number: number, messages: readonly SimMessage[]) {
    this.number = number;
    this.#messages = messages;
  }

  /** A method goes out. */
  sending(method: Method, message: SimMessage | undefined): void {
    this.sent.push({ method, message });
    if (method.name === 'basic.publish' && this.hasConfirms) this.#unconfirmed.add(++this.#published);
    if (method.name === 'confirm.select') this.hasConfirms = true;
    if (method.name === 'basic.get') this.#getsNoAck.push(method.noAck);
    if (method.name === 'basic.consume' && method.consumerTag !== '') this.#consuming(method.consumerTag, method.noAck);
    const answer = answerTo(method);
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
      default:
        return this.#answered(method.name);
    }
  }

  header(bodyBytes: number, bytes: Uint8Array, start: number, end: number): void {
    const message = this.#messages[idOf(bytes, start, end)];
    check(message !== undefined && this.#content !== undefined, () => 'a client received content that is not its own');
    checkProperties(message, bytes, start, end);
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

  #complete(message: SimMessage): void {
    check(this.#received === message.bodyBytes, () => `message ${message.id} came with too many bytes`);
    const content = this.#content;
    if (content !== undefined && !content.noAck) this.tags.push(content.tag);
    this.#content = undefined;
    this.#message = undefined;
  }

  #consuming(tag: string, noAck: boolean): void {
    if (!this.consumerTags.includes(tag)) this.consumerTags.push(tag);
    if (noAck) this.#noAck.add(tag);
    else this.#noAck.delete(tag);
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

function answerTo(method: Method): MethodName | undefined {
  if ('noWait' in method && method.noWait) return undefined;
  return ANSWERS[method.name];
}

const ANSWERS: { readonly [N in MethodName]?: MethodName } = {
  'channel.open': 'channel.open-ok',
  'channel.close': 'channel.close-ok',
  'exchange.declare': 'exchange.declare-ok',
  'exchange.delete': 'exchange.delete-ok',
  'queue.declare': 'queue.declare-ok',
  'queue.bind': 'queue.bind-ok',
  'queue.unbind': 'queue.unbind-ok',
  'queue.purge': 'queue.purge-ok',
  'queue.delete': 'queue.delete-ok',
  'basic.qos': 'basic.qos-ok',
  'basic.consume': 'basic.consume-ok',
  'basic.cancel': 'basic.cancel-ok',
  'basic.get': 'basic.get-ok',
  'basic.recover': 'basic.recover-ok',
  'confirm.select': 'confirm.select-ok',
};

function remove(from: string[], value: string): void {
  const index = from.indexOf(value);
  if (index >= 0) from.splice(index, 1);
}
