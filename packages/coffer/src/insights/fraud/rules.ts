/** Manages the rules. Each change is a new version, with its author and reason; none is ever deleted. */
import type pg from 'pg';
import { recordChange } from '../../audit/index.ts';
import { inTransaction } from '../../database/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import { isText, readContent, reasonLengthMax } from './definitions.ts';
import type { Mistake, RuleContent } from './definitions.ts';
import { countsFromOf, RuleHistory } from './history.ts';
import type { RuleVersion } from './history.ts';
import { insertVersion, lockRules, readNewest, readNow, readVersions } from './rule-store.ts';

const rulesMax = 100;
const idPattern = '[a-z0-9]+(-[a-z0-9]+)*';
export const ruleIdPattern = `^${idPattern}$`;
export const ruleIdLengthMax = 40;

/** `detail`: what is wrong, and what to do about it. */
export type FraudRefusal = {
  readonly refusal: 'rule_invalid' | 'range_empty' | 'rule_exists' | 'rule_not_found' | 'rule_unchanged' | 'too_many_rules';
  readonly detail: string;
};

/** What rules refer to: the ends of the logs, and the assets. */
export type RuleGrounds = Pick<Ledger, 'books' | 'read' | 'assets'>;

type Decided = { readonly actor: string; readonly reason: string };
/** Raw input: checked here. */
export type RuleInput = { readonly [Part in 'name' | 'kind' | 'definition' | 'action' | 'enabled']: unknown };

export class FraudRules {
  readonly #pool: pg.Pool;
  readonly #grounds: RuleGrounds;

  constructor(pool: pg.Pool, grounds: RuleGrounds) {
    this.#pool = pool;
    this.#grounds = grounds;
  }

  async list(): Promise<RuleVersion[]> {
    return await readNewest(this.#pool);
  }

  /** Its versions, newest first; empty if there is no such rule. */
  async history(rule: string): Promise<RuleVersion[]> {
    return (await readVersions(this.#pool, rule)).toReversed();
  }

  /** Refusals: rule_invalid, rule_exists, too_many_rules. */
  async add(rule: string, input: RuleInput, decided: Decided): Promise<RuleVersion | FraudRefusal> {
    if (!new RegExp(ruleIdPattern).test(rule) || rule.length > ruleIdLengthMax)
      return invalid(`The id must be 1 to ${ruleIdLengthMax} lower-case letters and digits, in words joined by hyphens.`);
    await this.#grounds.assets.list();
    const content = readContent(input, this.#grounds.assets);
    return await this.#change(rule, decided, (current, rules) => {
      if ('mistake' in content) return content;
      if (current) return { refusal: 'rule_exists', detail: `The rule ${rule} already exists. Change it, or choose another id.` };
      if (rules >= rulesMax)
        return { refusal: 'too_many_rules', detail: `There can be at most ${rulesMax} rules. Change one that is disabled.` };
      return content;
    });
  }

  /** Omitted fields keep their values. Refusals: rule_invalid, rule_not_found, rule_unchanged. */
  async change(rule: string, input: Partial<RuleInput>, decided: Decided): Promise<RuleVersion | FraudRefusal> {
    await this.#grounds.assets.list();
    return await this.#change(rule, decided, (current) => {
      if (!current) return { refusal: 'rule_not_found', detail: 'Check the id: GET /fraud/rules lists the rules.' };
      const content = readContent({ ...contentOf(current), ...input }, this.#grounds.assets);
      if ('mistake' in content || isNew(content, current)) return content;
      return {
        refusal: 'rule_unchanged',
        detail: `The rule ${rule} already has the requested content. Read it: GET /fraud/rules/${rule}.`,
      };
    });
  }

  async #change(
    rule: string,
    decided: Decided,
    decide: (current: RuleVersion | undefined, rules: number) => RuleContent | Mistake | FraudRefusal,
  ): Promise<RuleVersion | FraudRefusal> {
    if (!isText(decided.reason, reasonLengthMax)) return invalid(`reason must be a string of 1 to ${reasonLengthMax} characters.`);
    return await inTransaction(this.#pool, async (client) => {
      await lockRules(client, 'alone');
      const newest = new RuleHistory(await readNewest(client)).newest;
      const current = newest.find((one) => one.rule === rule);
      const content = decide(current, newest.length);
      if ('mistake' in content) return invalid(content.mistake);
      if ('refusal' in content) return content;
      const added = await this.#versionOf(client, rule, content, { current, newest, decided });
      await insertVersion(client, added);
      await recordChange(client, {
        kind: current ? 'fraud.change' : 'fraud.add',
        subject: rule,
        before: current && { version: current.version, ...contentOf(current) },
        after: { version: added.version, ...contentOf(added), reason: decided.reason },
      });
      return added;
    });
  }

  async #versionOf(
    client: pg.PoolClient,
    rule: string,
    content: RuleContent,
    { current, newest, decided }: { current: RuleVersion | undefined; newest: readonly RuleVersion[]; decided: Decided },
  ): Promise<RuleVersion> {
    const since = await readNow(client);
    const before = newest.filter(({ enabled }) => enabled);
    return {
      ...content,
      rule,
      version: (current?.version ?? 0) + 1,
      // Read while no process evaluates: events beyond it are not evaluated yet, and events up to it will not be evaluated by
      // this version.
      afterSeq: await this.#endsNow(),
      since,
      countsFrom: countsFromOf(content.definition.movements, since, before),
      ...decided,
    };
  }

  /** The end of each book's log. */
  async #endsNow(): Promise<Record<string, number>> {
    const { books, read } = this.#grounds;
    return Object.fromEntries(await Promise.all(books.map(async (book) => [String(book), await read.in({ book }).lastSeq()] as const)));
  }
}

function invalid(detail: string): FraudRefusal {
  return { refusal: 'rule_invalid', detail };
}

function contentOf({ name, kind, definition, action, enabled }: RuleVersion): RuleInput {
  return { name, kind, definition, action, enabled };
}

function isNew(content: RuleContent, current: RuleVersion): boolean {
  return JSON.stringify(sorted(contentOf(current))) !== JSON.stringify(sorted(content));
}

/** Sorts keys, so that equal contents have equal JSON. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, part]) => [name, sorted(part)]),
  );
}
