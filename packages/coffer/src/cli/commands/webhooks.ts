import { Command, Option } from 'commander';
import { withWebhooks } from '../../compose/commands.ts';
import { OperatorError } from '../../kernel/index.ts';
import { deliveryStatuses, replayedMax } from '../../webhooks/index.ts';
import type { DeliveryRead, EndpointWithSecret, Webhooks } from '../../webhooks/index.ts';
import { confirm } from '../confirm.ts';
import { answer, runWith } from '../run.ts';
import {
  accepted,
  attemptLine,
  deliveryLine,
  endpointLine,
  endpointLines,
  parseDelivery,
  parseDescription,
  parseLimit,
  parseMomentGiven,
  parseOwner,
  parseTypes,
  parseWallet,
  parseWebhookCursor,
} from '../webhook-format.ts';

type Json = { readonly json?: boolean };
type Paged = { readonly limit: number; readonly cursor?: string };
type DeliveryStatus = (typeof deliveryStatuses)[number];

const createdBy = 'cli';

export function webhooksCommand(): Command {
  return new Command('webhooks')
    .summary('manage webhooks')
    .description('Coffer sends events to webhooks and records the outcome of each call. A running Coffer applies changes within a second.')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(createCommand())
    .addCommand(switchCommand('pause'))
    .addCommand(switchCommand('resume'))
    .addCommand(rotateCommand())
    .addCommand(testCommand())
    .addCommand(deliveriesCommand())
    .addCommand(deliveryCommand())
    .addCommand(replayCommand())
    .addCommand(deleteCommand());
}

function listCommand(): Command {
  return new Command('list')
    .summary('list the webhooks, newest first, without their secrets')
    .option('--limit <number>', 'maximum number of webhooks: 1 to 500', parseLimit, 50)
    .option('--cursor <id>', 'continue after this webhook, the last of the previous page', parseWebhookCursor)
    .option('--json', 'print JSON')
    .action(async (options: Json & Paged) => {
      await runWith(options, withWebhooks, async (webhooks) => {
        const page = await webhooks.list(options.limit, options.cursor);
        answer(options, pageLines(page, endpointLine, 'There are no webhooks.'), page);
      });
    });
}

function showCommand(): Command {
  return new Command('show')
    .summary('show a webhook and its health')
    .argument('<id>', 'id of the webhook')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json) => {
      await runWith(options, withWebhooks, async (webhooks) => {
        const found = accepted(await webhooks.find(id));
        answer(options, endpointLines(found).join('\n'), found);
      });
    });
}

type Filter = { readonly types: string[]; readonly wallet?: string; readonly owner?: string; readonly description: string };

function createCommand(): Command {
  return new Command('create')
    .summary('create a webhook for events from now on; its secret is shown once')
    .argument('<url>', 'a public https URL')
    .option('--types <names>', 'event types to send, separated by commas; * means all', parseTypes, ['*'])
    .option('--wallet <id>', 'only events about this wallet', parseWallet)
    .option('--owner <id>', 'only events about wallets of this user', parseOwner)
    .option('--description <text>', 'what it is for', parseDescription, '')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  coffer webhooks create https://example.com/hooks --types FundsDeposited,FundsWithdrawn')
    .action(async (url: string, options: Json & Filter) => {
      const { types, wallet = null, owner = null, description } = options;
      await runWith(options, withWebhooks, async (webhooks) => {
        const made = accepted(await webhooks.create({ url, types, wallet, owner, description, createdBy }));
        answer(options, shownOnce(made), made);
      });
    });
}

function switchCommand(name: 'pause' | 'resume'): Command {
  const [status, summary] =
    name === 'pause'
      ? (['disabled', 'stop sending; pending deliveries are stored, events that occur while it is paused are not sent'] as const)
      : (['enabled', 'resume sending: pending deliveries, and events from now on'] as const);
  return new Command(name)
    .summary(summary)
    .argument('<id>', 'id of the webhook')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json) => {
      await runWith(options, withWebhooks, async (webhooks) => {
        const changed = accepted(await webhooks.update(id, { status }));
        answer(options, endpointLine(changed), changed);
      });
    });
}

function rotateCommand(): Command {
  return new Command('rotate')
    .summary('create a new secret, shown once; for 24 hours calls are also signed with the previous one')
    .argument('<id>', 'id of the webhook')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json) => {
      await runWith(options, withWebhooks, async (webhooks) => {
        const made = accepted(await webhooks.rotate(id));
        answer(options, shownOnce(made), made);
      });
    });
}

