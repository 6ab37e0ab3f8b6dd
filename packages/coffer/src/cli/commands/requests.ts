import { Command, Option } from 'commander';
import { withRequests } from '../../compose/commands.ts';
import { OperatorError } from '../../kernel/index.ts';
import { requestStatuses } from '../../requests/index.ts';
import type { AsyncRequest, Attempt, DecisionRefusal, RequestStatus } from '../../requests/index.ts';
import { parseCursor, parseLimit, parseReason } from '../options.ts';
import { answer, runWith } from '../run.ts';
import { inLine } from '../terminal.ts';

type Json = { readonly json?: boolean };
type Decision = 'approve' | 'reject' | 'replay';

const actor = 'cli';

export function requestsCommand(): Command {
  return new Command('requests')
    .summary('list, show, replay, approve and reject asynchronous requests')
    .description(
      'Asynchronous requests are withdrawals and transfers that run in the background. A running worker continues with what you decide here.',
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(decisionCommand('replay', 'run a failed or rejected request again'))
    .addCommand(decisionCommand('approve', 'approve the payout of a withdrawal that waits for a decision'))
    .addCommand(decisionCommand('reject', 'reject a withdrawal that waits for a decision, and release its amount'));
}

function listCommand(): Command {
  return new Command('list')
    .summary('list requests, newest first')
    .option('--wallet <id>', 'only of this wallet')
    .addOption(new Option('--status <status>', 'only in this status').choices(requestStatuses))
    .option('--limit <number>', 'maximum number of requests: 1 to 500', parseLimit, 50)
    .option('--cursor <id>', 'continue after this request, the last of the previous page', parseCursor)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  coffer requests list --status awaiting_approval\n  coffer requests list --wallet w1 --json')
    .action(async (options: Json & { wallet?: string; status?: RequestStatus; limit: number; cursor?: string }) => {
      const { wallet, status, limit, cursor } = options;
      await runWith(options, withRequests, async (requests) => {
        const page = await requests.list({ wallet, status, limit, cursor });
        const lines = page.items.map(lineOf);
        if (page.next !== null) lines.push(`More: --cursor ${page.next}`);
        answer(options, lines.length === 0 ? 'There are no such requests.' : lines.join('\n'), {
          items: page.items.map(plain),
          next: page.next,
        });
      });
    });
}

function showCommand(): Command {
  return new Command('show')
    .summary('show a request and its attempts')
    .argument('<id>', 'id of the request')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json) => {
      await runWith(options, withRequests, async (requests) => {
        const found = await requests.find(id);
        if (!found) throw noSuchRequest(id);
        const attempts = await requests.attempts(id);
        answer(options, [...linesOf(found), ...attempts.map(attemptLine)].join('\n'), { ...plain(found), log: attempts });
      });
    });
}

function decisionCommand(decision: Decision, summary: string): Command {
  return new Command(decision)
    .summary(summary)
    .argument('<id>', 'id of the request')
    .requiredOption('--reason <text>', 'the reason, 1 to 1000 characters; stored with the request', parseReason)
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json & { reason: string }) => {
      await runWith(options, withRequests, async (requests) => {
        const decided = await requests.decide(id, decision, { actor, reason: options.reason });
        if ('refusal' in decided) throw refused(id, decided.refusal, decided.status);
        answer(options, `${id} is now ${decided.request.status}.`, plain(decided.request));
      });
    });
}

function refused(id: string, refusal: DecisionRefusal, status: RequestStatus | null): OperatorError {
  if (refusal === 'not_found') return noSuchRequest(id);
  const remedies = {
    not_waiting: 'Only a request that is in_review, awaiting_approval, paying or uncertain can be approved or rejected.',
    not_failed: 'Only a request that failed or was released can be replayed.',
    not_replayable: 'Another operation used its key or its hold. Send the request again with a new key.',
    needs_second_person: 'Another person has to decide.',
    busy: 'A worker is processing it. Try again in a moment.',
  } as const satisfies Record<Exclude<DecisionRefusal, 'not_found'>, string>;
  return new OperatorError(`The request is ${status ?? 'gone'}.`, remedies[refusal]);
}

function noSuchRequest(id: string): OperatorError {
  return new OperatorError(`There is no request "${id}".`, 'Take an id from "coffer requests list".');
}

function lineOf(request: AsyncRequest): string {
  const { id, type, wallet, content, status, failure, remark } = request;
  const to = content.to === undefined ? '' : ` to ${content.to}`;
  const mode = content.mode === undefined ? '' : `, ${content.mode}`;
  const why = failure?.code ?? remark;
  return `${id}  ${type} ${content.amount} of ${wallet}${to}${mode}  ${status}${why === null || why === undefined ? '' : `: ${inLine(why)}`}`;
}

function linesOf(request: AsyncRequest): string[] {
  const { hold, operation, key, generation, createdAt, finishedAt, nextTryAt, failure } = request;
  return [
    lineOf(request),
    `key ${key}, requested ${createdAt.toISOString()}, replayed ${generation} times`,
    ...(hold ? [`hold ${hold.id} of ${hold.amount}${finishedAt ? '' : `, times out at ${hold.timesOutAt.toISOString()}`}`] : []),
    ...(operation === null ? [] : [`operation ${operation}`]),
    ...(failure && Object.keys(failure.facts).length > 0 ? [JSON.stringify(failure.facts)] : []),
    finishedAt ? `finished ${finishedAt.toISOString()}` : `next attempt ${nextTryAt.toISOString()}`,
  ];
}

function attemptLine({ number, at, step, outcome, detail, actor: who }: Attempt): string {
  return `  ${at.toISOString()}  ${number}  ${step}: ${outcome}${detail === null ? '' : ` (${inLine(detail)})`}${who === null ? '' : ` by ${who}`}`;
}

/** JSON has no bigint. */
function plain(request: AsyncRequest): object {
  const { hold } = request;
  return { ...request, hold: hold && { ...hold, amount: hold.amount.toString() } };
}
