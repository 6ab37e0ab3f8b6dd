/** Sleep that can be cut short. A ring that comes while nothing sleeps cuts the next sleep short. Its timers keep no process alive. */
export class Wake {
  #rung = false;
  #wakeUp: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wakeUp?.();
  }

  /** Rings so far do not count. */
  forget(): void {
    this.#rung = false;
  }

  /** Until a ring, or so long. */
  async sleep(ms: number): Promise<void> {
    if (!this.#rung) await this.#wait(ms);
    this.#rung = false;
  }

  /** So long, whatever rings, unless `isOver` by then. */
  async pause(ms: number, isOver: () => boolean): Promise<void> {
    const until = performance.now() + ms;
    for (let left = ms; left > 0 && !isOver(); left = until - performance.now()) await this.#wait(left);
  }

  async #wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      timer.unref();
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = null;
  }
}
