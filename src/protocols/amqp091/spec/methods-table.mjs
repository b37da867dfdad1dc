/**
 * The classes and methods of AMQP 0-9-1 with RabbitMQ's extensions, from which generate.mjs makes the codec.
 *
 * A field is 'name type', in the order of the wire. `reserved` fields have no name: they are skipped when read and
 * written as zero or empty. Types: bit, octet, short (16 bits), long (32), tag (a delivery tag, 64), shortstr, longstr,
 * table. Sender: who may send the method: client, server or both.
 */

/** @import { Field, Method, MethodClass } from './methods-table.d.mts' */

const TICKET = 'reserved short';
const CLOSE_FIELDS = ['reply-code short', 'reply-text shortstr', 'class-id short', 'method-id short'];

/** @type {readonly MethodClass[]} */
export const CLASSES = [
  {
    id: 10,
    name: 'connection',
    methods: [
      method(10, 'start', 'server', [
        'version-major octet',
        'version-minor octet',
        'server-properties table',
        'mechanisms longstr',
        'locales longstr',
      ]),
      method(11, 'start-ok', 'client', [
        'client-properties table',
        'mechanism shortstr',
        'response longstr',
        'locale shortstr',
      ]),
      method(20, 'secure', 'server', ['challenge longstr']),
      method(21, 'secure-ok', 'client', ['response longstr']),
      method(30, 'tune', 'server', ['channel-max short', 'frame-max long', 'heartbeat short']),
      method(31, 'tune-ok', 'client', ['channel-max short', 'frame-max long', 'heartbeat short']),
      method(40, 'open', 'client', ['virtual-host shortstr', 'reserved shortstr', 'reserved bit']),
      method(41, 'open-ok', 'server', ['reserved shortstr']),
      method(50, 'close', 'both', CLOSE_FIELDS),
      method(51, 'close-ok', 'both', []),
      method(60, 'blocked', 'server', ['reason shortstr']),
      method(61, 'unblocked', 'server', []),
      method(70, 'update-secret', 'client', ['new-secret longstr', 'reason shortstr']),
      method(71, 'update-secret-ok', 'server', []),
    ],
  },
  {
    id: 20,
    name: 'channel',
    methods: [
      method(10, 'open', 'client', ['reserved shortstr']),
      method(11, 'open-ok', 'server', ['reserved longstr']),
      method(20, 'flow', 'both', ['active bit']),
      method(21, 'flow-ok', 'both', ['active bit']),
      method(40, 'close', 'both', CLOSE_FIELDS),
      method(41, 'close-ok', 'both', []),
    ],
  },
  {
    id: 30,
    name: 'access',
    methods: [
      method(10, 'request', 'client', [
        'realm shortstr',
        'exclusive bit',
        'passive bit',
        'active bit',
        'write bit',
        'read bit',
      ]),
      method(11, 'request-ok', 'server', ['ticket short']),
    ],
  },
  {
    id: 40,
    name: 'exchange',
    methods: [
      method(10, 'declare', 'client', [
        TICKET,
        'exchange shortstr',
        'type shortstr',
        'passive bit',
        'durable bit',
        'auto-delete bit',
        'internal bit',
        'no-wait bit',
        'arguments table',
      ]),
      method(11, 'declare-ok', 'server', []),
      method(20, 'delete', 'client', [TICKET, 'exchange shortstr', 'if-unused bit', 'no-wait bit']),
      method(21, 'delete-ok', 'server', []),
      method(30, 'bind', 'client', [
        TICKET,
        'destination shortstr',
        'source shortstr',
        'routing-key shortstr',
        'no-wait bit',
        'arguments table',
      ]),
      method(31, 'bind-ok', 'server', []),
      method(40, 'unbind', 'client', [
        TICKET,
        'destination shortstr',
        'source shortstr',
        'routing-key shortstr',
        'no-wait bit',
        'arguments table',
      ]),
      // 51, not 41: RabbitMQ's choice.
      method(51, 'unbind-ok', 'server', []),
    ],
  },
  {
    id: 50,
    name: 'queue',
    methods: [
      method(10, 'declare', 'client', [
        TICKET,
        'queue shortstr',
        'passive bit',
        'durable bit',
        'exclusive bit',
        'auto-delete bit',
        'no-wait bit',
        'arguments table',
      ]),
      method(11, 'declare-ok', 'server', ['queue shortstr', 'message-count long', 'consumer-count long']),
      method(20, 'bind', 'client', [
        TICKET,
        'queue shortstr',
        'exchange shortstr',
        'routing-key shortstr',
        'no-wait bit',
        'arguments table',
      ]),
      method(21, 'bind-ok', 'server', []),
      method(30, 'purge', 'client', [TICKET, 'queue shortstr', 'no-wait bit']),
      method(31, 'purge-ok', 'server', ['message-count long']),
      method(40, 'delete', 'client', [TICKET, 'queue shortstr', 'if-unused bit', 'if-empty bit', 'no-wait bit']),
      method(41, 'delete-ok', 'server', ['message-count long']),
      method(50, 'unbind', 'client', [
        TICKET,
        'queue shortstr',
        'exchange shortstr',
        'routing-key shortstr',
        'arguments table',
      ]),
      method(51, 'unbind-ok', 'server', []),
    ],
  },
  {
    id: 60,
    name: 'basic',
    methods: [
      method(10, 'qos', 'client', ['prefetch-size long', 'prefetch-count short', 'global bit']),
      method(11, 'qos-ok', 'server', []),
      method(20, 'consume', 'client', [
        TICKET,
        'queue shortstr',
        'consumer-tag shortstr',
        'no-local bit',
        'no-ack bit',
        'exclusive bit',
        'no-wait bit',
        'arguments table',
      ]),
      method(21, 'consume-ok', 'server', ['consumer-tag shortstr']),
      // RabbitMQ's server sends it too (consumer_cancel_notify).
      method(30, 'cancel', 'both', ['consumer-tag shortstr', 'no-wait bit']),
      method(31, 'cancel-ok', 'both', ['consumer-tag shortstr']),
      withContent(40, 'publish', 'client', [
        TICKET,
        'exchange shortstr',
        'routing-key shortstr',
        'mandatory bit',
        'immediate bit',
      ]),
      withContent(50, 'return', 'server', [
        'reply-code short',
        'reply-text shortstr',
        'exchange shortstr',
        'routing-key shortstr',
      ]),
      withContent(60, 'deliver', 'server', [
        'consumer-tag shortstr',
        'delivery-tag tag',
        'redelivered bit',
        'exchange shortstr',
        'routing-key shortstr',
      ]),
      method(70, 'get', 'client', [TICKET, 'queue shortstr', 'no-ack bit']),
      withContent(71, 'get-ok', 'server', [
        'delivery-tag tag',
        'redelivered bit',
        'exchange shortstr',
        'routing-key shortstr',
        'message-count long',
      ]),
      method(72, 'get-empty', 'server', ['reserved shortstr']),
      // Confirms: the server acknowledges publishes.
      method(80, 'ack', 'both', ['delivery-tag tag', 'multiple bit']),
      method(90, 'reject', 'client', ['delivery-tag tag', 'requeue bit']),
      method(100, 'recover-async', 'client', ['requeue bit']),
      method(110, 'recover', 'client', ['requeue bit']),
      method(111, 'recover-ok', 'server', []),
      method(120, 'nack', 'both', ['delivery-tag tag', 'multiple bit', 'requeue bit']),
    ],
  },
  {
    id: 85,
    name: 'confirm',
    methods: [method(10, 'select', 'client', ['no-wait bit']), method(11, 'select-ok', 'server', [])],
  },
  {
    id: 90,
    name: 'tx',
    methods: [
      method(10, 'select', 'client', []),
      method(11, 'select-ok', 'server', []),
      method(20, 'commit', 'client', []),
      method(21, 'commit-ok', 'server', []),
      method(30, 'rollback', 'client', []),
      method(31, 'rollback-ok', 'server', []),
    ],
  },
];

/** @returns {Method} */
function method(id, name, sender, fields) {
  return { id, name, sender, fields: fields.map(fieldOf), hasContent: false };
}

/** A method that a content header and a body follow. @returns {Method} */
function withContent(id, name, sender, fields) {
  return { ...method(id, name, sender, fields), hasContent: true };
}

/** @param {string} text 'name type' @returns {Field} */
function fieldOf(text) {
  const [name, type] = text.split(' ');
  return { name: name === 'reserved' ? '' : name, type };
}
