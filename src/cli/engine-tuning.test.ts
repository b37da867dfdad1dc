/** The engine's flags have names that change with its versions. */

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ENGINE_FLAGS } from './engine-tuning.ts';

test('the engine knows the flags that the program sets', () => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8', maxBuffer: 1 << 24 });
  for (const flag of ENGINE_FLAGS) {
    const [name = ''] = flag.split('=');
    expect(known).toContain(`  ${name} (`);
  }
});
