/** Which methods the broker answers, and with what. */

import type { MethodName } from '../../../src/protocols/amqp091/methods.ts';

export const ANSWERS: { readonly [N in MethodName]?: MethodName } = {
  'channel.open': 'channel.open-ok',
  'channel.close': 'channel.close-ok',
  'exchange.declare': 'exchange.declare-ok',
  'exchange.delete': 'exchange.delete-ok',
  'exchange.bind': 'exchange.bind-ok',
  'exchange.unbind': 'exchange.unbind-ok',
  'queue.declare': 'queue.declare-ok',
  'queue.bind': 'queue.bind-ok',
  'queue.unbind': 'queue.unbind-ok',
  'queue.purge': 'queue.purge-ok',
  'queue.delete': 'queue.delete-ok',
  'basic.qos': 'basic.qos-ok',
  'basic.consume': 'basic.consume-ok',
  'basic.cancel': 'basic.cancel-ok',
  'basic.get': 'basic.get-ok',
  'basic.recover': 'basic.recover-ok',
  'confirm.select': 'confirm.select-ok',
  'tx.select': 'tx.select-ok',
  'tx.commit': 'tx.commit-ok',
  'tx.rollback': 'tx.rollback-ok',
};
