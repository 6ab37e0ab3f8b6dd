import { randomFillSync } from 'node:crypto';

const randomBytesPerId = 10;
/** Random bytes for 256 ids: drawing them for each id took 7 % of a gRPC server's time. */
const drawn = Buffer.alloc(256 * randomBytesPerId);
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
let used = drawn.length;
let lastMs = 0;
/** 32 bits, after the time in an id. */
let counter = 0;

/**
 * A new UUIDv7 (RFC 9562): 48 bits of time in ms, 32 bits of a counter, 42 random bits. The ids of one process increase in order of
 * creation, so that indexes grow at their end. When the clock goes back, ids keep the latest time until the clock has caught up.
 */
export function newId(): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const at = used;
  used += randomBytesPerId;

  const nowMs = Date.now();
  if (nowMs > lastMs) {
    lastMs = nowMs;
    // The top bit starts at zero, so the counter has room for longer than a millisecond.
    counter = drawn.readUInt32BE(at) >>> 1;
  } else if (counter === 0xffff_ffff) {
    lastMs++;
    counter = 0;
  } else {
    counter++;
  }

  const high = Math.floor(lastMs / 0x1_0000);
  const low = lastMs & 0xffff;
  return (
    `${byte(high >>> 24)}${byte(high >>> 16)}${byte(high >>> 8)}${byte(high)}-${byte(low >>> 8)}${byte(low)}-` +
    `${byte(0x70 | (counter >>> 28))}${byte(counter >>> 20)}-${byte(0x80 | ((counter >>> 14) & 0x3f))}${byte(counter >>> 6)}-` +
    `${byte((counter << 2) | (random(at + 4) & 0x03))}${byte(random(at + 5))}${byte(random(at + 6))}` +
    `${byte(random(at + 7))}${byte(random(at + 8))}${byte(random(at + 9))}`
  );
}

/** The lowest eight bits. */
function byte(value: number): string {
  return hex[value & 0xff] ?? '';
}

function random(at: number): number {
  return drawn[at] ?? 0;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a UUID of any version in the usual lower-case form. */
export function isUuid(text: string): boolean {
  return uuid.test(text);
}
