/** How commands show users and refusals. */
import type { Refused, Role, User } from '../../identity/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { explain } from '../../gateway/index.ts';

const dayMs = 86_400_000;

export function accepted(outcome: User | Refused, given: string): User {
  if (!('refusal' in outcome)) return outcome;
  throw refusedAs(outcome, given);
}

/** `given`: the user as the operator named them. */
export function refusedAs({ refusal }: Refused, given: string): OperatorError {
  switch (refusal.code) {
    case 'last_admin':
      return new OperatorError(`User ${given} is the last admin who can log in.`, 'Make another user an admin first.');
    case 'user_not_found':
      return new OperatorError(`There is no user "${given}".`, 'Give an id. To find one by e-mail address: coffer users find <address>.');
    case 'email_unproved':
      return new OperatorError(
        `User ${given} has not proved the e-mail address.`,
        'Hand the user a link: coffer users link <id> --purpose proof. Or set COFFER_EMAIL_PROOF=off, if addresses are proved elsewhere.',
      );
    default:
      return new OperatorError(explain(refusal.code, refusal.facts), 'Nothing was changed.');
  }
}

/** What an operator should know before giving somebody rights. */
export function described(user: User, wallets: number): string {
  const ageDays = Math.floor((Date.now() - user.createdAt.getTime()) / dayMs);
  const age = ageDays === 0 ? 'created today' : `created ${ageDays} ${ageDays === 1 ? 'day' : 'days'} ago`;
  const address = user.email === null ? 'no e-mail address' : `${user.email} (${proofOf(user)})`;
  const owned = `${wallets} ${wallets === 1 ? 'wallet' : 'wallets'}`;
  return `${JSON.stringify(user.name)}, ${address}\nid ${user.id}, ${age}, ${owned}, now ${withArticle(user.role)}${user.suspendedAt ? ', suspended' : ''}.`;
}

function proofOf({ emailProvedAt, emailProvedBy }: User): string {
  const on = emailProvedAt?.toISOString().slice(0, 10) ?? '';
  switch (emailProvedBy) {
    case 'link':
      return `address proved on ${on}`;
    case 'operator':
      return `address proved on ${on}, with a link that an operator printed`;
    case 'upgrade':
      return 'address not proved: the account is older than proofs';
    case null:
      return 'address not proved';
  }
}

export function named({ id, email, name }: User): string {
  return `${email ?? JSON.stringify(name)} (${id})`;
}

export function presented({ id, email, emailProvedAt, pendingEmail, name, role, suspendedAt }: User): object {
  return { id, email, emailProvedAt, pendingEmail, name, role, suspendedAt };
}

export function withArticle(role: Role): string {
  return role === 'user' ? 'a user' : role === 'operator' || role === 'admin' ? `an ${role}` : `a member of ${role}`;
}
