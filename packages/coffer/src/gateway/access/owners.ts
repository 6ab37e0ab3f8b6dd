/** Only users own wallets: a request that names an owner must name an existing user. */
import type { Terms } from '../../operations/index.ts';
import type { Admission } from './access.ts';

/**
 * The first of the requests whose owner does not exist, by its index; null if there is none. Callers themselves exist, so they are not looked
 * up. `unknownAmong`: which of some ids, in lower case, belong to no user.
 */
export async function firstOfUnknownOwner(
  requests: readonly Terms[],
  { principal }: Pick<Admission, 'principal'>,
  unknownAmong: (owners: readonly string[]) => Promise<readonly string[]>,
): Promise<number | null> {
  const caller = 'userId' in principal ? principal.userId : undefined;
  const owners = requests.map((request) => ('owner' in request && request.owner !== caller ? String(request.owner) : undefined));
  const named = new Set(owners.filter((owner) => owner !== undefined));
  if (named.size === 0) return null;
  const unknown = new Set<string | undefined>(await unknownAmong([...named]));
  const at = owners.findIndex((owner) => unknown.has(owner));
  return at === -1 ? null : at;
}
