import { Argument, Command } from 'commander';
import { withUsers } from '../../compose/commands.ts';
import type { UserParts } from '../../compose/commands.ts';
import { roles } from '../../identity/index.ts';
import type { Refused, Role, User } from '../../identity/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { confirm } from '../confirm.ts';
import { answer, runWith } from '../run.ts';
import { eraseCommand } from './users-erase.ts';

const dayMs = 86_400_000;

type Json = { readonly json?: boolean };

export function usersCommand(): Command {
  return new Command('users')
    .summary("show users, manage users' roles, suspend and erase users")
    .description(
      "Shows users, manages users' roles, suspends users, and erases deleted ones. A running Coffer applies changes within a second.",
    )
    .addCommand(showCommand())
    .addCommand(roleCommand())
    .addCommand(suspendCommand('suspend'))
    .addCommand(suspendCommand('reinstate'))
    .addCommand(eraseCommand());
}

function showCommand(): Command {
  return new Command('show')
    .summary('show a user: id, role, age and number of wallets')
    .argument('<user>', 'id or e-mail address')
    .option('--json', 'print JSON')
    .action(async (user: string, options: Json) => {
      await runWith(options, withUsers, async ({ users, walletsOf }) => {
        const found = accepted(await users.find(user), user);
        const wallets = await walletsOf(found.id);
        answer(options, described(found, wallets), { ...presented(found), createdAt: found.createdAt, wallets });
      });
    });
}

function roleCommand(): Command {
  return new Command('role')
    .summary("set a user's role; asks for confirmation")
    .description(
      'A user can access their own wallets; an operator manages all wallets; an admin also manages roles and API keys. Roles are set by id, because nobody has proved an e-mail address. A running Coffer applies the change within a second.',
    )
    .argument('<id>', 'id of the user, as coffer users show prints it')
    .addArgument(new Argument('<role>', 'which role').choices(roles))
    .option('-y, --yes', 'skip the confirmation')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  coffer users role 0199b2c4-5a7e-7c11-8f00-3d5e2a1b9c70 admin')
    .action(async (id: string, role: Role, options: Json & { yes?: boolean }) => {
      await runWith(options, withUsers, async (parts) => {
        const found = accepted(await parts.users.get(id), id);
        if (!options.yes) await confirmRole(parts, found, role);
        const changed = accepted(await parts.users.setRole(id, role, 'cli'), id);
        answer(options, `${named(changed)} is now ${withArticle(role)}.`, presented(changed));
      });
    });
}

async function confirmRole({ walletsOf }: UserParts, user: User, role: Role): Promise<void> {
  const sentence = `${described(user, await walletsOf(user.id))}\nThis would make them ${withArticle(role)}.`;
  if (!process.stdin.isTTY) throw new OperatorError(sentence, 'Add --yes to do it.');
  if (!(await confirm(`${sentence} Continue?`))) throw new OperatorError('Nothing was changed.', 'Answer yes, or add --yes.');
}

function suspendCommand(name: 'suspend' | 'reinstate'): Command {
  const [summary, done] =
    name === 'suspend'
      ? ['suspend a user: no login, and every token stops working within a second', 'is suspended']
      : ['end the suspension of a user', 'can log in again'];
  return new Command(name)
    .summary(summary)
    .argument('<id>', 'id of the user')
    .requiredOption('--reason <text>', 'why; stored with the change')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json & { reason: string }) => {
      await runWith(options, withUsers, async ({ users }) => {
        const by = { actor: 'cli', byUser: null, aboutStaff: true, reason: options.reason };
        const changed = accepted(await users[name](id, by), id);
        answer(options, `${named(changed)} ${done}.`, presented(changed));
      });
    });
}

function accepted(outcome: User | Refused, given: string): User {
  if (!('refusal' in outcome)) return outcome;
  if (outcome.refusal.code === 'last_admin')
    throw new OperatorError(`User ${given} is the last admin who can log in.`, 'Make another user an admin first.');
  throw new OperatorError(`There is no user "${given}".`, 'Give an id. To find one by e-mail address: coffer users show <address>.');
}

/** What an operator should know before giving somebody rights. */
function described(user: User, wallets: number): string {
  const ageDays = Math.floor((Date.now() - user.createdAt.getTime()) / dayMs);
  const age = ageDays === 0 ? 'created today' : `created ${ageDays} ${ageDays === 1 ? 'day' : 'days'} ago`;
  const address = user.email === null ? 'no e-mail address' : `${user.email} (address not verified)`;
  const owned = `${wallets} ${wallets === 1 ? 'wallet' : 'wallets'}`;
  return `${user.name}, ${address}\nid ${user.id}, ${age}, ${owned}, now ${withArticle(user.role)}${user.suspendedAt ? ', suspended' : ''}.`;
}

function named({ id, email, name }: User): string {
  return `${email ?? name} (${id})`;
}

function presented({ id, email, name, role, suspendedAt }: User): object {
  return { id, email, name, role, suspendedAt };
}

function withArticle(role: Role): string {
  return role === 'user' ? 'a user' : `an ${role}`;
}
