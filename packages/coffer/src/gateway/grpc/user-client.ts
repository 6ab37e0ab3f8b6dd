/** The users service, as the wallets service needs it. */
import type { Address } from '../../kernel/index.ts';
import { ServiceClient } from './client.ts';
import type { ClientOptions } from './client.ts';
import { userService } from './generated/user.ts';
import { identityFailure } from './statuses.ts';
import type { Failure } from './statuses.ts';

const lookupMs = 2_000;

export type UserLookup = {
  /** Whether the user exists. Answers before `deadline` (milliseconds since the epoch) and within its own limit; never throws. */
  find(
    userId: string,
    deadline: number,
  ): Promise<{ readonly status: 'found' | 'unavailable' } | { readonly status: 'refused'; readonly failure: Failure }>;
};

export function createUserClient(address: Address, options: ClientOptions = {}): UserLookup & { close(): void } {
  const client = new ServiceClient(address, options);
  return {
    async find(id, deadline) {
      const result = await client.call(userService.getUserById, { id }, Math.min(deadline, Date.now() + lookupMs));
      if (result.status === 'answered') return { status: 'found' };
      if (result.status === 'refused' && result.code === 'user_not_found')
        return { status: 'refused', failure: identityFailure({ code: 'user_not_found', facts: {} }) };
      // A look-up changes nothing, so a lost answer counts as unavailable.
      return { status: 'unavailable' };
    },
    close: () => client.close(),
  };
}
