/** Commands about the accounts of users: links, invitations, passwords and deletion. */
import { Command, Option } from 'commander';
import { withProofs, withUserDeletion, withUsers } from '../../compose/users.ts';
import type { PrintedLink, Refused } from '../../identity/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { destinations } from '../../operations/index.ts';
import { confirm } from '../confirm.ts';
import { readPassword } from '../password.ts';
import { answer, runWith } from '../run.ts';
import { accepted, described, named, presented, refusedAs } from './user-views.ts';

type Json = { readonly json?: boolean };

export function linkCommand(): Command {
  return new Command('link')
    .summary("print a link that proves a user's address, or sets a new password")
    .description(
      'Prints a link for a user, when there is no mail server. It is enough to prove the address or set the password, so hand it to the user only, best at that address. It works once, replaces earlier ones, and is recorded.',
    )
    .argument('<user>', 'id or e-mail address')
    .addOption(new Option('--purpose <purpose>', 'what the link is for').choices(['proof', 'reset']).makeOptionMandatory())
    .option('--json', 'print JSON')
    .action(async (user: string, options: Json & { purpose: 'proof' | 'reset' }) => {
      await runWith(options, withUsers, async ({ users, proofs }) => {
        const found = accepted(await users.find(user), user);
        printLink(options, await proofs.link(found.id, options.purpose === 'proof' ? 'email' : 'reset', { actor: 'cli' }), user);
      });
    });
}

export function inviteCommand(): Command {
  return new Command('invite')
    .summary('print an invitation to open an account')
    .argument('<email>', 'address of the invited user')
    .option('--json', 'print JSON')
    .action(async (email: string, options: Json) => {
      await runWith(options, withProofs, async (proofs) => printLink(options, await proofs.invitationLink(email), email));
    });
}

function printLink(options: Json, made: PrintedLink | Refused, given: string): void {
  if ('refusal' in made) throw refusedAs(made, given);
  const { token, link, expiresAt } = made;
  const shown = link ?? `${token}\n(Set COFFER_PUBLIC_URL to get a link. This is the token for the API.)`;
  answer(options, `${shown}\nIt works once, until ${expiresAt.toISOString()}.`, { link, token, expiresAt });
}

export function passwordCommand(): Command {
  return new Command('password')
    .summary("set a user's password; every session of the user ends")
    .description('Sets a password, which is asked for, or read from standard input. Every session and every link of the user ends.')
    .argument('<id>', 'id of the user')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  coffer users password 0199b2c4-5a7e-7c11-8f00-3d5e2a1b9c70 < password.txt')
    .action(async (id: string, options: Json) => {
      await runWith(options, withUsers, async ({ users }) => {
        accepted(await users.get(id), id);
        const changed = accepted(await users.setPassword(id, await readPassword(), 'cli'), id);
        answer(options, `${named(changed)} has a new password.`, presented(changed));
      });
    });
}

type Deletion = Json & { readonly reason: string; readonly sweepTo?: string; readonly sweepToWallet?: string; readonly yes?: boolean };

export function deleteCommand(): Command {
  return new Command('delete')
    .summary('delete a user after closing the wallets; asks for confirmation')
    .description(
      "Closes all of a user's wallets, in one step, and deletes the user. Wallets that hold money are swept to the account or wallet that you name; otherwise the command changes nothing. If it was interrupted, run it again to finish.",
    )
    .argument('<id>', 'id of the user')
    .requiredOption('--reason <text>', 'why; stored with the change')
    .addOption(new Option('--sweep-to <account>', 'system account that gets what the wallets hold').choices([...destinations]))
    .addOption(new Option('--sweep-to-wallet <wallet>', 'id of a wallet that gets what the wallets hold').conflicts('sweepTo'))
    .option('-y, --yes', 'skip the confirmation')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Deletion) => {
      await runWith(options, withUserDeletion, async ({ users, walletsOf, closeWallets }) => {
        const user = accepted(await users.get(id), id);
        if (!options.yes) await confirmDeletion(described(user, await walletsOf(user.id)));
        const by = { actor: 'cli', byUser: null, aboutStaff: true, reason: options.reason };
        const to = options.sweepToWallet === undefined ? destinations.find((name) => name === options.sweepTo) : null;
        const sweepTo = to === null ? { wallet: options.sweepToWallet ?? '' } : to && { system: to };
        const outcome = await users.deleteByStaff(id, by, async (owner) => await closeWallets(owner, sweepTo));
        if ('obstacle' in outcome) throw new OperatorError(outcome.obstacle.sentence, 'Nothing was changed.');
        if ('refusal' in outcome) throw refusedAs(outcome, id);
        answer(options, `${named(user)} is deleted.`, { id: user.id, deletedAt: outcome.deletedAt });
      });
    });
}

async function confirmDeletion(about: string): Promise<void> {
  const sentence = `${about}\nThis would close the wallets and delete the user.`;
  if (!process.stdin.isTTY) throw new OperatorError(sentence, 'Add --yes to do it.');
  if (!(await confirm(`${sentence} Continue?`))) throw new OperatorError('Nothing was changed.', 'Answer yes, or add --yes.');
}
