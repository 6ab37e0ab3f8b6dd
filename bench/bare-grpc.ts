/**
 * The cost of the gRPC library alone: its server with one method that answers immediately, in a separate process. No transfer over gRPC can
 * be faster, whatever the ledger does.
 */
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Server, ServerCredentials } from '@grpc/grpc-js';

export const bareMethod = '/bare.Service/Echo';

export type BareServer = { readonly port: number; stop(): Promise<void> };

export async function startBareGrpcProcess(): Promise<BareServer> {
  const child = spawn(process.execPath, [import.meta.filename, 'serve'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    port: Number(line),
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

function serve(): void {
  const server = new Server({ 'grpc.enable_channelz': 0 });
  const asIs = (message: Buffer) => message;
  server.register(
    bareMethod,
    (call: { request: Buffer }, answer: (failure: null, message: Buffer) => void) => answer(null, call.request),
    asIs,
    asIs,
    'unary',
  );
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (failure, port) => {
    if (failure) throw failure;
    console.log(port);
  });
}

if (process.argv[2] === 'serve') serve();
