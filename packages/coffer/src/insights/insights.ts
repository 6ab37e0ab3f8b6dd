/** What the routes receive. */
import type pg from 'pg';
import { Findings } from './fraud/findings.ts';
import { FraudRules } from './fraud/rules.ts';
import type { RuleGrounds } from './fraud/rules.ts';
import { Notifications } from './notifications/notifications.ts';

export type Insights = {
  readonly rules: FraudRules;
  readonly findings: Findings;
  readonly notifications: Notifications;
  /** What a dry run of a rule needs. */
  readonly ledger: RuleGrounds;
};

export function openInsights(pool: pg.Pool, ledger: RuleGrounds): Insights {
  return { rules: new FraudRules(pool, ledger), findings: new Findings(pool), notifications: new Notifications(pool), ledger };
}
