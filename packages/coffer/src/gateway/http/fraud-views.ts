/** Fraud rules and their findings, as answers. */
import { Timestamp, freeObject, oneOf, orNull, ref, strict } from '../../operations/index.ts';
import Type from 'typebox';
import type { Static } from 'typebox';
import { ruleActions, ruleIdLengthMax, ruleIdPattern, ruleKinds } from '../../insights/index.ts';
import type { DryRun, FollowedFinding, KeptFinding, RuleVersion } from '../../insights/index.ts';

export const RuleId = Type.String({
  pattern: ruleIdPattern,
  maxLength: ruleIdLengthMax,
  description: `rule id: lower-case letters and digits, in words joined by hyphens, at most ${ruleIdLengthMax} characters`,
  examples: ['withdrawal-velocity'],
});
const EventId = Type.String({ examples: ['1-42-1'] });
export const RuleView = Type.Object(
  {
    id: RuleId,
    version: Type.Integer(),
    name: Type.String(),
    kind: oneOf(...ruleKinds),
    definition: freeObject,
    action: oneOf(...ruleActions),
    enabled: Type.Boolean(),
    since: Timestamp,
    actor: Type.String({ description: 'who created this version' }),
    reason: Type.String(),
  },
  { $id: 'FraudRule', ...strict },
);
export const FindingView = Type.Object(
  {
    id: Type.String(),
    rule: RuleId,
    ruleVersion: Type.Integer(),
    action: oneOf(...ruleActions),
    walletId: Type.String(),
    eventId: Type.String({ description: 'the event that triggered the rule', examples: ['1-42-1'] }),
    eventIds: Type.Array(EventId, { description: 'the events that were counted; the last one triggered the rule' }),
    facts: Type.Record(Type.String(), Type.String(), { description: 'the facts behind the finding; amounts in minor units' }),
    recordedAt: Timestamp,
    actionState: Type.Unsafe<'pending' | 'done' | 'given_up' | null>({
      type: ['string', 'null'],
      enum: ['pending', 'done', 'given_up', null],
      description: 'whether the owner was notified or the wallet frozen; null if the action requires neither, and in a dry run',
    }),
    actionNote: orNull(Type.String({ description: 'the outcome of the action', examples: ['frozen'] })),
  },
  { $id: 'FraudFinding', ...strict },
);
export const DryRunView = Type.Object(
  {
    events: Type.Integer({ description: 'number of events read' }),
    complete: Type.Boolean({ description: 'false if it stopped before the end: continue with `since` set to readUntil' }),
    readFrom: orNull({ ...Timestamp, description: 'when the first event read was recorded; it is one window before `since`' }),
    readUntil: orNull({ ...Timestamp, description: 'the log of every book was read up to this time' }),
    found: Type.Integer({ description: 'findings of the tested rule' }),
    foundByPresent: Type.Integer({ description: 'findings of the current rule in the same events' }),
    foundByBoth: Type.Integer(),
    onlyNew: Type.Array(ref(FindingView), { description: 'the first 100 findings of only the tested rule' }),
    onlyPresent: Type.Array(ref(FindingView), { description: 'the first 100 findings of only the current rule' }),
  },
  { $id: 'FraudDryRun', ...strict },
);
export const fraudSchemas = [RuleView, FindingView, DryRunView];

export function presentRule({
  rule,
  version,
  name,
  kind,
  definition,
  action,
  enabled,
  since,
  actor,
  reason,
}: RuleVersion): Static<typeof RuleView> {
  return { id: rule, version, name, kind, definition: { ...definition }, action, enabled, since: since.toISOString(), actor, reason };
}

export function presentFinding({
  id,
  rule,
  version,
  action,
  wallet,
  event,
  events,
  facts,
  recordedAt,
  followed,
}: KeptFinding & Partial<FollowedFinding>): Static<typeof FindingView> {
  return {
    id,
    rule,
    ruleVersion: version,
    action,
    walletId: wallet,
    eventId: event,
    eventIds: [...events],
    facts: { ...facts },
    recordedAt: recordedAt.toISOString(),
    actionState: followed?.state ?? null,
    actionNote: followed?.note ?? null,
  };
}

export function presentDryRun({ readFrom, readUntil, onlyNew, onlyPresent, ...counts }: DryRun): Static<typeof DryRunView> {
  return {
    ...counts,
    readFrom: readFrom?.toISOString() ?? null,
    readUntil: readUntil?.toISOString() ?? null,
    onlyNew: onlyNew.map((finding) => presentFinding(finding)),
    onlyPresent: onlyPresent.map((finding) => presentFinding(finding)),
  };
}
