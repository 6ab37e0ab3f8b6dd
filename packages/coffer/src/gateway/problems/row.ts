/** The shape of a row in the table of problems, and how its sentences are built. */
import type { status as grpcStatus } from '@grpc/grpc-js';

/** The facts of one refusal by name, all strings; amounts are in minor units. */
export type Facts = Readonly<Record<string, string>>;

/** A sentence in which `‹name›` is replaced by the fact of that name; a function where the facts select the sentence. */
type Text = string | ((facts: Facts) => string);

export type ProblemRow = {
  /** The status over REST. */
  readonly http: number;
  /** The status over gRPC. */
  readonly grpc: keyof typeof grpcStatus;
  /** What kind of problem it is; the same for every problem of this code. */
  readonly title: string;
  /** What went wrong in this case. */
  readonly detail: Text;
  /** What the caller can do about it. */
  readonly remedy: Text;
  /** When a retry makes sense; absent if waiting alone changes nothing. */
  readonly retryAfterSeconds?: number;
  /** The only transport where it occurs; absent for both. */
  readonly only?: 'REST' | 'gRPC';
};

/** Detail and remedy with the facts filled in. A missing fact expands to nothing. */
export function sentencesOf(row: Sentences, facts: Facts): string {
  return filled(templateOf(row, facts), facts);
}

type Sentences = Pick<ProblemRow, 'detail' | 'remedy'>;

/** Both with the placeholders left in; where a sentence depends on the facts, the one these facts select. */
export function templateOf({ detail, remedy }: Sentences, facts: Facts): string {
  return [detail, remedy]
    .map((text) => (typeof text === 'function' ? text(facts) : text))
    .filter((sentence) => sentence !== '')
    .join(' ');
}

/** How sentences name an operation of a batch. */
export function itemName(at: number | string): string {
  return `operations[${at}]`;
}

/** One pass, so a placeholder inside a fact is not expanded. */
function filled(template: string, facts: Facts): string {
  return template.replaceAll(/‹(\w+)›/g, (_whole, name: string) => (Object.hasOwn(facts, name) ? (facts[name] ?? '') : ''));
}
