/** Brokers that lose, double or mix up messages between a queue and its consumers. */

import { Messages } from '../../../src/core/messages.ts';
import { ClassicQueue } from '../../../src/core/queue/classic.ts';
import { CommitMark } from '../../../src/core/queue/commit-mark.ts';
import { Credit } from '../../../src/core/queue/credit.ts';
import { ReadyRing } from '../../../src/core/queue/ready-ring.ts';
import { Unacked } from '../../../src/core/queue/unacked.ts';
import { SETTLE_REASONS } from '../../../src/core/records.ts';
import { Channel } from '../../../src/protocols/amqp091/channel.ts';
import { DeliveryWriter } from '../../../src/protocols/amqp091/delivery-writer.ts';
import { replaceGetter, replaceMethod, seldom } from '../../support/replaced-method.ts';
import { both, type Mutant } from './mutant.ts';

/** One in so many neighbours changes places. */
const SWAPPED = 50;

export const DELIVERY_MUTANTS: readonly Mutant[] = [
  {
    name: 'early delivery: at append, though the log delivers at commit',
    foundAs: /delivered message \d+ before it was durable/,
    apply: () => replaceMethod(CommitMark.prototype, 'mayDeliver', () => () => true),
  },
  {
    name: 'early delivery: a queue waits for the record before the newest',
    foundAs: /delivered message \d+ before it was durable/,
    apply: ({ log }) =>
      replaceMethod(log, 'whenDurable', (whenDurable) => (ticket, waiter) => whenDurable.call(log, ticket - 1, waiter)),
  },
  {
    name: 'lost wake-up: a queue is not told that its messages are durable',
    foundAs: /could take|does not come to rest|waits for/,
    apply: () =>
      replaceMethod(CommitMark.prototype, 'durabilityReached', (reached) => seldom(reached, () => undefined, 3)),
  },
  {
    name: 'lost settle: an acknowledged message stays',
    foundAs: /unacknowledged instead of|left in memory|could take/,
    apply: () => replaceMethod(ClassicQueue.prototype, 'settle', (settle) => seldom(settle, () => undefined)),
  },
  {
    name: 'lost requeue: a message given back is forgotten',
    foundAs: /instead of|is older/,
    apply: () =>
      replaceMethod(ClassicQueue.prototype, 'requeue', (requeue) =>
        seldom(requeue, function (this: ClassicQueue, message, sequence) {
          this.settle(message, sequence, SETTLE_REASONS.rejected);
        }),
      ),
  },
  {
    name: 'lost tag: a recover forgets the newest delivery',
    foundAs: /instead of|holds message|is older/,
    apply: recoverShort,
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
      replaceMethod(ClassicQueue.prototype, 'settle', (settle) =>
        seldom(settle, function (this: ClassicQueue, message, sequence) {
          this.requeue(message, sequence);
        }),
      ),
  },
  {
    name: 'double delivery: a message is sent twice in a row',
    foundAs: /delivered message|delivery tag/,
    apply: () =>
      replaceMethod(DeliveryWriter.prototype, 'deliver', (deliver) =>
        seldom(deliver, function (this: DeliveryWriter, template, message, tag, redelivered) {
          deliver.call(this, template, message, tag, redelivered);
          deliver.call(this, template, message, tag, redelivered);
        }),
      ),
  },
  {
    name: 'credit off by one',
    foundAs: /holds \d+ messages of \d+/,
    apply: () =>
      replaceGetter(
        Credit.prototype,
        'isFree',
        () =>
          function (this: Credit) {
            return this.limit === 0 || this.used <= this.limit;
          },
      ),
  },
  {
    name: 'a redelivered message is said to be new',
    foundAs: /said redelivered=/,
    apply: () =>
      replaceMethod(
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
    apply: () => replaceMethod(ClassicQueue.prototype, 'resumeConsumer', (resume) => seldom(resume, () => undefined)),
  },
  {
    name: 'torn memory: a body is freed while the client still reads it',
    foundAs: /came with another body|left in memory|references|unpinned|freed/,
    apply: () =>
      both(
        replaceMethod(Messages.prototype, 'pin', () => () => undefined),
        replaceMethod(Messages.prototype, 'unpin', () => () => undefined),
      ),
  },
];

/** Only a channel that closes gives back everything. */
function recoverShort(): () => void {
  let isClosing = false;
  const restoreClose = replaceMethod(
    Channel.prototype,
    'close',
    (close) =>
      function (this: Channel) {
        isClosing = true;
        close.call(this);
        isClosing = false;
      },
  );
  const restoreRequeue = replaceMethod(
    Unacked.prototype,
    'requeueAll',
    () =>
      function (this: Unacked) {
        this.settleUpTo(this.nextTag - (isClosing ? 1 : 2), 'requeue');
      },
  );
  return both(restoreClose, restoreRequeue);
}

/** A ring that now and then gives its second entry first, and the first one next. */
function swapNeighbours(): () => void {
  const overtaken = new WeakMap<ReadyRing, number>();
  let calls = 0;
  return replaceMethod(
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
        if (++calls % SWAPPED > 0 || this.length < 3 || !this.isHeadResident) return first;
        const second = shift.call(this);
        overtaken.set(this, first);
        this.headSequence--;
        this.length++;
        return second;
      },
  );
}
