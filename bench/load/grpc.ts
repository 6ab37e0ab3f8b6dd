/** A gRPC load generator: a fixed number of connections, one unary call in flight on each. */
import grpc from '@grpc/grpc-js';

export type GrpcLoad = {
  readonly address: string;
  readonly connections: number;
  readonly seconds: number;
  /** The full method, such as `/wallet.WalletService/CreditWallet`. */
  readonly method: string;
  /** The next request message, encoded. */
  readonly next: () => Buffer;
};

const asIs = (message: Buffer) => message;

/** Answers with the calls completed per second; rejects at the first failure. */
export async function grpcCallsPerSecond(load: GrpcLoad): Promise<number> {
  const startMs = performance.now() + 1000;
  const endMs = startMs + load.seconds * 1000;
  let counted = 0;
  const connection = async () => {
    const client = new grpc.Client(load.address, grpc.credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    for (;;) {
      await new Promise<void>((resolve, reject) => {
        client.makeUnaryRequest(load.method, asIs, asIs, load.next(), (failure: grpc.ServiceError | null) =>
          failure ? reject(failure) : resolve(),
        );
      });
      const nowMs = performance.now();
      if (nowMs >= startMs && nowMs < endMs) counted++;
      if (nowMs >= endMs) break;
    }
    client.close();
  };
  await Promise.all(Array.from({ length: load.connections }, connection));
  return counted / load.seconds;
}
