/** A row of the table of problems, and how its sentences are made. */
import type { status as grpcStatus } from '@grpc/grpc-js';

/** Facts of one refusal by name, all of them texts; amounts are in minor units. */
export type Facts = Readonly<Record<string, string>>;

/** A sentence in which `‹name›` stands for the fact of that name; a function where the facts decide between two sentences. */
type Text = string | ((facts: Facts) => string);

export type ProblemRow = {
  /** The status over REST. */
  readonly http: number;
  /** The status over gRPC. */
  readonly grpc: keyof typeof grpcStatus;
  /** What kind of problem it is: the same for each of its code. */
  readonly title: string;
  /** What is the matter this time. */
  readonly detail: Text;
  /** What the caller can do about it. */
  readonly remedy: Text;
  /** When it is worth trying again; absent where time alone changes nothing. */
  readonly retryAfterSeconds?: number;
  /** The only transport that can meet it; absent for both. */
  readonly only?: 'REST' | 'gRPC';
};

/** The detail and the remedy with the facts in their places. A fact that is missing leaves its place empty. */
export function sentencesOf(row: Sentences, facts: Facts): string {
  return filled(templateOf(row, facts), facts);
}

type Sentences = Pick<ProblemRow, 'detail' | 'remedy'>;

/** Both with the placeholders as they are; of what depends on the facts, what these facts decide. */
export function templateOf({ detail, remedy }: Sentences, facts: Facts): string {
  return [detail, remedy]
    .map((text) => (typeof text === 'function' ? text(facts) : text))
    .filter((sentence) => sentence !== '')
    .join(' ');
}

/** In one pass: what looks like a placeholder within a fact stays as it is. */
function filled(template: string, facts: Facts): string {
  return template.replaceAll(/‹(\w+)›/g, (_whole, name: string) => (Object.hasOwn(facts, name) ? (facts[name] ?? '') : ''));
}
