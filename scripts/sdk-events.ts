/** The types of events in the client: docs/asyncapi.json as TypeScript. */
import fs from 'node:fs';
import path from 'node:path';
import type { Schema } from './api-document.ts';

/** What a user who reads the own wallet is not told, or not of what others did. */
const notToldToOwners: ReadonlySet<string> = new Set(['actor', 'hold', 'left']);

export function eventsSource(head: string, typeOf: (schema: Schema) => string): string {
  const file = path.resolve(import.meta.dirname, '../docs/asyncapi.json');
  const document = JSON.parse(fs.readFileSync(file, 'utf8')) as { components: { schemas: Record<string, Schema> } };
  const types = Object.entries(document.components.schemas).flatMap(([name, schema]) => {
    const [, type] = /^(\w+)V\d+$/.exec(name) ?? [];
    return type === undefined ? [] : [`  readonly ${type}: ${typeOf(asTold(schema))};`];
  });
  return [
    head,
    '/** What each type of event says. To a user of the own wallet it does not say who decided it, nor which hold of others it was. */',
    'export type EventDataByType = {',
    ...types,
    '};',
    '',
    'export type EventType = keyof EventDataByType;',
    '',
  ].join('\n');
}

function asTold(schema: Schema): Schema {
  return { ...schema, required: (schema.required ?? []).filter((name) => !notToldToOwners.has(name)) };
}
