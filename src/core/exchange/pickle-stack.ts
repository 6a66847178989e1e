/** @file The stack of the pickle machine: values, and marks below which nothing is taken. */
import type { PickleValue } from "./pickle-values.ts";
import { damagedFile, refusal } from "./refuse.ts";

/** An instruction of one byte makes a dictionary of a hundred: a model of 1,200 tensors needs 7,200 of them. */
const MAX_CONTAINERS = 100_000;

export class PickleStack {
  private readonly values: PickleValue[] = [];
  /** How high the stack was at each mark. */
  private readonly marks: number[] = [];
  private containers = 0;

  get height(): number {
    return this.values.length;
  }

  push(value: PickleValue): void {
    this.values.push(value);
  }

  /** A list, tuple, dictionary or tensor, which needs memory of its own. */
  pushContainer(container: PickleValue): void {
    if (++this.containers > MAX_CONTAINERS) throw tooMuch();
    this.values.push(container);
  }

  mark(): void {
    this.marks.push(this.values.length);
  }

  top(): PickleValue {
    if (this.values.length <= this.floor) throw underflow();
    return this.values.at(-1)!;
  }

  pop(): PickleValue {
    const value = this.top();
    this.values.length--;
    return value;
  }

  popItems(count: number): PickleValue[] {
    if (this.values.length - count < this.floor) throw underflow();
    return this.values.splice(this.values.length - count);
  }

  popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw underflow();
    return this.values.splice(mark);
  }

  private get floor(): number {
    return this.marks.at(-1) ?? 0;
  }
}

/** Of a pickle that is longer than any model's. */
export function tooMuch() {
  return refusal(
    "This file is not opened: its list of contents is longer than that of any model; choose a file of weights.",
  );
}

function underflow() {
  return damagedFile("its list of contents takes what is not there");
}
