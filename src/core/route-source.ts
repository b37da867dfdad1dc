/**
 * Makes routes: asks the exchange, gives the answer an id and keeps a copy of the routing key.
 */

import { copyBytes, type Region, regionOf } from '../base/bytes.ts';
import type { FieldTable } from '../base/field-table.ts';
import { decodeUtf8 } from '../base/utf8.ts';
import type { RoutedQueue } from './binding.ts';
import type { Exchange } from './exchange/exchange.ts';
import { TargetSet } from './exchange/target-set.ts';
import { walk } from './exchange/walk.ts';
import { NO_ROUTE_ID, Route } from './route.ts';

const ROUTE_ID_MAX = 0xffff_ffff;

/**
 * Keys share chunks, because an `ArrayBuffer` of its own costs more than all else about a route. A chunk lives as long
 * as any of its routes: small, so that one route never holds much.
 */
const CHUNK_BYTES = 1024;

export class RouteSource<Q extends RoutedQueue = RoutedQueue> {
  #lastId = NO_ROUTE_ID;
  #chunk = new ArrayBuffer(0);
  #position = 0;

  /** The exchange's answer for a routing key in `length` bytes from `start`. */
  ask(exchange: Exchange<Q>, key: Region, start: number, length: number): Route<Q> {
    const text = decodeUtf8(key, start, start + length);
    const targets = new TargetSet<Q>();
    const isComplete = walk(exchange, [text], undefined, targets);
    const queues = isComplete ? targets.toArray() : [];
    const through = targets.exchangesAfter(1);
    return new Route(this.#nextId(), exchange, text, this.#copyKey(key, start, length), queues, through, !isComplete);
  }

  /**
   * The exchange's answer for one message.
   * @param route where its routing key alone leads
   * @param moreKeys of CC and BCC
   */
  askFor(route: Route<Q>, moreKeys: readonly Region[], headers: FieldTable): Route<Q> {
    const copies: string[] = [];
    for (const key of moreKeys) copies.push(decodeUtf8(key, 0, key.bytes.length));
    const targets = new TargetSet<Q>();
    walk(route.exchange, [route.key, ...copies], headers, targets);
    return route.withQueues(targets.toArray(), copies);
  }

  #nextId(): number {
    if (this.#lastId === ROUTE_ID_MAX) return NO_ROUTE_ID;
    this.#lastId++;
    return this.#lastId;
  }

  #copyKey(key: Region, start: number, length: number): Region {
    if (this.#position + length > this.#chunk.byteLength) {
      this.#chunk = new ArrayBuffer(Math.max(length, CHUNK_BYTES));
      this.#position = 0;
    }
    const copy = regionOf(new Uint8Array(this.#chunk, this.#position, length));
    copyBytes(copy, 0, key, start, length);
    this.#position += length;
    return copy;
  }
}
