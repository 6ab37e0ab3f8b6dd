import { v7 } from 'uuid';

/** A new UUIDv7: ordered by time, so that indexes grow at their end. */
export function newId(): string {
  return v7();
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a UUID of any version in its usual lower-case form. */
export function isUuid(text: string): boolean {
  return uuid.test(text);
}
