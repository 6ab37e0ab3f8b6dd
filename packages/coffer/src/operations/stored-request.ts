/** A request as text, so that it can be carried out later: amounts and moments keep their types. */
import type { Terms } from './terms.ts';

const amount = '~amount';
const moment = '~moment';

/** Without its caller, who is stored beside it. */
export function textOfRequest({ maker: _maker, ...request }: Terms): string {
  return JSON.stringify(request, function (this: Readonly<Record<string, unknown>>, name: string, value: unknown) {
    const original = this[name];
    if (typeof original === 'bigint') return { [amount]: String(original) };
    return original instanceof Date ? { [moment]: original.toISOString() } : value;
  });
}

export function requestOfText(text: string): Terms {
  return JSON.parse(text, (_name, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    if (amount in value) return BigInt(String(value[amount]));
    return moment in value ? new Date(String(value[moment])) : value;
  }) as Terms;
}
