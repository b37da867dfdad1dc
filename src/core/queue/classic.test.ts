/** The classic queue keeps the contract of a queue. */

import { ClassicQueue } from './classic.ts';
import { describeQueue } from './queue.test-suite.ts';

describeQueue('a classic queue', (id, name, options, world) => new ClassicQueue(id, name, options, world));
