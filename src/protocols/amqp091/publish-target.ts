/**
 * Where a channel's publishes go. Most publishers send one basic.publish after the other with the same bytes: then the
 * route of the last one is good again, and nothing is looked up.
 *
 * hot path: flat memory
 */

import { copyBytes, EMPTY_REGION, equalBytes, type Region, regionOf } from '../../base/bytes.ts';
import { EMPTY_TABLE } from '../../base/field-table.ts';
import { decodeUtf8 } from '../../base/utf8.ts';
import { refusal } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { Owner } from '../../core/owner.ts';
import type { Queue } from '../../core/queue/queue.ts';
import type { Route } from '../../core/route.ts';
import type { Vhost } from '../../core/vhost.ts';
import { cannotDecode } from './frame-errors.ts';
import { findHeaders } from './properties.ts';

const MANDATORY = 1;
const IMMEDIATE = 2;
const REMEMBERED_BYTES_MIN = 64;

export class PublishTarget {
  /** Of the last `resolve`. */
  mandatory = false;

  readonly #vhost: Vhost;
  readonly #owner: Owner;
  #remembered = EMPTY_REGION;
  #length = -1;
  #exchange: Exchange<Queue> | undefined;
  #route: Route<Queue> | undefined;
  #permissionsEpoch = -1;
  /** The exchange looks at routing keys when it is this user who publishes. */
  #hasTopicRules = false;

  constructor(vhost: Vhost, owner: Owner) {
    this.#vhost = vhost;
    this.#owner = owner;
  }

  /**
   * Reads the arguments of a basic.publish, `input.bytes[start, end)`.
   * @throws BrokerError 404, 403 (no such exchange, no access, internal), 501 (cannot decode), 540 (`immediate=true`).
   */
  resolve(input: Region, start: number, end: number): Route<Queue> {
    const length = end - start;
    const route = this.#route;
    if (
      length === this.#length &&
      route !== undefined &&
      equalBytes(this.#remembered, 0, input, start, length) &&
      !route.isStale &&
      this.#permissionsEpoch === this.#vhost.permissionsEpoch
    ) {
      return route;
    }
    return this.#lookUp(input, start, end);
  }

  /**
   * The route of a message whose content is complete: what it was when its basic.publish came may be old by now.
   * @throws BrokerError as `resolve`.
   */
  current(route: Route<Queue>): Route<Queue> {
    if (!route.isStale) return route;
    const exchange = this.#vhost.publishableExchange(this.#owner, route.exchange.name);
    this.#vhost.access.assertMayUseTopic(this.#owner, exchange, route.key, 'write');
    const { keyBytes } = route;
    return this.#vhost.routeTo(exchange, keyBytes, 0, keyBytes.bytes.length);
  }

  /**
   * The route of one message: by all its routing keys and its headers, which are in bytes `start` up to `end`.
   * @throws BrokerError 403 when the user may not use one of the keys: RabbitMQ asks for each from 3.13 on.
   */
  forMessage(
    route: Route<Queue>,
    moreKeys: readonly Region[],
    properties: Region,
    start: number,
    end: number,
  ): Route<Queue> {
    if (this.#hasTopicRules) this.#assertMayUseAll(route, moreKeys);
    return this.#vhost.routeMessage(route, moreKeys, findHeaders(properties, start, end) ?? EMPTY_TABLE);
  }

  #assertMayUseAll({ exchange }: Route<Queue>, keys: readonly Region[]): void {
    for (const key of keys) {
      const routingKey = decodeUtf8(key, 0, key.bytes.length);
      this.#vhost.access.assertMayUseTopic(this.#owner, exchange, routingKey, 'write');
    }
  }

  #lookUp(input: Region, start: number, end: number): Route<Queue> {
    const exchangeAt = start + 2;
    const exchangeBytes = exchangeAt < end ? input.view.getUint8(exchangeAt) : 0;
    const keyAt = exchangeAt + 1 + exchangeBytes;
    const keyBytes = keyAt < end ? input.view.getUint8(keyAt) : 0;
    const bitsAt = keyAt + 1 + keyBytes;
    if (bitsAt + 1 !== end) throw cannotDecode(input, start, end);
    const bits = input.view.getUint8(bitsAt);
    if ((bits & IMMEDIATE) !== 0) throw refusal.notImplemented('immediate=true');
    const exchange = this.#exchangeAt(input, exchangeAt, exchangeBytes);
    const route = this.#vhost.routeTo(exchange, input, keyAt + 1, keyBytes);
    if (this.#hasTopicRules) this.#vhost.access.assertMayUseTopic(this.#owner, exchange, route.key, 'write');
    this.mandatory = (bits & MANDATORY) !== 0;
    this.#remember(input, start, end - start);
    this.#exchange = exchange;
    this.#route = route;
    this.#permissionsEpoch = this.#vhost.permissionsEpoch;
    return route;
  }

  /** The exchange named at `at` (a short string): the last one when it has the same name, else looked up and checked. */
  #exchangeAt(input: Region, at: number, bytes: number): Exchange<Queue> {
    const isSame =
      this.#exchange?.isDeleted === false &&
      this.#permissionsEpoch === this.#vhost.permissionsEpoch &&
      this.#remembered.bytes[2] === bytes &&
      equalBytes(this.#remembered, 2, input, at, bytes + 1);
    if (isSame && this.#exchange !== undefined) return this.#exchange;
    const name = decodeUtf8(input, at + 1, at + 1 + bytes);
    const exchange = this.#vhost.publishableExchange(this.#owner, name);
    this.#hasTopicRules = this.#vhost.access.hasTopicRules(this.#owner, exchange);
    return exchange;
  }

  #remember(input: Region, start: number, length: number): void {
    if (this.#remembered.bytes.length < length) {
      this.#remembered = regionOf(new Uint8Array(Math.max(length, REMEMBERED_BYTES_MIN)));
    }
    copyBytes(this.#remembered, 0, input, start, length);
    this.#length = length;
  }
}
