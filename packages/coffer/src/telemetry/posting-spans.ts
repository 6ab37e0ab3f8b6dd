/** The ledger with a span for each posting: from the call to the commit, including the wait for a batch. */
import { currentRequest } from '../kernel/index.ts';
import type { Ledger, Operation, Outcome } from '../ledger/index.ts';

/** Everything but posting is passed through; used only if traces are on. */
export function withPostingSpans(ledger: Ledger): Ledger {
  const timed = async <T extends Outcome | Outcome[]>(operations: readonly Operation[], work: () => Promise<T>): Promise<T> => {
    const span = currentRequest()?.span?.child('ledger.post', 'internal');
    if (!span) return await work();
    span.set('coffer.operations', operations.length);
    span.set('coffer.kind', operations[0]?.kind ?? '');
    try {
      const answer = await work();
      const [first] = [answer].flat();
      if (first) {
        span.set('coffer.outcome', first.status);
        span.set('coffer.seq', first.seq);
      }
      span.end('ok');
      return answer;
    } catch (failure) {
      span.end('failed');
      throw failure;
    }
  };
  const posting: Pick<Ledger, 'post' | 'postEach' | 'postLinked'> = {
    post: (operation, book) => timed([operation], () => ledger.post(operation, book)),
    postEach: (operations, book) => timed(operations, () => ledger.postEach(operations, book)),
    postLinked: (operations, book) => timed(operations, () => ledger.postLinked(operations, book)),
  };
  return Object.assign(Object.create(ledger) as Ledger, posting);
}
