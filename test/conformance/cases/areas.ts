/** All cases, by area; an area is a file of cases and a file of RabbitMQ's answers. */

import type { ConformanceCase } from '../steps.ts';
import { BINDING_CASES } from './binding.ts';
import { CHANNEL_CASES } from './channel.ts';
import { CONNECTION_CASES } from './connection.ts';
import { CONSUME_CASES } from './consume.ts';
import { DELIVER_CASES } from './deliver.ts';
import { EXCHANGE_CASES } from './exchange.ts';
import { MALFORMED_CASES } from './malformed.ts';
import { PERMISSION_CASES } from './permission.ts';
import { PUBLISH_CASES } from './publish.ts';
import { QUEUE_CASES } from './queue.ts';
import { QUEUE_ARGUMENT_CASES } from './queue-arguments.ts';
import { REPLY_TO_CASES } from './reply-to.ts';
import { SETTLE_CASES } from './settle.ts';
import { SINGLE_ACTIVE_CASES } from './single-active.ts';
import { TRANSACTION_CASES } from './transaction.ts';

export const AREAS: Readonly<Record<string, readonly ConformanceCase[]>> = {
  connection: CONNECTION_CASES,
  channel: CHANNEL_CASES,
  malformed: MALFORMED_CASES,
  exchange: EXCHANGE_CASES,
  binding: BINDING_CASES,
  queue: QUEUE_CASES,
  'queue-arguments': QUEUE_ARGUMENT_CASES,
  publish: PUBLISH_CASES,
  consume: CONSUME_CASES,
  deliver: DELIVER_CASES,
  settle: SETTLE_CASES,
  'single-active': SINGLE_ACTIVE_CASES,
  'reply-to': REPLY_TO_CASES,
  transaction: TRANSACTION_CASES,
  permission: PERMISSION_CASES,
};
