import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { Approval, ApprovalDecided } from '../../approvals/index.ts';
import { withApprovals } from '../../compose/commands.ts';
import { rolesWith } from '../../identity/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { approvalStates, definitions } from '../../operations/index.ts';
import type { ApprovalPolicy, ApprovalState, MakerKind } from '../../operations/index.ts';
import { parseCursor, parseLimit, parseReason } from '../options.ts';
import { answer, runWith } from '../run.ts';
import { inLine } from '../terminal.ts';

type Json = { readonly json?: boolean };

const actor = 'cli';
const operationNames = ['*', ...definitions.map(({ name }) => name)];
const makerKinds: readonly MakerKind[] = [...rolesWith('self'), 'key'];

export function approvalsCommand(): Command {
  return new Command('approvals')
    .summary('decide about operations that wait for a second person, and manage the policies')
    .description(
      'Operations that meet an approval policy wait for a second person. A running worker posts what you approve here. Policies that you change here apply within a second, without a second person; each change is recorded.',
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(decisionCommand('approve', 'approve an operation'))
    .addCommand(decisionCommand('reject', 'reject an operation'))
    .addCommand(policiesCommand())
    .addCommand(setPolicyCommand())
    .addCommand(removePolicyCommand());
}

function listCommand(): Command {
  return new Command('list')
    .summary('list operations that wait or waited for a second person, newest first')
    .addOption(new Option('--state <state>', 'only in this state').choices(approvalStates))
    .option('--limit <number>', 'maximum number: 1 to 500', parseLimit, 50)
    .option('--cursor <id>', 'continue after this one, the last of the previous page', parseCursor)
    .option('--json', 'print JSON')
    .action(async (options: Json & { state?: ApprovalState; limit: number; cursor?: string }) => {
      const { state, limit, cursor } = options;
      await runWith(options, withApprovals, async ({ approvals }) => {
        const { items, next } = await approvals.list({ state, limit, cursor });
        const lines = items.map(lineOf);
        if (next !== null) lines.push(`More: --cursor ${next}`);
        answer(options, lines.length === 0 ? 'There are no such approvals.' : lines.join('\n'), {
          items: await Promise.all(items.map(async (item) => plain(await approvals.opened(item)))),
          next,
        });
      });
    });
}

function showCommand(): Command {
  return new Command('show')
    .summary('show an approval')
    .argument('<id>', 'id of the approval')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json) => {
      await runWith(options, withApprovals, async ({ approvals }) => {
        const stored = await approvals.find(id);
        if (!stored) throw noSuchApproval(id);
        const found = await approvals.opened(stored);
        answer(options, `${lineOf(found)}\n${inLine(found.input)}`, plain(found));
      });
    });
}

function decisionCommand(decision: 'approve' | 'reject', summary: string): Command {
  return new Command(decision)
    .summary(summary)
    .argument('<id>', 'id of the approval')
    .requiredOption('--reason <text>', 'the reason, 1 to 1000 characters; stored with the decision', parseReason)
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json & { reason: string }) => {
      await runWith(options, withApprovals, async ({ approvals, approve }) => {
        const { reason } = options;
        const decided = decision === 'approve' ? await approve(id, reason) : await approvals.reject(id, { actor, reason });
        if ('refusal' in decided) throw refused(id, decided);
        answer(options, `${id} is now ${decided.approval.state}.`, plain(await approvals.opened(decided.approval)));
      });
    });
}

function policiesCommand(): Command {
  return new Command('policies')
    .summary('list the policies that ask for a second person')
    .option('--json', 'print JSON')
    .action(async (options: Json) => {
      await runWith(options, withApprovals, async ({ approvals }) => {
        const policies = await approvals.readPolicies();
        const text =
          policies.length === 0 ? 'There are no policies: no operation needs a second person.' : policies.map(policyLine).join('\n');
        answer(options, text, { items: policies.map(plainPolicy) });
      });
    });
}

