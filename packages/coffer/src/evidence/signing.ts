/** Signatures of checkpoints (Ed25519). */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import fs from 'node:fs';
import type { AuditHead } from '../audit/index.ts';
import { OperatorError } from '../kernel/index.ts';
import type { Checkpoint } from '../ledger/index.ts';

const kind = 'ed25519';

/** The end of a book, or of a chain of the audit. */
export type Head = Checkpoint | AuditHead;

/** One line of JSON, without a line break. `signature` comes last, in base64. */
export function lineOf(head: Head, key: KeyObject | null): string {
  if (key === null) return JSON.stringify(head);
  return JSON.stringify({ ...head, signature: sign(null, signedBytes(head), key).toString('base64') });
}

export function isSignedBy(head: Head, signature: string, publicKey: KeyObject): boolean {
  return verify(null, signedBytes(head), publicKey, Buffer.from(signature, 'base64'));
}

/** Documented in docs/concepts/chain.md, so that another program can verify it. None of the parts contains a line break. */
function signedBytes(head: Head): Buffer {
  const { ledger, hash, at } = head;
  const parts =
    'audit' in head
      ? ['coffer audit checkpoint', ledger, head.audit, head.id, hash, at]
      : ['coffer checkpoint', ledger, head.book, head.batchNo, head.lastSeq, hash, at];
  return Buffer.from(parts.join('\n'));
}

export function isSigningKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === kind;
  } catch {
    return false;
  }
}

/** The key of the settings, as PEM text; null without one. */
export function readSigningKey({ key }: { readonly key?: string | undefined }): KeyObject | null {
  return key === undefined ? null : createPrivateKey(key);
}

/** The public key of a PEM file. Refuses a private key, too: it does not belong on the machine that verifies. */
export function readPublicKey(file: string): KeyObject {
  const pem = readPem(file, '--public-key');
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === kind && !pem.includes('PRIVATE KEY')) return key;
  } catch {
    // Refused below.
  }
  throw new OperatorError(
    `${file} is not an Ed25519 public key in PEM.`,
    'Give the .pub file that coffer checkpoint --new-key wrote, or: openssl pkey -in <key> -pubout.',
  );
}

function readPem(file: string, from: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new OperatorError(
      `${from} is ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`,
      'Give a PEM file that the user running Coffer can read.',
      { cause: error },
    );
  }
}

/** Writes a new key pair: the private key to `file`, and the public one to the returned file. Never replaces a file. */
export function newKeyPair(file: string): { readonly publicFile: string } {
  const { privateKey, publicKey } = generateKeyPairSync(kind);
  const publicFile = `${file}.pub`;
  writeNew(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  writeNew(publicFile, publicKey.export({ type: 'spki', format: 'pem' }).toString());
  return { publicFile };
}

function writeNew(file: string, pem: string): void {
  try {
    fs.writeFileSync(file, pem, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw code === 'EEXIST'
      ? new OperatorError(`${file} already exists.`, 'Give another name: a key that has signed checkpoints is still needed.', {
          cause: error,
        })
      : new OperatorError(`${file} cannot be written (${code}).`, 'Give a file in a folder that you may write to.', { cause: error });
  }
}
