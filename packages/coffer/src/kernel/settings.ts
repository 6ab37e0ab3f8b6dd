/**
 * Settings from the environment. Each is a row of a table, from which parsing, help and reference derive. Each context defines its own
 * rows.
 */
import fs from 'node:fs';
import { hidePasswords } from './secrets.ts';

/** The value, or what is valid instead: a phrase that follows "give". */
export type Parsed<T> = { readonly value: T } | { readonly instead: string };

/** Parses the text of one type of value. `type` is for the reference. */
export type Parser<T> = {
  readonly type: string;
  readonly parse: (text: string) => Parsed<T>;
  /** What is risky about a valid text, as a clause that follows the name of the variable; it never shows the text. */
  readonly warn?: (text: string) => string | null;
};

export type Setting<T> = {
  /** The environment variable. */
  readonly name: string;
  readonly reads: Parser<T>;
  /** The value when the variable is absent or empty. */
  readonly default: T;
  /** The same for people. */
  readonly absent: string;
  readonly meaning: string;
  readonly example: string;
  /** Never shown, not even when it is invalid. It can also come from the file that `<name>_FILE` names. */
  readonly secret?: true;
};

type Rows = Readonly<Record<string, Setting<unknown>>>;
type ValuesOf<R extends Rows> = { readonly [Key in keyof R]: R[Key] extends Setting<infer T> ? T : never };

/** The rows of one context, and the configuration that they form. */
export type SettingGroup<R extends Rows = Rows, C = unknown> = {
  readonly title: string;
  readonly rows: R;
  /** Gets a value for every row. Reports inconsistent values to `mistake`, as a sentence with its remedy. */
  readonly combine: (values: ValuesOf<R>, mistake: Mistake) => C;
};

export type Mistake = (sentence: string) => void;

/** For rows whose values are the configuration. */
export function asRead<T>(values: T): T {
  return values;
}

export function settingGroup<const R extends Rows, C>(group: SettingGroup<R, C>): SettingGroup<R, C> {
  return group;
}

/** Reports an invalid value and continues with its default, so that the other rows are checked, too. */
export function readGroup<R extends Rows, C>({ rows, combine }: SettingGroup<R, C>, env: NodeJS.ProcessEnv, mistake: Mistake): C {
  let wrong = false;
  const ofRow = (sentence: string) => {
    wrong = true;
    mistake(sentence);
  };
  const values = Object.entries(rows).map(([key, row]) => [key, readSetting(row, env, ofRow)] as const);
  // With a default in place of an invalid value, consistency cannot be judged.
  return combine(Object.fromEntries(values) as ValuesOf<R>, wrong ? () => undefined : mistake);
}

function readSetting<T>(row: Setting<T>, env: NodeJS.ProcessEnv, mistake: Mistake): T {
  // Compose files and CI leave an empty variable for "not set".
  const text = textOf(row, env, mistake);
  if (text === undefined || text === '') return row.default;
  const parsed = row.reads.parse(text);
  if ('value' in parsed) return parsed.value;
  const shown = row.secret ? 'is not valid' : `is "${hidePasswords(text).slice(0, 200)}"`;
  mistake(`${row.name} ${shown}: give ${parsed.instead}.`);
  return row.default;
}

/** The variable that names a file with the value, as container platforms mount secrets. */
export function fileVariableOf(name: string): string {
  return `${name}_FILE`;
}

function textOf({ name, secret }: Setting<unknown>, env: NodeJS.ProcessEnv, mistake: Mistake): string | undefined {
  const text = env[name]?.trim();
  const fileName = fileVariableOf(name);
  const file = secret ? env[fileName]?.trim() : undefined;
  if (file === undefined || file === '') return text;
  if (text !== undefined && text !== '') {
    mistake(`${name} and ${fileName} are both set: set one of them.`);
    return undefined;
  }
  try {
    const content = fs.readFileSync(file, 'utf8').trim();
    if (content !== '') return content;
    mistake(`${fileName} names an empty file: write the secret into it.`);
  } catch (failure) {
    const { code = 'unknown reason' } = failure as NodeJS.ErrnoException;
    mistake(`${fileName} is "${file.slice(0, 200)}", which cannot be read (${code}): give a file that Coffer may read.`);
  }
  return undefined;
}
