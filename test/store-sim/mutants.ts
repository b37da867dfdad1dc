/**
 * Stores with one bug each, made by changing parts of them at run time. The simulator must find every one: they are its own
 * tests.
 */

import { Messages, NEVER_MS } from '../../src/core/messages.ts';
import { ClassicQueue } from '../../src/core/queue/classic.ts';
import { CommitMark } from '../../src/core/queue/commit-mark.ts';
import { RingRestoration } from '../../src/core/queue/ring-restoration.ts';
import { UnackedPages } from '../../src/core/queue/unacked-pages.ts';
import { type DefinitionRecord, SETTLE_REASONS } from '../../src/core/records.ts';
import { Bundle } from '../../src/storage/disk/bundle.ts';
import { CheckpointWriter } from '../../src/storage/disk/checkpoint-writer.ts';
import type { Done } from '../../src/storage/disk/disk.ts';
import { DiskLog } from '../../src/storage/disk/disk-log.ts';
import { HeldBundles } from '../../src/storage/disk/held-bundles.ts';
import { LiveMessages } from '../../src/storage/disk/live-messages.ts';
import { SideState } from '../../src/storage/disk/side-state.ts';
import { replaceMethod, seldom } from '../support/replaced-method.ts';
import { SimulatedContent } from '../support/simulated-content.ts';
import { SimulatedFile } from '../support/simulated-file.ts';
import type { StoreNode } from './store-node.ts';
import type { StoreWorld } from './store-world.ts';

export interface Mutant {
  readonly name: string;
  /** What is said when it is found. */
  readonly foundAs: RegExp;
  /** @returns how to make everything whole again. */
  readonly apply: (world: StoreWorld) => () => void;
  /** See `AppliedMutant.from`. */
  readonly from?: number;
}

