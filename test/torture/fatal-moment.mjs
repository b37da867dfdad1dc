/**
 * Loaded into a broker before its program, with `node --import`: kills the process while it recovers, makes segments free
 * or writes pages. It does so in one of the file operations of which that consists, or within a millisecond after one was
 * begun: what stands on the disk changes nowhere else.
 *
 * In the query: the `moment`, how many milliseconds it serves before (`after`), and a `seed`.
 */

import { writeSync } from 'node:fs';
import { SeededRandom } from '../../dist/base/random.js';
import { NodeDisk } from '../../dist/server/node-disk.js';
import { NodeFile } from '../../dist/server/node-file.js';
import { Store } from '../../dist/server/store.js';

const query = new URL(import.meta.url).searchParams;
const afterMs = Number(query.get('after'));
const random = new SeededRandom(Number(query.get('seed')));
const DELAY_MAX_MICROSECONDS = 1000;

let isRecovering = false;
let servesSince = Infinity;

/** Which operations belong to a moment, and how many of them may pass at most: about as many as come in one go. */
const MOMENTS = {
  'in recovery': { passMax: 80, holds: () => isRecovering },
  'in retirement': {
    passMax: 12,
    // A new name for a segment is its next use.
    holds: (operation, name) =>
      name.startsWith('checkpoint-') || (operation === 'rename' && name.startsWith('segment-')),
  },
  'in page writing': {
    passMax: 12,
    holds: (operation, name) => name.startsWith('page-') && (operation === 'write' || operation === 'sync'),
  },
};
const moment = MOMENTS[query.get('moment')];
let left = random.below(moment.passMax);

for (const operation of ['readNow', 'read', 'write', 'sync', 'resize']) {
  watch(NodeFile.prototype, operation, (file) => file.name);
}
for (const operation of ['open', 'remove', 'rename']) watch(NodeDisk.prototype, operation, (_disk, name) => name);
watchRecovery();

function watch(target, operation, nameOf) {
  const original = target[operation];
  target[operation] = function (...args) {
    const result = original.apply(this, args);
    const name = nameOf(this, args[0]);
    const isDue = moment === MOMENTS['in recovery'] || performance.now() - servesSince > afterMs;
    if (isDue && moment.holds(operation, name) && left-- === 0) die(`${operation} of ${name}`);
    return result;
  };
}

/** From the first look at the log until all messages are back. Who has come that far dies then. */
function watchRecovery() {
  const { open } = Store;
  Store.open = function (...args) {
    isRecovering = true;
    return open.apply(this, args);
  };
  const { restoreMessages } = Store.prototype;
  Store.prototype.restoreMessages = async function (...args) {
    await restoreMessages.apply(this, args);
    if (moment === MOMENTS['in recovery']) die('end of recovery');
    isRecovering = false;
    servesSince = performance.now();
  };
}

/** Nothing else happens on this thread meanwhile, but what was asked for goes on. */
function die(place) {
  writeSync(1, `killing itself: ${place}\n`);
  const until = performance.now() + random.below(DELAY_MAX_MICROSECONDS) / 1000;
  while (performance.now() < until);
  process.kill(process.pid, 'SIGKILL');
}
