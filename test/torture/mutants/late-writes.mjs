/**
 * A broker with a bug: writes to files whose names begin with `files`, in the query, are reported before they are made.
 * Loaded before the program.
 */

import { NodeFile } from '../../../dist/server/node-file.js';
import { PageHomes } from '../../../dist/storage/disk/pages/page-homes.js';

const LATE_MS = 200;
const prefix = new URL(import.meta.url).searchParams.get('files');

const { write } = NodeFile.prototype;
NodeFile.prototype.write = function (bytes, position, done) {
  if (!this.name.startsWith(prefix)) return write.call(this, bytes, position, done);
  const copy = Uint8Array.from(bytes);
  setTimeout(() => write.call(this, copy, position, () => undefined), LATE_MS);
  setImmediate(done, undefined);
};

// Pages become the home of their messages at once, instead of when the writes have become many.
const { written } = PageHomes.prototype;
PageHomes.prototype.written = function (page, file) {
  written.call(this, page, file);
  this.sync(file);
};
