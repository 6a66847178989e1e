/** @file Sums of what reaches each value's gradient: the one place where broadcasting is undone. */
import { elementCount } from "../tensor/shape.ts";
import type { Maker } from "./make.ts";

/** What has reached each value's gradient so far. */
export class Contributions {
  private readonly make: Maker;
  private readonly parts = new Map<string, string[]>();

  constructor(make: Maker) {
    this.make = make;
  }

  /** dX += part, summed over the axes along which X was broadcast. */
  add(name: string, part: string | null): void {
    if (part === null) return;
    const fitted = this.make.sumTo(part, this.make.dims(name));
    const parts = this.parts.get(name);
    if (parts === undefined) this.parts.set(name, [fitted]);
    else parts.push(fitted);
  }

  /** The sum, in the value's own shape, or null where nothing arrived. Parts that broadcast go first: they are small. */
  of(name: string): string | null {
    const parts = this.parts.get(name);
    if (parts === undefined) return null;
    const size = (part: string): number => elementCount(this.make.dims(part));
    const sum = parts
      .toSorted((a, b) => size(a) - size(b))
      .reduce((total, part) => this.make.add(total, part));
    const whole = this.make.expand(sum, this.make.dims(name));
    this.parts.set(name, [whole]);
    return whole;
  }
}