function setPolicyCommand(): Command {
  return new Command('set-policy')
    .summary('add or replace a policy')
    .argument('<id>', 'name of the policy: lower-case letters, digits and hyphens', parsePolicyId)
    .addArgument(new Argument('<operation>', "an operation by its operationId, or '*' for all").choices(operationNames))
    .requiredOption('--makers <roles>', `comma-separated, of ${makerKinds.join(', ')}`, parseMakers)
    .option('--above <amount>', 'only larger amounts, in minor units; without it every operation', parseAmountOption)
    .option('--asset <number>', 'only this asset, by its number', parseAsset)
    .addOption(new Option('--wallets <which>', 'own: only with wallets of the maker').choices(['any', 'own']).default('any'))
    .requiredOption('--reason <text>', 'the reason, 1 to 1000 characters; stored with the change', parseReason)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  coffer approvals set-policy large-deposits deposit --above 100000 --makers treasury,operator,admin --reason "four eyes"',
    )
    .action(
      async (
        id: string,
        operation: string,
        options: Json & Pick<ApprovalPolicy, 'makers' | 'wallets'> & { above?: bigint; asset?: number; reason: string },
      ) => {
        const { makers, wallets, above = null, asset = null, reason } = options;
        const policy = { id, operation, makers, wallets, above, asset };
        await runWith(options, withApprovals, async ({ approvals }) => {
          await approvals.changeNow({ id, policy, reason }, actor);
          answer(options, `Set: ${policyLine(policy)}`, plainPolicy(policy));
        });
      },
    );
}

function removePolicyCommand(): Command {
  return new Command('remove-policy')
    .summary('remove a policy')
    .argument('<id>', 'name of the policy', parsePolicyId)
    .requiredOption('--reason <text>', 'the reason, 1 to 1000 characters; stored with the change', parseReason)
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json & { reason: string }) => {
      await runWith(options, withApprovals, async ({ approvals }) => {
        const isKnown = (await approvals.readPolicies()).some((policy) => policy.id === id);
        if (!isKnown) throw new OperatorError(`There is no approval policy "${id}".`, 'List them: coffer approvals policies.');
        await approvals.changeNow({ id, policy: null, reason: options.reason }, actor);
        answer(options, `Removed: ${id}`, { removed: id });
      });
    });
}

function refused(id: string, { refusal, state }: Extract<ApprovalDecided, { refusal: unknown }>): OperatorError {
  if (refusal === 'not_found') return noSuchApproval(id);
  if (refusal === 'maker_gone') return new OperatorError('The maker may no longer do this.', 'Reject it.');
  return new OperatorError(`The approval is ${state ?? 'gone'}.`, 'Only a pending one can be decided.');
}

function noSuchApproval(id: string): OperatorError {
  return new OperatorError(`There is no approval "${id}".`, 'Take an id from "coffer approvals list".');
}

function lineOf({ id, operation, amount, wallets, maker, state, decidedBy, result, failure }: Approval): string {
  const what = `${operation}${amount === null ? '' : ` ${amount}`}${wallets.length === 0 ? '' : ` of ${wallets.join(', ')}`}`;
  const end = failure?.code ?? result;
  return `${id}  ${what} by ${maker}  ${state}${decidedBy === null ? '' : ` by ${decidedBy}`}${end === null ? '' : `: ${inLine(end)}`}`;
}

/** JSON has no bigint. */
function plain(approval: Approval): object {
  return { ...approval, amount: approval.amount?.toString() ?? null, input: JSON.parse(approval.input) as object };
}

function plainPolicy(policy: ApprovalPolicy): object {
  return { ...policy, above: policy.above?.toString() ?? null };
}

function policyLine({ id, operation, asset, above, makers, wallets }: ApprovalPolicy): string {
  const which = `${operation}${above === null ? '' : ` above ${above}`}${asset === null ? '' : ` of asset ${asset}`}`;
  return `${id}  ${which} by ${makers.join(', ')}${wallets === 'own' ? ', on their own wallets' : ''}`;
}

function parseMakers(text: string): MakerKind[] {
  const named = text.split(',').map((one) => one.trim());
  const known = named.flatMap((one) => makerKinds.filter((kind) => kind === one));
  if (known.length === named.length) return [...new Set(known)];
  throw new InvalidArgumentError(`Give some of ${makerKinds.join(', ')}, separated by commas.`);
}

function parsePolicyId(text: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(text)) return text;
  throw new InvalidArgumentError('Give 1 to 63 lower-case letters, digits and hyphens.');
}

function parseAmountOption(text: string): bigint {
  if (/^(0|[1-9]\d{0,37})$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError('Give a whole number of minor units, 0 or more.');
}

function parseAsset(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give the number of an asset.');
}
