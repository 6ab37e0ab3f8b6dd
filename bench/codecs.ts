/** `npm run bench:codecs`: what Coffer's gRPC codecs cost beside @bufbuild/protobuf, in CPU time: see ADR 17. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { ledgerService } from '../packages/coffer/src/gateway/grpc/index.ts';
import { assert } from '../packages/coffer/src/kernel/index.ts';

const operations = 100;
const rounds = 7;
const callsARound = 3_000;

const buf = fileURLToPath(import.meta.resolve('@bufbuild/buf/bin/buf'));
const root = path.resolve(import.meta.dirname, '..');
const descriptors = execFileSync(process.execPath, [buf, 'build', 'packages/proto', '--output', '-#format=binpb'], { cwd: root });
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));
const [requestSchema, responseSchema] = ['ledger.PostRequest', 'ledger.PostResponse'].map((name) => registry.getMessage(name));
assert(requestSchema && responseSchema, 'the contract has both messages');

const each = <T>(make: (at: number) => T) => Array.from({ length: operations }, (_, at) => make(at));
const key = (at: number) => `01a1fce1-158d-75a3-aff0-${at}`;
const transfer = (at: number) => ({ walletId: `w${at}`, toWalletId: `w${at + 1}`, amount: 1_000n, terms: { requestId: key(at) } });
const account = (at: number) => ({ id: `w${at}`, balance: 123_456n, held: 0n, version: 9n });
const result = (at: number) => ({
  status: 'completed',
  type: 'transfer',
  operationId: `1-${at}`,
  seq: BigInt(at),
  requestId: key(at),
  createdAt: '2026-01-31T12:00:00.000Z',
  asset: 'USD',
  amount: 1_000n,
  wallet: account(at),
  from: account(at),
  to: account(at + 1),
});
const requestBytes = Buffer.from(
  toBinary(
    requestSchema,
    create(requestSchema, { id: 7n, operations: each((at) => ({ operation: { case: 'transfer', value: transfer(at) } })) }),
  ),
);
const theirs = create(responseSchema, { id: 7n, results: each(result) });
const responseBytes = Buffer.from(toBinary(responseSchema, theirs));
const ours = ledgerService.post.response.decode(responseBytes);
assert(ledgerService.post.response.encode(ours).equals(responseBytes), 'both write the same bytes');

const figures = {
  "Coffer's codecs, decode": cpuUs(() => ledgerService.post.request.decode(requestBytes)),
  "Coffer's codecs, encode": cpuUs(() => ledgerService.post.response.encode(ours)),
  '@bufbuild/protobuf, decode': cpuUs(() => fromBinary(requestSchema, requestBytes)),
  '@bufbuild/protobuf, encode': cpuUs(() => toBinary(responseSchema, theirs)),
};
for (const [name, us] of Object.entries(figures)) process.stdout.write(`${name.padEnd(28)} ${us.toFixed(2)} µs of CPU a transfer\n`);

/** CPU time for each operation of a message, median of the rounds. */
function cpuUs(work: () => unknown): number {
  for (let call = 0; call < callsARound; call++) work();
  const measured = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    for (let call = 0; call < callsARound; call++) work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / callsARound / operations;
  });
  return measured.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
}
