/**
 * Records the consequences of findings, in the transaction in which the findings become active. Repeating it records them once.
 */
import type pg from 'pg';
import { notifyStaff } from '../notifications/store.ts';
import type { KeptFinding } from './finding-store.ts';

export async function writeConsequences(client: pg.ClientBase, findings: readonly KeptFinding[]): Promise<void> {
  await queueActions(client, findings);
  await notifyStaff(
    client,
    findings.map((finding) => ({
      key: `staff/${episodeOf(finding)}`,
      kind: 'fraud_found',
      wallet: finding.wallet,
      facts: toldOf(finding),
      recordedAt: finding.recordedAt,
    })),
  );
}

async function queueActions(client: pg.ClientBase, findings: readonly KeptFinding[]): Promise<void> {
  const due = findings.filter(({ action }) => action === 'freeze' || action === 'notify');
  if (due.length === 0) return;
  const places = due.map(({ event }) => event.split('-'));
  await client.query(
    `insert into insights.fraud_action (book, seq, part, rule, wallet, action)
     select * from unnest($1::int[], $2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[]) on conflict do nothing`,
    [
      ...[0, 1, 2].map((part) => places.map((place) => place[part])),
      due.map(({ rule }) => rule),
      due.map(({ wallet }) => wallet),
      due.map(({ action }) => action),
    ],
  );
}

const minuteMs = 60_000;

/** At most one notification per minute for the same rule and wallet, however much is found. */
function episodeOf({ rule, wallet, recordedAt }: KeptFinding): string {
  return `fraud/${rule}/${wallet}/${Math.floor(recordedAt.getTime() / minuteMs)}`;
}

function toldOf({ rule, action, event, facts }: KeptFinding): Record<string, string> {
  return { ...facts, rule, action, event };
}
