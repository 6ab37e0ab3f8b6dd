/** Moments as callers write them: RFC 3339 with a zone, to the millisecond, in the years 1 to 9999. */

export const momentPattern = '^\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?([Zz]|[+-]\\d{2}:\\d{2})$';

const momentText = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,3}))?(Z|[+-]\d{2}:\d{2})$/i;
const minuteMs = 60_000;

/** Null for an invalid moment: the 30th of February, a second 60, a zone of 99 hours, a year that PostgreSQL writes differently. */
export function parseMoment(text: string): Date | null {
  const parts = momentText.exec(text);
  if (!parts) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  const zoneMinutes = zoneOf(parts[8] ?? 'Z');
  if (hour > 23 || minute > 59 || second > 59 || zoneMinutes === null) return null;
  const local = new Date(0);
  // Date.UTC would map the years 0 to 99 to the twentieth century.
  local.setUTCFullYear(year, month - 1, day);
  if (local.getUTCMonth() !== month - 1 || local.getUTCDate() !== day) return null;
  local.setUTCHours(hour, minute, second, Number((parts[7] ?? '').padEnd(3, '0')));
  const moment = new Date(local.getTime() - zoneMinutes * minuteMs);
  return moment.getUTCFullYear() >= 1 && moment.getUTCFullYear() <= 9999 ? moment : null;
}

/** Minutes east of Greenwich. */
function zoneOf(text: string): number | null {
  if (text.toUpperCase() === 'Z') return 0;
  const [hours = 0, minutes = 0] = text.slice(1).split(':').map(Number);
  if (hours > 23 || minutes > 59) return null;
  return (text[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}
