/** Folders that a test file needs, and that are gone after its test. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty folder, until the test that runs has finished. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'leveret-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
