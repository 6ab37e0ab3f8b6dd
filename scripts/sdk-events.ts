/** The types of events in the client: docs/asyncapi.json as TypeScript. */
import fs from 'node:fs';
import path from 'node:path';
import type { Schema } from './api-document.ts';

/** Fields hidden from users who read their own wallet, or hidden when they concern other people's actions. */
const notToldToOwners: ReadonlySet<string> = new Set(['actor', 'hold', 'left']);

export function eventsSource(head: string, typeOf: (schema: Schema) => string): string {
  const file = path.resolve(import.meta.dirname, '../docs/asyncapi.json');
  const document = JSON.parse(fs.readFileSync(file, 'utf8')) as { components: { schemas: Record<string, Schema> } };
  const types = Object.entries(document.components.schemas).flatMap(([name, schema]) => {
    const [, type] = /^(\w+)V\d+$/.exec(name) ?? [];
    return type === undefined ? [] : [`  readonly ${type}: ${typeOf(asShown(schema))};`];
  });
  return [
    head,
    "/** The data of each type of event. For users reading their own wallet it omits who decided, and other users' holds. */",
    'export type EventDataByType = {',
    ...types,
    '};',
    '',
    'export type EventType = keyof EventDataByType;',
    '',
  ].join('\n');
}

function asShown(schema: Schema): Schema {
  return { ...schema, required: (schema.required ?? []).filter((name) => !notToldToOwners.has(name)) };
}
