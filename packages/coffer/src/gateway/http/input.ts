/** Turns a REST request into the input of an operation: the body's values by field name, the key from headers or body. */
import type { TProperties, TSchema } from 'typebox';
import { actorOf } from '../../identity/index.ts';
import { callersTerms } from '../../operations/index.ts';
import type { Caller, Definition, Input, Terms } from '../../operations/index.ts';
import type { Admission } from '../access/index.ts';
import type { Product, Reply, Request } from './app.ts';
import { admitted, callerOf } from './callers.ts';
import { readContent } from './request-content.ts';

const nothing: Readonly<Record<string, string>> = {};

export function inputOf(
  product: Product,
  request: Request,
  reply: Reply,
  { rest }: Definition,
  body: Readonly<Record<string, unknown>>,
  subject: Readonly<Record<string, string>>,
): Input {
  const names = rest.names ?? nothing;
  const values: Record<string, unknown> = { ...body, ...subject };
  for (const [field, name] of Object.entries(names)) {
    if (values[name] !== undefined) values[field] = values[name];
  }
  const admit: Caller['admit'] = (operation) => admitted(product, request, operation);
  const terms = readContent(request, reply, body);
  const caller = callerFor(callerOf(request), admit);
  return { values, terms: callersTerms(terms, caller), caller, nameOf: (field) => names[field] ?? field };
}

/** An item of a batch: headers do not apply, because each item has its own key. */
export function itemInput(values: Readonly<Record<string, unknown>>, terms: Terms, caller: Caller): Input {
  return { values, terms: callersTerms(terms, caller), caller, nameOf };
}

export function callerFor({ principal, onlyOwner }: Admission, admit: Caller['admit']): Caller {
  return { principal, onlyOwner, actor: actorOf(principal), admit };
}

/** The fields of an operation under their names in the body of a single request. */
export function singleBody({ fields, rest }: Definition): TProperties {
  const names = rest.names ?? nothing;
  return Object.fromEntries(Object.entries(fields).map(([field, schema]): [string, TSchema] => [names[field] ?? field, schema]));
}

function nameOf(field: string): string {
  return field;
}
