/**
 * A binding: the rule by which an exchange hands messages on to a queue or to another exchange, and what makes two of
 * them the same. And what routing has to know of both its ends.
 */

import { ByteWriter } from '../base/byte-writer.ts';
import { type FieldTable, writeFieldTable } from '../base/field-table.ts';

/** What routing has to know of a queue. */
export interface RoutedQueue {
  readonly id: number;
  readonly name: string;
  readonly isDeleted: boolean;
}

/** What routing has to know of an exchange. */
export interface RoutedExchange<Q extends RoutedQueue = RoutedQueue> {
  readonly name: string;
  /** Rises whenever an answer of `route` may change, so that whoever keeps an answer can tell that it is old. */
  readonly epoch: number;
  /** False when the answer depends on the headers too, so that it cannot be kept. */
  readonly routesByKeyOnly: boolean;
  /** Takes the messages for which this exchange has no binding that matches. */
  readonly alternate: RoutedExchange<Q> | undefined;
  /** Adds what a message is handed on to. */
  route(key: string, headers: FieldTable, into: Targets<Q>): void;
}

/** Collects what a message is handed on to. */
export interface Targets<Q extends RoutedQueue = RoutedQueue> {
  /** A binding matched. */
  add(binding: Binding<Q>): void;
  /** A queue matched without a binding. */
  addQueue(queue: Q): void;
}

export type Destination<Q extends RoutedQueue = RoutedQueue> = Q | RoutedExchange<Q>;

export type Binding<Q extends RoutedQueue = RoutedQueue> = QueueBinding<Q> | ExchangeBinding<Q>;

export interface QueueBinding<Q extends RoutedQueue = RoutedQueue> extends BindingRule {
  readonly kind: 'queue';
  readonly destination: Q;
}

export interface ExchangeBinding<Q extends RoutedQueue = RoutedQueue> extends BindingRule {
  readonly kind: 'exchange';
  readonly destination: RoutedExchange<Q>;
}

interface BindingRule {
  /** Never reused; names the binding in the log. */
  readonly id: number;
  /** The exchange's name. */
  readonly source: string;
  /** The binding key. */
  readonly key: string;
  readonly arguments: FieldTable;
}

/**
 * What tells the bindings between one exchange and one destination apart: equal texts, same binding. The order of the
 * arguments does not count, the types of their values do, as in RabbitMQ.
 */
export function bindingIdentity(key: string, bindingArguments: FieldTable): string {
  // The length keeps the key and the arguments apart, whatever the key contains.
  const prefix = `${key.length}:${key}`;
  if (bindingArguments.size === 0) return prefix;
  const sorted = [...bindingArguments].sort(([a], [b]) => (a < b ? -1 : 1));
  const writer = new ByteWriter();
  writeFieldTable(writer, new Map(sorted));
  return prefix + textOfBytes(writer.toBytes());
}

/** One character for each byte. */
function textOfBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
