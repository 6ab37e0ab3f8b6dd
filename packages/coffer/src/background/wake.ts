/** An interruptible sleep. A ring while nothing sleeps cuts the next sleep short. Its timers do not keep the process alive. */
export class Wake {
  #rung = false;
  #wakeUp: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wakeUp?.();
  }

  /** Discards earlier rings. */
  forget(): void {
    this.#rung = false;
  }

  /** Sleeps until a ring, or this long. */
  async sleep(ms: number): Promise<void> {
    if (!this.#rung) await this.#wait(ms);
    this.#rung = false;
  }

  /** Sleeps this long regardless of rings, unless `isOver` afterwards. */
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
