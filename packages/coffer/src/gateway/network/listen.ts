import net from 'node:net';
import { OperatorError } from '../../kernel/index.ts';
import type { Address } from '../../kernel/index.ts';

/** Something that is about to listen, and the setting that moves it to another address. */
export type Listener = { what: string; setting: string; address: Address };

/** Refuses if another program listens on the address; called before anything is started. */
export async function refuseTakenPorts(listeners: readonly Listener[]): Promise<void> {
  const failures = await Promise.all(listeners.map(async (listener) => listenFailure(listener, await tryListening(listener.address))));
  const failure = failures.find((found) => found !== undefined);
  if (failure) throw failure;
}

/** Turns a failure to listen into a sentence; undefined if there was no failure. */
export function listenFailure(listener: Listener, error: NodeJS.ErrnoException | undefined): Error | undefined {
  if (!error) return undefined;
  const { what, setting, address } = listener;
  const place = `${address.host}:${address.port}`;
  const remedy = `Stop that program, or move Coffer with ${setting}=${setting === 'PORT' ? '' : `${address.host}:`}<another port>.`;
  if (error.code === 'EADDRINUSE') {
    return new OperatorError(`${place}, where ${what} must listen, is taken by another program (perhaps another copy of Coffer).`, remedy, {
      cause: error,
    });
  }
  if (error.code === 'EACCES') {
    return new OperatorError(`This user is not allowed to listen on ${place}.`, `Choose a port above 1023 with ${setting}.`, {
      cause: error,
    });
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new OperatorError(
      `This machine has no address ${address.host}.`,
      setting === 'PORT' ? 'Set HOST to an address of this machine, such as 127.0.0.1.' : `Set ${setting} to 127.0.0.1:<port>.`,
      { cause: error },
    );
  }
  return error;
}

async function tryListening(address: Address): Promise<NodeJS.ErrnoException | undefined> {
  return await new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', resolve);
    probe.listen({ ...address, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}
