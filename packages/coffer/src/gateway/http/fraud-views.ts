/** Fraud rules and what they found, as answers. */
import { Timestamp, freeObject, oneOf, orNull, ref, strict } from '../../operations/index.ts';
import Type from 'typebox';
import type { Static } from 'typebox';
import { ruleActions, ruleIdLengthMax, ruleIdPattern, ruleKinds } from '../../insights/index.ts';
import type { DryRun, FollowedFinding, KeptFinding, RuleVersion } from '../../insights/index.ts';

export const RuleId = Type.String({
  pattern: ruleIdPattern,
  maxLength: ruleIdLengthMax,
  description: `rule id: small letters and digits, in words joined by hyphens, at most ${ruleIdLengthMax} characters`,
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
    actor: Type.String({ description: 'who wanted this version' }),
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
    eventId: Type.String({ description: 'the event that tipped the rule', examples: ['1-42-1'] }),
    eventIds: Type.Array(EventId, { description: 'the events that were counted, the one that tipped it last' }),
    facts: Type.Record(Type.String(), Type.String(), { description: 'what it takes to see why; amounts in minor units' }),
    recordedAt: Timestamp,
    actionState: Type.Unsafe<'pending' | 'done' | 'given_up' | null>({
      type: ['string', 'null'],
      enum: ['pending', 'done', 'given_up', null],
      description: 'whether the owner was told, or the wallet frozen; null where neither is to be, and in a dry run',
    }),
    actionNote: orNull(Type.String({ description: 'what became of it', examples: ['frozen'] })),
  },
  { $id: 'FraudFinding', ...strict },
);
export const DryRunView = Type.Object(
  {
    events: Type.Integer({ description: 'how many events were read' }),
    complete: Type.Boolean({ description: 'false when it stopped before the end: ask again with `since` set to readUntil' }),
    readFrom: orNull({ ...Timestamp, description: 'when the first event was recorded that was read, which is a window before `since`' }),
    readUntil: orNull({ ...Timestamp, description: 'until then the log of every book was read' }),
    found: Type.Integer({ description: 'what the rule as tried would have found' }),
    foundByPresent: Type.Integer({ description: 'what the rule as it is finds in the same events' }),
    foundByBoth: Type.Integer(),
    onlyNew: Type.Array(ref(FindingView), { description: 'the first 100 that only the rule as tried finds' }),
    onlyPresent: Type.Array(ref(FindingView), { description: 'the first 100 that only the rule as it is finds' }),
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
