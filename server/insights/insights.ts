/** What the routes are given of all this. */
import type pg from 'pg';
import type { Ledger } from '../ledger/index.ts';
import { Findings } from './fraud/findings.ts';
import { FraudRules } from './fraud/rules.ts';
import { Notifications } from './notifications/notifications.ts';

export type Insights = {
  readonly rules: FraudRules;
  readonly findings: Findings;
  readonly notifications: Notifications;
  /** What a rule is tried on. */
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
};

export function openInsights(pool: pg.Pool, ledger: Pick<Ledger, 'books' | 'read'>): Insights {
  return { rules: new FraudRules(pool, ledger), findings: new Findings(pool), notifications: new Notifications(pool), ledger };
}
