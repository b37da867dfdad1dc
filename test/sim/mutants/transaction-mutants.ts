/** Brokers whose transactions do more or less than what was held, or say too early that it is done. */

import { Transaction } from '../../../src/core/transaction.ts';
import { Channel } from '../../../src/protocols/amqp091/channel.ts';
import { replaceMethod, seldom } from '../../support/replaced-method.ts';
import { both, type Mutant } from './mutant.ts';

/** Of publishes and settles that are held, one in so many is lost. */
const LOST = 10;

export const TRANSACTION_MUTANTS: readonly Mutant[] = [
  {
    name: 'a publish that was rolled back is delivered',
    foundAs: /was not routed to it|instead of|counted|get-ok said|holds message/,
    apply: () =>
      replaceMethod(
        Transaction.prototype,
        'rollback',
        () =>
          function (this: Transaction) {
            this.commit(() => undefined);
          },
      ),
  },
  {
    name: 'a commit loses a publish',
    foundAs: /instead of|is older|holds message|did not get message|were logged|get-ok said/,
    apply: ({ node }) =>
      replaceMethod(Transaction.prototype, 'publish', (publish) =>
        seldom(publish, (message) => node.broker.messages.release(message), LOST),
      ),
  },
  {
    name: 'a commit loses a settle',
    foundAs: /instead of|not refused with 406|could take|delivered message|is older/,
    apply: () => replaceMethod(Transaction.prototype, 'settle', (settle) => seldom(settle, () => undefined, LOST)),
  },
  {
    name: 'the records of a commit stand apart in the log',
    foundAs: /records apart from the others/,
    apply: ({ log }) => replaceMethod(log, 'beginGroup', () => () => undefined),
  },
  {
    name: 'commit-ok comes before all is durable',
    foundAs: /tx.commit-ok before all was durable/,
    apply: () =>
      replaceMethod(
        Channel.prototype,
        'commitUntil',
        () =>
          function (this: Channel) {
            this.answer({ name: 'tx.commit-ok' });
          },
      ),
  },
  {
    name: 'a command during a commit is taken',
    foundAs: /not refused with 504/,
    apply: commitAside,
  },
];

/** A commit waits for its records as before, but nobody knows of it. */
function commitAside(): () => void {
  const waiting = new Map<Channel, () => boolean>();
  const restoreCommit = replaceMethod(
    Channel.prototype,
    'commitUntil',
    () =>
      function (this: Channel, tryAnswer) {
        if (!tryAnswer()) waiting.set(this, tryAnswer);
        this.host.touch(this);
      },
  );
  const restoreTurn = replaceMethod(
    Channel.prototype,
    'endTurn',
    (endTurn) =>
      function (this: Channel) {
        endTurn.call(this);
        const tryAnswer = waiting.get(this);
        if (tryAnswer === undefined) return;
        if (tryAnswer()) waiting.delete(this);
        else this.host.touch(this);
      },
  );
  return both(restoreCommit, restoreTurn);
}
