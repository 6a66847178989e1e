/** @file Losses of a run, step by step, in buffers that grow: a curve is drawn from them without React seeing each step. */

export interface LossColumns {
  readonly length: number;
  /** Views of the losses of steps 1 to `length`; NaN where there is none. */
  readonly target: Float32Array;
  readonly regularisation: Float32Array;
}

export class LossBuffer {
  private target = new Float32Array(256);
  private regularisation = new Float32Array(256);
  private count = 0;
  private view: LossColumns | null = null;
  private readonly listeners = new Set<() => void>();

  get length(): number {
    return this.count;
  }

  /** In place of everything: the history of a stored run, [n, 2]. */
  load(history: Float32Array): void {
    this.count = 0;
    for (let i = 0; i + 1 < history.length; i += 2) {
      this.set(i / 2 + 1, history[i] ?? NaN, history[i + 1] ?? NaN);
    }
    this.notify();
  }

  /** A step that was known already is being repeated after a resume: it and what follows it are dropped. */
  append(
    points: readonly {
      readonly step: number;
      readonly target: number;
      readonly regularisation: number;
    }[],
  ): void {
    for (const { step, target, regularisation } of points) this.set(step, target, regularisation);
    if (points.length > 0) this.notify();
  }

  /** The same object until something changes: what a component compares to see whether to draw again. */
  readonly columns = (): LossColumns =>
    (this.view ??= {
      length: this.count,
      target: this.target.subarray(0, this.count),
      regularisation: this.regularisation.subarray(0, this.count),
    });

  /** @returns a function that ends the subscription */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  private set(step: number, target: number, regularisation: number): void {
    if (!Number.isInteger(step) || step < 1) return;
    this.reserve(step);
    // Steps that were never reported leave a gap in the curve.
    this.target.fill(NaN, this.count, step);
    this.regularisation.fill(NaN, this.count, step);
    this.target[step - 1] = target;
    this.regularisation[step - 1] = regularisation;
    this.count = step;
  }

  private reserve(length: number): void {
    if (length <= this.target.length) return;
    const grow = (old: Float32Array): Float32Array<ArrayBuffer> => {
      const larger = new Float32Array(2 ** Math.ceil(Math.log2(length)));
      larger.set(old);
      return larger;
    };
    this.target = grow(this.target);
    this.regularisation = grow(this.regularisation);
  }

  private notify(): void {
    this.view = null;
    for (const listener of this.listeners) listener();
  }
}
