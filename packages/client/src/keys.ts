const lastMs = { value: 0 };

/** A new idempotency key: a UUIDv7. It rises with time, which makes the ledger's index of keys fastest. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  // A clock that was set back would sort new keys before old ones.
  lastMs.value = Math.max(lastMs.value, Date.now());
  for (let at = 0; at < 6; at++) bytes[at] = Math.floor(lastMs.value / 2 ** (8 * (5 - at))) % 256;
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
