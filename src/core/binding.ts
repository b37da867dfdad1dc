/**
 * A binding: the rule by which an exchange hands messages on, and what makes two of them the same.
 */

import { ByteWriter } from '../base/byte-writer.ts';
import { type FieldTable, writeFieldTable } from '../base/field-table.ts';

/** What routing has to know of a queue. */
export interface RoutedQueue {
  readonly id: number;
  readonly name: string;
  readonly isDeleted: boolean;
}

/**
 * When exchanges become destinations too, this turns into a union over the kind of destination; `TargetSet.add` is the
 * one place of the routing that looks at it.
 */
export interface Binding<Q extends RoutedQueue = RoutedQueue> {
  /** Never reused; names the binding in the log. */
  readonly id: number;
  /** The exchange's name. */
  readonly source: string;
  readonly destination: Q;
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