/** The bug shows once in so many calls. */
const SELDOM = 20;
const EXPIRES_OTHERWISE = /a page of queue \d+ expires from/;
const LOST = /the log does not end anywhere|gone for good|nobody declared|does not say so|said to be damaged/;
const EARLY = /delivered message \d+ before it was durable/;

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'early confirm: what was appended is said to be durable',
    foundAs: /came further while/,
    apply: atStart(({ log }) => {
      Object.defineProperty(log, 'durable', { get: () => log.appended, set: () => undefined });
    }),
  },
  {
    name: 'early confirm: the batch that is being written counts as durable',
    foundAs: LOST,
    apply: atStart(({ log }) => {
      let sealed = 0;
      const flush = log.flush.bind(log);
      let durable = log.durable;
      Object.defineProperty(log, 'durable', {
        get: () => Math.max(durable, sealed),
        set: (ticket: number) => {
          durable = ticket;
        },
      });
      log.flush = () => {
        flush();
        sealed = log.pendingBytes === 0 ? log.appended : sealed;
      };
    }),
  },
  {
    name: 'early delivery: at append, though the log delivers at commit',
    foundAs: EARLY,
    apply: () => replaceMethod(CommitMark.prototype, 'mayDeliver', () => () => true),
  },
  {
    name: 'early delivery: on a full disk, what has overtaken a publish stands for it',
    foundAs: EARLY,
    apply: atStart(({ log }) => {
      log.whenDurable = (ticket, waiter) => {
        if (ticket > log.saved) log.whenSaved(ticket, waiter);
        else waiter.durabilityReached();
      };
    }),
  },
  {
    name: 'lost settle: now and then something else is settled',
    foundAs: LOST,
    apply: () =>
      replaceMethod(DiskLog.prototype, 'settleRun', (settleRun) =>
        seldom(
          settleRun,
          function (this: DiskLog, queueId, sequence, count, reason) {
            return settleRun.call(this, queueId, sequence + 1_000_000, count, reason);
          },
          SELDOM,
        ),
      ),
  },
  {
    name: 'segment reused too soon: as soon as nothing in it is live, without a checkpoint',
    foundAs: LOST,
    apply: atStart(({ log, opened }) => {
      const { segments, live } = opened.found;
      const flush = log.flush.bind(log);
      log.flush = () => {
        flush();
        while (segments.length > 1 && segments.oldest !== undefined && live.counts[segments.oldest.slot] === 0) {
          segments.retireOldest();
        }
      };
    }),
  },
  {
    name: 'checkpoint too soon: it counts before the log has come so far',
    from: 36,
    foundAs: LOST,
    apply: countAtOnce,
  },
  {
    name: 'swapped order: two neighbours come back in each other`s place',
    foundAs: /out of order|gone for good/,
    apply: () =>
      replaceMethod(
        RingRestoration.prototype,
        'add',
        (add) =>
          function (this: RingRestoration, sequence, message) {
            add.call(this, sequence ^ 1, message);
          },
      ),
  },
  {
    name: 'definitions behind messages: a queue is written a turn later than it was declared',
    foundAs: LOST,
    apply: delayDefinitions,
  },
  {
    name: '`redelivered` missing: nothing that comes back says that it was delivered',
    foundAs: /was delivered, and does not say so/,
    apply: () =>
      replaceMethod(
        ClassicQueue.prototype,
        'restore',
        (restore) =>
          function (this: ClassicQueue, messages, { highest, watermark }) {
            restore.call(this, messages, { highest: Math.max(highest, watermark), watermark: 0 });
          },
      ),
  },
  {
    name: '`redelivered` missing: the log hears of deliveries only when they are done',
    foundAs: /was delivered, and does not say so/,
    apply: () =>
      replaceMethod(
        DiskLog.prototype,
        'watermark',
        (watermark) =>
          function (this: DiskLog, queueId, sequence, upTo) {
            watermark.call(this, queueId, sequence, upTo);
            return 0;
          },
      ),
  },
  {
    name: 'sync retried after a failure: the second one is believed',
    foundAs: LOST,
    apply: () =>
      replaceMethod(
        SimulatedFile.prototype,
        'sync',
        (sync) =>
          function (this: SimulatedFile, done: Done) {
            sync.call(this, (fault) => {
              if (fault === undefined) done(undefined);
              else sync.call(this, done);
            });
          },
      ),
  },
  {
    name: 'fdatasync left out: files are believed to be on the disk when they are written',
    foundAs: LOST,
    apply: () => replaceMethod(SimulatedContent.prototype, 'sync', () => () => undefined),
  },
  {
    name: 'torn transaction: what is in one may be left out of the log',
    foundAs: LOST,
    apply: () => replaceMethod(Bundle.prototype, 'beginGroup', () => () => undefined),
  },
  {
    name: 'full disk: what waits for room is said to be durable',
    foundAs: /the log does not end anywhere|has lost message/,
    apply: () => replaceMethod(HeldBundles.prototype, 'durable', () => (saved) => saved),
  },
  {
    name: 'full disk: what waits for room is written although it was settled meanwhile',
    from: 56,
    foundAs: /said to be live when|there are \d+ segments when|the log does not end anywhere|gone for good/,
    apply: () => {
      const restoreElide = replaceMethod(HeldBundles.prototype, 'elide', () => () => false);
      const restoreOvertaken = replaceMethod(HeldBundles.prototype, 'overtakenBy', () => () => undefined);
      return () => {
        restoreElide();
        restoreOvertaken();
      };
    },
  },
  {
    name: 'unacked on pages: what comes back is forgotten',
    foundAs: /says \d+ messages of|records were appended for|has lost message|gone for good/,
    apply: () =>
      replaceMethod(UnackedPages.prototype, 'requeue', (requeue) =>
        seldom(requeue, function (this: UnackedPages, mark, sequence) {
          this.settle(mark, sequence, SETTLE_REASONS.rejected);
        }),
      ),
  },
  {
    name: 'unacked on pages: after a crash, pages that lie between the messages of others hide these',
    foundAs: /a sequence is on two pages|a message lies between|has lost message|gone for good|does not end anywhere/,
    apply: () => replaceMethod(LiveMessages.prototype, 'untangle', () => () => undefined),
  },
  {
    name: 'time to live: it is lost where messages are read from the disk',
    foundAs: /message \d+ has another time to live/,
    apply: () =>
      replaceMethod(
        Messages.prototype,
        'restore',
        (restore) =>
          function (this: Messages, from, start, runBytes, largeBytes) {
            const handle = restore.call(this, from, start, runBytes, largeBytes);
            if (this.timeToLiveMs(handle) !== NEVER_MS) this.expireAfter(handle, 1234);
            return handle;
          },
      ),
  },
  {
    name: 'earliest expiry: a page is made without looking at some of its messages',
    foundAs: EXPIRES_OTHERWISE,
    apply: () =>
      replaceMethod(Messages.prototype, 'expiresAtMs', (expiresAtMs) => seldom(expiresAtMs, () => NEVER_MS, 2)),
  },
  {
    name: 'earliest expiry: what is restored does not know it',
    foundAs: EXPIRES_OTHERWISE,
    apply: () =>
      replaceMethod(
        LiveMessages.prototype,
        'restorePage',
        (restorePage) =>
          function (this: LiveMessages, page) {
            if (page.earliestExpiryMs !== NEVER_MS) page.earliestExpiryMs = 0;
            restorePage.call(this, page);
          },
      ),
  },
  {
    name: 'lost counts and times: a checkpoint does not have them, and the segments that do are used again',
    foundAs: /it does not end from \d+ to \S+: queue \d+ knows|after a repair, queue .* knows|is not named, and knows/,
    apply: () => replaceMethod(SideState.prototype, 'facts', () => () => []),
  },
  {
    name: 'counts and times outlive their messages',
    foundAs: /of a message that is not there/,
    apply: () => replaceMethod(SideState.prototype, 'removeRun', () => () => undefined),
  },
  {
    name: 'full disk: what is said of messages that wait for room is forgotten',
    foundAs: /the log does not end anywhere/,
    apply: () => replaceMethod(Bundle.prototype, 'giveSideFacts', () => () => undefined),
  },
];

/** Declarations of queues reach the log with the flush after the next turn. */
function delayDefinitions(): () => void {
  const held = new WeakMap<DiskLog, DefinitionRecord[]>();
  const { define } = DiskLog.prototype;
  const restoreDefine = replaceMethod(
    DiskLog.prototype,
    'define',
    () =>
      function (this: DiskLog, record) {
        if (record.kind !== 'queue.declared') return define.call(this, record);
        held.set(this, [...(held.get(this) ?? []), record]);
        return define.call(this, { kind: 'ids.used', highest: record.id });
      },
  );
  const restoreFlush = replaceMethod(
    DiskLog.prototype,
    'flush',
    (flush) =>
      function (this: DiskLog) {
        flush.call(this);
        for (const record of held.get(this) ?? []) define.call(this, record);
        held.delete(this);
      },
  );
  return () => {
    restoreDefine();
    restoreFlush();
  };
}

/** Checkpoints are told that everything is durable. */
function countAtOnce(world: StoreWorld): () => void {
  return replaceMethod(
    CheckpointWriter.prototype,
    'step',
    (step) =>
      function (this: CheckpointWriter) {
        if (!world.isUp) return step.call(this);
        const { log } = world.node;
        const { saved } = log;
        log.saved = log.appended;
        step.call(this);
        log.saved = saved;
      },
  );
}

/** Changes each broker when it starts. */
function atStart(change: (node: StoreNode) => void): Mutant['apply'] {
  return (world) => {
    world.onStart = change;
    return () => undefined;
  };
}
