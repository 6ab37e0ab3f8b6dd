import { expect, test } from 'vitest';
import type { Principal } from '../identity/index.ts';
import { callersTerms, definitions } from './index.ts';

const principal: Principal = { kind: 'admin', userId: '6d3f43c0-6a3c-4a53-9c55-0c2c1d6d3f43', sessionId: null };

test.each(definitions.map((definition) => [definition.name, definition] as const))(
  '%s keeps the caller that approval policies judge, and how money may leave',
  (_name, definition) => {
    const { example, rest } = definition;
    const values: Record<string, unknown> = { ...example.body };
    for (const [field, name] of Object.entries(rest.names ?? {})) values[field] ??= values[name];
    const [named] = Object.values(example.parameters ?? {});
    for (const field of ['walletId', 'holdId', 'operationId']) values[field] ??= named ?? '1-1';
    const caller = { principal, onlyOwner: undefined, actor: 'operator:x', admit: () => null };
    const request = definition.read({ values, terms: callersTerms({ key: 'k' }, caller), caller, nameOf: (field) => field });
    expect(request).toMatchObject({ maker: principal, clearance: 'direct', actor: 'operator:x', key: 'k' });
  },
);
