/**
 * Holds the posting path to its book: a ledger whose tables are spread over machines by book posts on one of them only as long as no
 * statement leaves the book out.
 */
import fs from 'node:fs';
import path from 'node:path';
import { sourceFiles } from './boundaries.ts';

/** Relations whose rows belong to a book. `ledger.asset` is the same everywhere. */
const ofBooks = new Set(['book', 'batch', 'account', 'entry', 'balance', 'event']);
/** Begins a ledger, once, before there is anything to post to. */
const beforePosting = new Set(['packages/coffer/database/functions/open_books.sql']);
/** Where the statements of the posting path are, with the parts that they are put together from. */
const postingFiles = ['packages/coffer/src/ledger/reading/rows.ts'];
const postingFolder = 'packages/coffer/src/ledger/posting';

export type Statement = { readonly file: string; readonly line: number; readonly text: string };

/** The texts of a TypeScript source that speak of the ledger's relations; what is put into them is checked where it stands. */
export function statementsIn(file: string, source: string): Statement[] {
  return [...source.matchAll(/`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'/g)]
    .filter(([text]) => /\b(from|join|into|update)\s+ledger\.|\bselect\s[^;]*\bledger\.\w+\(/i.test(text))
    .map((match) => ({ file, line: source.slice(0, match.index).split('\n').length, text: match[0] }));
}

/** Why a statement is not bound to one book, or nothing. */
export function unboundParts({ text }: Statement): string[] {
  const sql = text.replaceAll(/--.*$/gm, '');
  return [...unboundRelations(sql), ...unboundInsertions(sql), ...unboundCalls(sql)];
}

/** As many times as a relation is read under a name, that name must be bound: one bound use hides no other. */
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
    return bindings.length >= times ? [] : [`reads ${what} ${times} times, and says ${bindings.length} times "book = …"`];
  });
}

function unboundInsertions(sql: string): string[] {
  return [...sql.matchAll(/\binto\s+ledger\.(\w+)\s*\(([^)]*)\)/gi)]
    .filter(([, relation = '', columns = '']) => ofBooks.has(relation) && !columns.split(',').some((column) => column.trim() === 'book'))
    .map(([, relation]) => `inserts into ledger.${relation} without its book`);
}

/** A function of the ledger goes where its first argument says. */
function unboundCalls(sql: string): string[] {
  return [...sql.matchAll(/(?<!function )\bledger\.(\w+)\(\s*([^,)\s]+)/gi)]
    .filter(([, , first = '']) => !['$1', 'p_book'].includes(first) && !first.startsWith('${'))
    .filter(([, name = '', first = '']) => !ofBooks.has(name) && first !== '')
    .map(([, name, first]) => `calls ledger.${name} with ${first}, not with the book, first`);
}

export function postingStatements(root: string): Statement[] {
  const typescript = [...sourceFiles(root, postingFolder), ...postingFiles].filter((file) => !file.endsWith('.test.ts'));
  const functions = sourceFiles(root, 'packages/coffer/database/functions', /\.sql$/).filter((file) => !beforePosting.has(file));
  const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');
  return [
    ...typescript.flatMap((file) => statementsIn(file, read(file))),
    ...functions.map((file) => ({ file, line: 1, text: read(file) })),
  ];
}
