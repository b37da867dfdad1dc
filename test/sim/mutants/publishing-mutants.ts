/** Brokers that do not keep what they say to publishers: confirms and returns. */

import type { MessageHandle } from '../../../src/core/ports.ts';
import { Channel } from '../../../src/protocols/amqp091/channel.ts';
import { Confirms } from '../../../src/protocols/amqp091/confirms.ts';
import { DeliveryWriter } from '../../../src/protocols/amqp091/delivery-writer.ts';
import { Publisher } from '../../../src/protocols/amqp091/publisher.ts';
import { replaceMethod } from '../../support/replaced-method.ts';
import type { SimWorld } from '../world.ts';
import { both, type Mutant } from './mutant.ts';

export const PUBLISHING_MUTANTS: readonly Mutant[] = [
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
      replaceMethod(
        Confirms.prototype,
        'advance',
        (advance) =>
          function (this: Confirms) {
            advance.call(this);
            if (this.isWaiting) this.ackUpTo = ++this.confirmed;
          },
      ),
  },
  {
    name: 'lost return: an unroutable message vanishes',
    foundAs: /before its return|owed a return|did not get message/,
    apply: () => replaceMethod(DeliveryWriter.prototype, 'returned', () => () => undefined),
  },
  {
    name: 'late return: it comes after the confirm, or after commit-ok',
    foundAs: /before its return|did not get message/,
    apply: returnLate,
  },
  {
    name: 'a return gives another reason',
    foundAs: /was returned with/,
    apply: () =>
      replaceMethod(
        DeliveryWriter.prototype,
        'returned',
        (returned) =>
          function (this: DeliveryWriter, message) {
            returned.call(this, message, 313, 'NO_CONSUMERS');
          },
      ),
  },
];

/** Returns wait until the channel has ended its turn. */
function returnLate({ node }: SimWorld): () => void {
  const { messages } = node.broker;
  const waiting = new Map<Publisher, MessageHandle[]>();
  const restoreReturned = replaceMethod(
    Publisher.prototype,
    'returned',
    () =>
      function (this: Publisher, message) {
        messages.retain(message);
        waiting.set(this, [...(waiting.get(this) ?? []), message]);
      },
  );
  const restoreTurn = replaceMethod(
    Channel.prototype,
    'endTurn',
    (endTurn) =>
      function (this: Channel) {
        endTurn.call(this);
        for (const message of waiting.get(this.publisher) ?? []) {
          this.writer.returned(message, 312, 'NO_ROUTE');
          messages.release(message);
        }
        waiting.delete(this.publisher);
      },
  );
  return both(restoreReturned, restoreTurn);
}
