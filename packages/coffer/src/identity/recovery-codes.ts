/** Recovery codes, for a user who has lost the second factor: ten, each works once. They are shown once and stored as hashes. */
import { createHash, randomBytes } from 'node:crypto';

const codes = 10;
/** 120 bits: from 112 on, ASVS allows a plain hash of a code. */
const codeBytes = 15;
/** 32 letters and digits without those that look alike. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
const groups = /.{4}(?=.)/g;

/** New codes, such as `k3fq-8wzt-…`, of 24 characters. */
export function drawRecoveryCodes(): string[] {
  return Array.from({ length: codes }, drawCode);
}

/** Of a code as a person types it: case, spaces and hyphens do not count. */
export function hashOfRecoveryCode(code: string): Buffer {
  return createHash('sha256').update(code.toLowerCase().replaceAll(/[\s-]/g, '')).digest();
}

/** Five bits a character. */
function drawCode(): string {
  let bits = BigInt(`0x${randomBytes(codeBytes).toString('hex')}`);
  let code = '';
  for (let at = 0; at < (codeBytes * 8) / 5; at++) {
    code += alphabet[Number(bits & 31n)];
    bits >>= 5n;
  }
  return code.replaceAll(groups, '$&-');
}
