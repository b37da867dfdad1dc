/**
 * Brokers with one bug each, made by changing the parts of a world at run time. The checkers must find every one of them:
 * they are the tests of the simulator itself.
 */

import { Messages } from '../../../src/core/messages.ts';
import { ClassicQueue } from '../../../src/core/queue/classic.ts';
import { Credit } from '../../../src/core/queue/credit.ts';
import { ReadyRing } from '../../../src/core/queue/ready-ring.ts';
import { SETTLE_REASONS } from '../../../src/core/records.ts';
import { Route } from '../../../src/core/route.ts';
import { Channel } from '../../../src/protocols/amqp091/channel.ts';
import { Confirms } from '../../../src/protocols/amqp091/confirms.ts';
import { DeliveryWriter } from '../../../src/protocols/amqp091/delivery-writer.ts';
import type { SimWorld } from '../world.ts';

export interface Mutant {
  readonly name: string;
  /** What the checker that finds it says. */
  readonly foundAs: RegExp;
  /** @returns how to make everything whole again. */
  readonly apply: (world: SimWorld) => () => void;
}

/** The bug shows once in so many calls. */
const SELDOM = 50;

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'early confirm: the broker believes that everything is durable at once',
    foundAs: /before (it|all) was durable/,
    apply: ({ log }) => {
      Object.defineProperty(log, 'durable', { get: () => log.appended, set: () => undefined });
      return () => undefined;
    },
  },
  {
    name: 'early confirm: the last publish of a turn is confirmed with the one before',
    foundAs: /before it was durable/,
    apply: () =>
      replace(
        Confirms.prototype,
        'advance',
        (advance) =>
          function (this: Confirms, durable) {
            return Math.min(this.published, advance.call(this, durable) + 1);
          },
      ),
  },
  {
    name: 'lost settle: an acknowledged message stays',
    foundAs: /unacknowledged instead of|left in memory|could take/,
    apply: () => replace(ClassicQueue.prototype, 'settle', (settle) => seldom(settle, () => undefined)),
  },
  {
    name: 'lost requeue: a message given back is forgotten',
    foundAs: /instead of|is older/,
    apply: () =>
      replace(ClassicQueue.prototype, 'requeue', (requeue) =>
        seldom(requeue, function (this: ClassicQueue, message, sequence) {
          this.settle(message, sequence, SETTLE_REASONS.rejected);
        }),
      ),
  },
  {
    name: 'swapped order: two neighbours of a queue change places',
    foundAs: /before|after/,
    apply: swapNeighbours,
  },
  {
    name: 'double delivery: an acknowledged message comes back',
    foundAs: /which was not routed to it|though it is gone|instead of/,
    apply: () =>
      replace(ClassicQueue.prototype, 'settle', (settle) =>
        seldom(settle, function (this: ClassicQueue, message, sequence) {
          this.requeue(message, sequence);
        }),
      ),
  },
  {
    name: 'double delivery: a message is sent twice in a row',
    foundAs: /delivered message|delivery tag/,
    apply: () =>
      replace(DeliveryWriter.prototype, 'deliver', (deliver) =>
        seldom(deliver, function (this: DeliveryWriter, template, message, tag, redelivered) {
          deliver.call(this, template, message, tag, redelivered);
          deliver.call(this, template, message, tag, redelivered);
        }),
      ),
  },
  {
    name: 'credit off by one',
    foundAs: /holds \d+ messages of \d+/,
    apply: () => {
      const isFree = Object.getOwnPropertyDescriptor(Credit.prototype, 'isFree');
      Object.defineProperty(Credit.prototype, 'isFree', {
        configurable: true,
        get(this: Credit) {
          return this.limit === 0 || this.used <= this.limit;
        },
      });
      return () => Object.defineProperty(Credit.prototype, 'isFree', isFree ?? {});
    },
  },
  {
    name: 'a redelivered message is said to be new',
    foundAs: /said redelivered=/,
    apply: () =>
      replace(
        Channel.prototype,
        'deliver',
        (deliver) =>
          function (this: Channel, consumerId, message, tag) {
            deliver.call(this, consumerId, message, tag, false);
          },
      ),
  },
  {
    name: 'lost wake-up: a consumer with credit again is not resumed',
    foundAs: /could take/,
    apply: () => replace(ClassicQueue.prototype, 'resumeConsumer', (resume) => seldom(resume, () => undefined)),
  },
  {
    name: 'lost return: an unroutable message vanishes',
    foundAs: /before its return|owed a return|did not get message/,
    apply: () => replace(DeliveryWriter.prototype, 'returned', () => () => undefined),
  },
  {
    name: 'stale route: bindings that come and go are not seen',
    foundAs: /not routed to|instead of|left|was returned/,
    apply: () => {
      const isStale = Object.getOwnPropertyDescriptor(Route.prototype, 'isStale');
      Object.defineProperty(Route.prototype, 'isStale', { configurable: true, get: () => false });
      return () => Object.defineProperty(Route.prototype, 'isStale', isStale ?? {});
    },
  },
  {
    name: 'torn memory: a body is freed while the client still reads it',
    foundAs: /came with another body|left in memory|references|unpinned|freed/,
    apply: () => {
      const restorePin = replace(Messages.prototype, 'pin', () => () => undefined);
      const restoreUnpin = replace(Messages.prototype, 'unpin', () => () => undefined);
      return () => {
        restorePin();
        restoreUnpin();
      };
    },
  },
];

type Methods<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T];

/** Puts another method in the place of one. @returns how to put it back. */
function replace<T extends object, K extends Methods<T>>(
  target: T,
  name: K,
  make: (original: T[K]) => T[K],
): () => void {
  const original = target[name];
  target[name] = make(original);
  return () => {
    target[name] = original;
  };
}

/** Every so often the second function instead of the first. */
function seldom<F extends (this: never, ...args: never[]) => unknown>(usual: F, odd: F): F {
  let calls = 0;
  const either = function (this: never, ...args: never[]): unknown {
    return ++calls % SELDOM === 0 ? odd.apply(this, args) : usual.apply(this, args);
  };
  return either as F;
}

/** A ring that now and then gives its second entry first, and the first one next. */
function swapNeighbours(): () => void {
  const overtaken = new WeakMap<ReadyRing, number>();
  let calls = 0;
  return replace(
    ReadyRing.prototype,
    'shift',
    (shift) =>
      function (this: ReadyRing) {
        const held = overtaken.get(this);
        if (held !== undefined) {
          overtaken.delete(this);
          this.headSequence++;
          this.length--;
          return held;
        }
        const first = shift.call(this);
        if (++calls % SELDOM > 0 || this.length < 3 || !this.isHeadResident) return first;
        const second = shift.call(this);
        overtaken.set(this, first);
        this.headSequence--;
        this.length++;
        return second;
      },
  );
}
