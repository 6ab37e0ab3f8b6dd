/** Wires who may do what: users, their sessions and factors, API keys, and the access that both transports check. */
import type pg from 'pg';
import { ChangeLog } from '../audit/index.ts';
import type { Counter } from '../cache/index.ts';
import { Access } from '../gateway/access/index.ts';
import type { createWalletClient } from '../gateway/grpc/index.ts';
import { ApiKeys, Authenticator, Factors, Sessions, Subjects, Users } from '../identity/index.ts';
import { ensureSecret } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Config } from './config.ts';
import { accountRulesOf, proofsOf } from './users.ts';

type PeopleParts = {
  readonly config: Config;
  readonly pool: pg.Pool;
  readonly wallets: ReturnType<typeof createWalletClient>;
  readonly counter: Counter | null;
  readonly log: Log;
};

export function openPeople({ config, pool, wallets, counter, log }: PeopleParts) {
  const rules = accountRulesOf(config);
  const users = new Users({ pool, wallets, rules });
  const factorKey = config.factorKey ?? ensureSecret(config.home, 'factor-key');
  const factors = new Factors({ pool, factorKey, ...config.factors, log });
  const { issuer, previousJwtSecret, staffIdleMs, requestsPerMinute } = config;
  const jwtSecret = config.jwtSecret ?? ensureSecret(config.home, 'jwt-secret');
  const { requiresProof } = rules;
  const sessions = new Sessions({ pool, jwtSecret, previousJwtSecret, issuer, staffIdleMs, requiresProof, factors, log });
  const apiKeys = new ApiKeys(pool, config.keyLiveMs);
  const authenticator = new Authenticator({ sessions, apiKeys });
  const access = new Access({ mode: config.auth, authenticator, requestsPerMinute, counter });
  const proofs = proofsOf(pool, config);
  return { users, proofs, sessions, factors, subjects: new Subjects(pool), apiKeys, access, changes: new ChangeLog(pool) };
}

/** After a rotation of the factor key, the previous one can then be removed. */
export async function prepareFactors(factors: Factors, log: Log): Promise<void> {
  const report = await factors.prepare();
  if (report.resealed > 0) log.info(report, 'Sealed the secrets of second factors with the current COFFER_FACTOR_KEY');
  if (report.unreadable > 0) log.error(report, 'No factor key opens some secrets of second factors: check COFFER_FACTOR_KEY_PREVIOUS');
}
