/** Small floods, at every `npm test`; `floods.long.ts` has the large ones. */

import { floodsSuite } from './floods.test-suite.ts';

floodsSuite({
  handshakes: 1000,
  channelConnections: 20,
  channelsEach: 2047,
  slowClients: 100,
  spelling: { clients: 100, handshakeTimeoutMs: 1500 },
  bodies: 200,
  tables: 200,
});
