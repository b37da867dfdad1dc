/**
 * Routes by (exchange, bytes of the routing key): a hit makes no string and asks no exchange.
 *
 * The cache is a flat table of small sets; a key's hash says in which set it can stand. It starts small and doubles
 * while fresh routes push each other out, up to its limit; after that a new route takes the place of another one of
 * its set. Stale routes are never found, and are overwritten first. Until then, or until `trim`, they keep the exchanges
 * and queues they name in memory: at most as many as the cache has entries.
 */

import { assert } from '../base/assert.ts';
import { equalBytes, type Region } from '../base/bytes.ts';
import { decodeUtf8 } from '../base/utf8.ts';
import type { RoutedQueue } from './binding.ts';
import type { Exchange } from './exchange/exchange.ts';
import { TargetSet } from './exchange/target-set.ts';
import { NO_ROUTE_ID, Route } from './route.ts';

/** The routes kept unless configured otherwise. */
export const ROUTES_CACHED_MAX = 65_536;

const FIRST_ENTRIES = 256;
/** The places in which one key can stand: their hashes fill half a cache line. */
const WAYS = 8;
const ROUTE_ID_MAX = 0xffff_ffff;

export class RouteCache<Q extends RoutedQueue = RoutedQueue> {
  readonly #entriesMax: number;
  readonly #targets = new TargetSet<Q>();
  #hashes: Int32Array;
  #routes: (Route<Q> | undefined)[];
  #setMask: number;
  /** Which of a full set goes next. */
  #victim = 0;
  #lastId = NO_ROUTE_ID;

  /** @param entriesMax a power of two, from 256 */
  constructor(entriesMax: number = ROUTES_CACHED_MAX) {
    assert(entriesMax >= FIRST_ENTRIES && Number.isInteger(Math.log2(entriesMax)), 'entriesMax is no power of two');
    this.#entriesMax = entriesMax;
    this.#hashes = new Int32Array(FIRST_ENTRIES);
    this.#routes = new Array<Route<Q> | undefined>(FIRST_ENTRIES).fill(undefined);
    this.#setMask = FIRST_ENTRIES / WAYS - 1;
  }

  /** The route for a key in `length` bytes from `start`, from the cache or from the exchange. Hot path. */
  resolve(exchange: Exchange<Q>, key: Region, start: number, length: number): Route<Q> {
    return this.find(exchange, key, start, length) ?? this.#ask(exchange, key, start, length);
  }

  /** The cached route for a key, if it still holds. Hot path. */
  find(exchange: Exchange<Q>, key: Region, start: number, length: number): Route<Q> | undefined {
    const hash = hashKey(exchange.id, key, start, length);
    const first = (hash & this.#setMask) * WAYS;
    for (let index = first; index < first + WAYS; index++) {
      if (this.#hashes[index] !== hash) continue;
      const route = this.#routes[index];
      if (route !== undefined && isFor(route, exchange, key, start, length) && !route.isStale) return route;
    }
    return undefined;
  }

  /** How many routes it has room for now. */
  get capacity(): number {
    return this.#routes.length;
  }

  /** How many routes it holds, stale ones included; walks all of it. */
  get size(): number {
    let size = 0;
    for (const route of this.#routes) if (route !== undefined) size++;
    return size;
  }

  /** Lets go of stale routes, and of room that is not needed: for quiet moments. Takes about a millisecond when full. */
  trim(): void {
    this.#rebuild(FIRST_ENTRIES);
  }

  #ask(exchange: Exchange<Q>, keyRegion: Region, start: number, length: number): Route<Q> {
    assert(exchange.routesByKeyOnly, 'a route was asked for that depends on more than the key');
    const key = decodeUtf8(keyRegion, start, start + length);
    this.#targets.clear();
    exchange.route(key, this.#targets);
    const keyBytes = keyRegion.bytes.slice(start, start + length);
    const route = new Route(this.#nextId(), exchange, key, keyBytes, this.#targets.toArray());
    if (!route.isStale) this.#add(route);
    return route;
  }

  #add(route: Route<Q>): void {
    const hash = hashKey(route.exchange.id, route.keyBytes, 0, route.keyBytes.bytes.length);
    let index = this.#placeFor(hash);
    while (index < 0 && this.capacity < this.#entriesMax) {
      this.#rebuild(2 * this.capacity);
      index = this.#placeFor(hash);
    }
    if (index < 0) index = (hash & this.#setMask) * WAYS + (this.#victim++ % WAYS);
    this.#hashes[index] = hash;
    this.#routes[index] = route;
  }

  /** A place in the hash's set that is empty or stale, -1 when there is none. */
  #placeFor(hash: number): number {
    const first = (hash & this.#setMask) * WAYS;
    for (let index = first; index < first + WAYS; index++) {
      const route = this.#routes[index];
      if (route === undefined || route.isStale) return index;
    }
    return -1;
  }

  /** Starts over with other room, with the routes that still hold. */
  #rebuild(entries: number): void {
    const routes = this.#routes;
    this.#allocate(entries);
    for (const route of routes) if (route !== undefined && !route.isStale) this.#add(route);
  }

  #allocate(entries: number): void {
    this.#hashes = new Int32Array(entries);
    this.#routes = new Array<Route<Q> | undefined>(entries).fill(undefined);
    this.#setMask = entries / WAYS - 1;
  }

  #nextId(): number {
    if (this.#lastId === ROUTE_ID_MAX) return NO_ROUTE_ID;
    this.#lastId++;
    return this.#lastId;
  }
}

function isFor<Q extends RoutedQueue>(
  route: Route<Q>,
  exchange: Exchange<Q>,
  key: Region,
  start: number,
  length: number,
): boolean {
  return (
    route.exchange === exchange &&
    route.keyBytes.bytes.length === length &&
    equalBytes(route.keyBytes, 0, key, start, length)
  );
}

/** Murmur3's mixing, four bytes at a time. */
function hashKey(seed: number, key: Region, start: number, length: number): number {
  const view = key.view;
  let hash = seed ^ length;
  let index = 0;
  for (; index + 4 <= length; index += 4) hash = mix(hash, view.getInt32(start + index, true));
  for (; index < length; index++) hash = mix(hash, view.getUint8(start + index));
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function mix(hash: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e2d51);
  const mixed = hash ^ Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}
