/** @file Parameter groups laid end to end in one flat vector, so that norm and state are about one array. */
import { StudioError } from "../../core/errors.ts";
import type { GroupName, OptimiserState, ParameterGroup } from "./arithmetic.ts";

export class FlatGroups {
  readonly length: number;
  private readonly groups: readonly ParameterGroup[];
  private readonly offsets = new Map<GroupName, number>();

  constructor(groups: readonly ParameterGroup[]) {
    this.groups = groups;
    let length = 0;
    for (const { name, initial } of groups) {
      this.offsets.set(name, length);
      length += initial.length;
    }
    this.length = length;
  }

  has(name: GroupName): boolean {
    return this.offsets.has(name);
  }

  /** First index of a group, and how long it is. */
  range(name: GroupName): { readonly offset: number; readonly length: number } {
    const offset = this.offsets.get(name);
    const length = this.groups.find((group) => group.name === name)?.initial.length;
    if (offset !== undefined && length !== undefined) return { offset, length };
    throw new StudioError("internal", `The parameter group "${name}" is not trained.`);
  }

  /** A view of one group in a flat array. */
  part(name: GroupName, flat: Float32Array): Float32Array {
    const { offset, length } = this.range(name);
    return flat.subarray(offset, offset + length);
  }

  /** The values that training starts from, copied. */
  initial(): Float32Array {
    const flat = new Float32Array(this.length);
    for (const { name, initial } of this.groups) this.part(name, flat).set(initial);
    return flat;
  }

  /** @throws StudioError "invalid-input" where the state is of other groups */
  check({ values, m, v }: Pick<OptimiserState, "values" | "m" | "v">): void {
    if ([values, m, v].every(({ length }) => length === this.length)) return;
    throw new StudioError(
      "invalid-input",
      "The checkpoint holds other parameters than this run trains; start again without it, or with the settings it was made with.",
    );
  }
}
