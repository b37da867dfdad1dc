/** Brokers that send direct replies astray. */

import { ReplyQueues } from '../../../src/core/direct-reply.ts';
import type { Queue } from '../../../src/core/queue/queue.ts';
import { PublishExamination } from '../../../src/protocols/amqp091/publish-examination.ts';
import { replaceMethod, seldom } from '../../support/replaced-method.ts';
import { both, type Mutant } from './mutant.ts';

/** One reply in so many goes astray. */
const ASTRAY = 5;

export const REPLY_MUTANTS: readonly Mutant[] = [
  {
    name: 'a reply comes to another requester',
    foundAs: /was not routed to it|instead of|outlives|was returned|unroutable/,
    apply: confuseRequesters,
  },
  {
    name: 'an address leads nowhere, though its consumer is there',
    foundAs: /goes before|was returned|unroutable|not refused|was refused/,
    apply: () => replaceMethod(ReplyQueues.prototype, 'open', (open) => seldom(open, () => undefined, ASTRAY)),
  },
  {
    name: 'a request keeps the reply-to that its sender gave',
    foundAs: /came with reply-to|came with other properties/,
    apply: () =>
      replaceMethod(
        PublishExamination.prototype,
        'run',
        (run) =>
          function (this: PublishExamination, region, start, end) {
            run.call(this, region, start, end);
            this.properties = undefined;
          },
      ),
  },
];

/** Now and then an address is taken for that of the consumer which came last. */
function confuseRequesters(): () => void {
  let newest: Queue | undefined;
  const restoreOpen = replaceMethod(
    ReplyQueues.prototype,
    'open',
    (open) =>
      function (this: ReplyQueues, queue) {
        newest = queue;
        open.call(this, queue);
      },
  );
  const restoreFind = replaceMethod(ReplyQueues.prototype, 'find', (find) =>
    seldom(
      find,
      function (this: ReplyQueues, address) {
        const queue = find.call(this, address);
        return queue === undefined || newest === undefined ? queue : find.call(this, newest.name);
      },
      ASTRAY,
    ),
  );
  return both(restoreOpen, restoreFind);
}
