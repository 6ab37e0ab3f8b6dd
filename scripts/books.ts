/**
 * Checks that posting and the reads of a book stay within it: if the ledger's tables are distributed over machines by book, a statement
 * runs on a single one only if it names the book. The rules are those that a Citus cluster was found to need (docs/operating/citus.md).
 */
import fs from 'node:fs';
import path from 'node:path';
import { sourceFiles } from './boundaries.ts';

/** Relations whose rows belong to a book. `ledger.asset` is the same everywhere. */
const ofBooks = new Set([
  'book',
  'batch',
  'account',
  'entry',
  'balance',
  'event',
  'declaration',
  'shared_keys',
  'newest',
  'newest_until',
  'newest_tail',
]);
/** Functions of values alone, which read no relation. */
const ofValues = new Set(['with_seqs']);
/** Not on the posting path: opening books, and retiring an asset, which concern all books. */
const ofAllBooks = new Set(['open_books', 'change_asset'].map((name) => `packages/coffer/database/functions/${name}.sql`));
/** The folders with the statements of the posting path and of reads, and their parts. */
const folders = ['posting', 'reading'].map((name) => `packages/coffer/src/ledger/${name}`);

export type Statement = { readonly file: string; readonly line: number; readonly text: string };

/**
 * The texts of a TypeScript source that refer to the ledger's relations; interpolated parts are checked where they are defined.
 */
export function statementsIn(file: string, source: string): Statement[] {
  return [...source.matchAll(/`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'/g)]
    .filter(([text]) => /\b(from|join|into|update)\s+ledger\.|\bselect\s[^;]*\bledger\.\w+\(/i.test(text))
    .map((match) => ({ file, line: source.slice(0, match.index).split('\n').length, text: match[0] }));
}

/** Why a statement is not bound to one book; empty if it is. */
export function unboundParts({ text }: Statement): string[] {
  const sql = text.replaceAll(/--.*$/gm, '');
  return [...unboundRelations(sql), ...unboundInsertions(sql), ...unboundCalls(sql), ...unplaceable(sql)];
}

/** A name must be bound as many times as it is used for a relation: one bound use must not hide another. */
function unboundRelations(sql: string): string[] {
  const keywords = /^(where|on|cross|inner|left|join|order|limit|for|group|set|using|union|returning)$/i;
  const uses = new Map<string, number>();
  for (const [, relation = '', next = ''] of sql.matchAll(/\b(?:from|join|update)\s+ledger\.(\w+)(?!\s*\()(?:\s+(?:as\s+)?(\w+))?/gi)) {
    if (!ofBooks.has(relation)) continue;
    const name = next === '' || keywords.test(next) ? '' : next;
    uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  return [...uses].flatMap(([name, times]) => {
    const bindings = sql.match(new RegExp(name === '' ? String.raw`(?<![\w.])book = ` : String.raw`\b${name}\.book = `, 'g')) ?? [];
    const what = name === '' ? 'a relation of the ledger' : `a relation of the ledger as ${name}`;
    return bindings.length >= times ? [] : [`reads ${what} ${times} times, but has ${bindings.length} times "book = …"`];
  });
}

function unboundInsertions(sql: string): string[] {
  return [...sql.matchAll(/\binto\s+ledger\.(\w+)\s*\(([^)]*)\)/gi)]
    .filter(([, relation = '', columns = '']) => ofBooks.has(relation) && !columns.split(',').some((column) => column.trim() === 'book'))
    .map(([, relation]) => `inserts into ledger.${relation} without its book`);
}

/** The first argument of a ledger function selects its book. */
function unboundCalls(sql: string): string[] {
  return [...sql.matchAll(/(?<!function )\bledger\.(\w+)\(\s*([^,)\s]+)/gi)]
    .filter(([, , first = '']) => !['$1', 'p_book'].includes(first) && !first.startsWith('${'))
    .filter(([, name = '', first = '']) => !ofBooks.has(name) && !ofValues.has(name) && first !== '')
    .map(([, name, first]) => `calls ledger.${name} with ${first}, not with the book as first argument`);
}

/** What a cluster cannot send to the machine of the book, each with why. */
const refusedForms: readonly (readonly [RegExp, string])[] = [
  [/\b(?:select|perform)\s+from\b/i, 'selects no column, which Citus cannot repeat on a machine: select 1'],
  [/\.book\s*=\s*(?!p_book\b)\w+\.book\b/i, 'takes the book from another row: a subquery and a lateral join need the parameter itself'],
  [/\blanguage\s+sql\b/i, 'is a function in SQL, which Citus cannot plan with parameters: use plpgsql'],
  [/\bas\s+(?:not\s+)?(?:materialized\s*)?\(\s*(?:insert|update|delete)\b/i, 'changes rows within a with, beside another change'],
  [
    /\bdo\s+update\s+set\b[^;`']*\b(?:clock_timestamp|now|statement_timestamp|random|gen_random_uuid)\s*\(/i,
    'calls a volatile function in do update: take it from excluded',
  ],
];

/** Statements about books; those about other tables run where they are sent. */
const aboutBooks = new RegExp(String.raw`\bp_book\b|\bownership\.lease\b|\bledger\.(?:${[...ofBooks].join('|')})\b`);

function unplaceable(sql: string): string[] {
  if (!aboutBooks.test(sql)) return [];
  return refusedForms.flatMap(([form, why]) => (form.test(sql) ? [why] : []));
}

export function postingStatements(root: string): Statement[] {
  const typescript = folders.flatMap((folder) => sourceFiles(root, folder)).filter((file) => !file.endsWith('.test.ts'));
  const functions = sourceFiles(root, 'packages/coffer/database/functions', /\.sql$/).filter((file) => !ofAllBooks.has(file));
  const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');
  return [
    ...typescript.flatMap((file) => statementsIn(file, read(file))),
    ...functions.map((file) => ({ file, line: 1, text: read(file) })),
  ];
}
