/** Brokers that lose, double or mix up what clients hold when it is not in memory. */

import { UnackedPages } from '../../../src/core/queue/unacked-pages.ts';
import { SETTLE_REASONS } from '../../../src/core/records.ts';
import { MemoryResidency } from '../../../src/storage/memory/memory-residency.ts';
import { replaceMethod, seldom } from '../../support/replaced-method.ts';
import type { Mutant } from './mutant.ts';

export const UNACKED_MUTANTS: readonly Mutant[] = [
  {
    name: 'unacked on pages: what comes back is forgotten',
    foundAs: /instead of|is older/,
    apply: () =>
      replaceMethod(UnackedPages.prototype, 'requeue', (requeue) =>
        seldom(requeue, function (this: UnackedPages, mark, sequence) {
          this.settle(mark, sequence, SETTLE_REASONS.rejected);
        }),
      ),
  },
  {
    name: 'unacked on pages: what is acknowledged comes back',
    foundAs: /though it is gone|which was not routed|instead of/,
    apply: () =>
      replaceMethod(UnackedPages.prototype, 'settle', (settle) =>
        seldom(settle, function (this: UnackedPages, mark, sequence) {
          this.requeue(mark, sequence);
        }),
      ),
  },
  {
    name: 'unacked on pages: the log does not hear of what is acknowledged',
    foundAs: /messages in the log instead of/,
    apply: () =>
      replaceMethod(
        UnackedPages.prototype,
        'settle',
        (settle) =>
          function (this: UnackedPages, mark, sequence, reason) {
            Object.defineProperty(this, 'options', { configurable: true, value: { durable: false } });
            settle.call(this, mark, sequence, reason);
            Reflect.deleteProperty(this, 'options');
          },
      ),
  },
  {
    name: 'unacked on pages: newer messages do not wait for what came back and is not read yet',
    foundAs: /is older|before|after/,
    apply: () =>
      replaceMethod(
        UnackedPages.prototype,
        'comesBefore',
        (comesBefore) =>
          function (this: UnackedPages, sequence) {
            comesBefore.call(this, sequence);
            return false;
          },
      ),
  },
  {
    name: 'unacked on pages: a page is read once more while it is being read',
    foundAs: /without having been asked for/,
    apply: () =>
      replaceMethod(
        MemoryResidency.prototype,
        'copyAhead',
        (copyAhead) =>
          function (this: MemoryResidency, queue, page) {
            copyAhead.call(this, queue, page);
            copyAhead.call(this, queue, page);
          },
      ),
  },
  {
    name: 'unacked on pages: a page stays when all its messages are settled',
    foundAs: /pages are left/,
    apply: () => replaceMethod(MemoryResidency.prototype, 'discard', (discard) => seldom(discard, () => undefined, 2)),
  },
];