function testCommand(): Command {
  return new Command('test')
    .summary('send an event of type WebhookTest, regardless of the filter')
    .argument('<id>', 'id of the webhook')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json) => {
      await runWith(options, withWebhooks, async (webhooks) => {
        const sent = accepted(await webhooks.test(id));
        answer(options, deliveryLine(sent), sent);
      });
    });
}

function deliveriesCommand(): Command {
  return new Command('deliveries')
    .summary('list the deliveries of a webhook, newest first')
    .argument('<id>', 'id of the webhook')
    .addOption(new Option('--status <status>', 'only in this status').choices(deliveryStatuses))
    .option('--limit <number>', 'maximum number of deliveries: 1 to 500', parseLimit, 50)
    .option('--cursor <delivery>', 'continue after this delivery, the last of the previous page', parseDelivery)
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json & Paged & { status?: DeliveryStatus }) => {
      const { limit, cursor, status } = options;
      await runWith(options, withWebhooks, async (webhooks) => {
        const page = accepted(await webhooks.deliveries(id, { limit, cursor, status }));
        answer(options, pageLines(page, deliveryLine, 'There are no such deliveries.'), page);
      });
    });
}

function deliveryCommand(): Command {
  return new Command('delivery')
    .summary('show a delivery with its body and each call: the answer, or why there was none')
    .argument('<id>', 'id of the webhook')
    .argument('<delivery>', 'its number', parseDelivery)
    .option('--json', 'print JSON')
    .action(async (id: string, delivery: string, options: Json) => {
      await runWith(options, withWebhooks, async (webhooks) => {
        const found = accepted(await webhooks.delivery(id, Number(delivery)));
        answer(options, [deliveryLine(found.delivery), found.body, ...found.attempts.map(attemptLine)].join('\n'), found);
      });
    });
}

type Which = { readonly since?: Date; readonly status: 'failed' | 'delivered' };

function replayCommand(): Command {
  return new Command('replay')
    .summary('send deliveries again, with the full schedule of retries')
    .argument('<id>', 'id of the webhook')
    .argument('[delivery]', 'its number', parseDelivery)
    .option('--since <moment>', `instead: all deliveries created since then, at most the oldest ${replayedMax}`, parseMomentGiven)
    .addOption(new Option('--status <status>', 'of those').choices(['failed', 'delivered']).default('failed'))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  coffer webhooks replay <id> 17\n  coffer webhooks replay <id> --since 2026-01-31T12:00:00Z --status delivered',
    )
    .action(async (id: string, delivery: string | undefined, options: Json & Which) => {
      await runWith(options, withWebhooks, async (webhooks) => {
        const replayed = await replay(webhooks, id, delivery, options);
        answer(options, 'replayed' in replayed ? `${replayed.replayed} replayed.` : deliveryLine(replayed), replayed);
      });
    });
}

async function replay(
  webhooks: Webhooks,
  id: string,
  delivery: string | undefined,
  { since, status }: Which,
): Promise<DeliveryRead | { readonly replayed: number }> {
  if (delivery !== undefined && since === undefined) return accepted(await webhooks.replay(id, Number(delivery)));
  if (delivery !== undefined || since === undefined)
    throw new OperatorError('No deliveries are named.', 'Give the number of one, or --since.');
  const replayed = await webhooks.replaySince(id, since, status);
  return { replayed: typeof replayed === 'number' ? replayed : accepted<never>(replayed) };
}

function deleteCommand(): Command {
  return new Command('delete')
    .summary('delete a webhook permanently, with its pending deliveries and its log; asks for confirmation')
    .argument('<id>', 'id of the webhook')
    .option('--yes', 'skip the confirmation')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json & { yes?: boolean }) => {
      await runWith(options, withWebhooks, async (webhooks) => {
        const { url } = accepted(await webhooks.find(id));
        if (!options.yes) await confirmDelete(url);
        const deleted = accepted(await webhooks.remove(id));
        answer(options, `${id} is deleted.`, deleted);
      });
    });
}

async function confirmDelete(url: string): Promise<void> {
  if (!process.stdin.isTTY) throw new OperatorError(`This would delete the webhook to ${url}.`, 'Add --yes to do it.');
  if (!(await confirm(`Delete the webhook to ${url} permanently?`)))
    throw new OperatorError('Nothing was deleted.', 'Answer yes, or add --yes.');
}

function pageLines<T>({ items, next }: { items: readonly T[]; next: string | null }, lineOf: (item: T) => string, none: string): string {
  if (items.length === 0) return none;
  return [...items.map(lineOf), ...(next === null ? [] : [`More: --cursor ${next}`])].join('\n');
}

function shownOnce({ endpoint, secret }: EndpointWithSecret): string {
  return `${secret}\nThis secret signs the calls to ${endpoint.url}. Store it now: it is not shown again.\n${endpointLine(endpoint)}`;
}
