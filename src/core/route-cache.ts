/**
 * Routes by (exchange, bytes of the routing key): a hit makes no string and asks no exchange.
 *
 * The cache is a flat table of small sets; a key's hash says in which set it can stand. It starts small and doubles
 * while fresh routes push each other out, up to its limit; after that a new route takes the place of another one of
 * its set. Stale routes are never found. Until they are overwritten, or until `clear`, they keep the exchanges and queues
 * they name in memory: at most as many routes as the cache has entries.
 */

import { assert } from '../base/assert.ts';
import { equalBytes, type Region } from '../base/bytes.ts';
import type { RoutedQueue } from './binding.ts';
import type { Exchange } from './exchange/exchange.ts';
import type { Route } from './route.ts';
import { RouteSource } from './route-source.ts';

/** The routes kept unless configured otherwise. */
export const ROUTES_CACHED_MAX = 65_536;

const FIRST_ENTRIES = 256;
/** The places in which one key can stand: their hashes fill half a cache line. */
const WAYS = 8;

export class RouteCache<Q extends RoutedQueue = RoutedQueue> {
  /** Makes the routes that are not here yet. */
  readonly source = new RouteSource<Q>();
  readonly #entriesMax: number;
  #hashes: Int32Array;
  #routes: (Route<Q> | undefined)[];
  #setMask: number;
  /** Which of a full set goes next. */
  #victim = 0;

  /** @param entriesMax a power of two, from 256 */
  constructor(entriesMax: number = ROUTES_CACHED_MAX) {
    assert(entriesMax >= FIRST_ENTRIES && Number.isInteger(Math.log2(entriesMax)), 'entriesMax is no power of two');
    this.#entriesMax = entriesMax;
    this.#hashes = new Int32Array(FIRST_ENTRIES);
    this.#routes = new Array<Route<Q> | undefined>(FIRST_ENTRIES).fill(undefined);
    this.#setMask = FIRST_ENTRIES / WAYS - 1;
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

  /** Keeps a route that `find` did not find, unless it is one that cannot be kept. */
  add(route: Route<Q>): void {
    if (route.isStale) return;
    const hash = hashKey(route.exchange.id, route.keyBytes, 0, route.keyBytes.bytes.length);
    let index = this.#placeFor(hash);
    while (index < 0) {
      this.#rebuild(2 * this.capacity);
      index = this.#placeFor(hash);
    }
    this.#hashes[index] = hash;
    this.#routes[index] = route;
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

  /** Lets go of everything: for quiet moments. What is asked for again is asked of the exchange once more. */
  clear(): void {
    this.#allocate(FIRST_ENTRIES);
  }

  /** A place in the hash's set: an empty one, a stale one, or any when the table may not grow; -1 when it may. */
  #placeFor(hash: number): number {
    const first = (hash & this.#setMask) * WAYS;
    for (let index = first; index < first + WAYS; index++) if (this.#routes[index] === undefined) return index;
    // To look into eight routes far apart in memory costs more than all else here: only to spare a growth.
    if (this.capacity === this.#entriesMax) return first + (this.#victim++ % WAYS);
    for (let index = first; index < first + WAYS; index++) if (this.#routes[index]?.isStale) return index;
    return -1;
  }

  /** Starts over with other room, with the routes that still hold. */
  #rebuild(entries: number): void {
    const routes = this.#routes;
    this.#allocate(entries);
    for (const route of routes) if (route !== undefined && !route.isStale) this.add(route);
  }

  #allocate(entries: number): void {
    this.#hashes = new Int32Array(entries);
    this.#routes = new Array<Route<Q> | undefined>(entries).fill(undefined);
    this.#setMask = entries / WAYS - 1;
  }
}

/**
 * The route for a routing key in `length` bytes from `start`: from the cache, or else from the exchange. Hot path.
 */
export function resolveRoute<Q extends RoutedQueue>(
  exchange: Exchange<Q>,
  key: Region,
  start: number,
  length: number,
  cache: RouteCache<Q>,
): Route<Q> {
  const known = cache.find(exchange, key, start, length);
  if (known !== undefined) return known;
  const route = cache.source.ask(exchange, key, start, length);
  cache.add(route);
  return route;
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
