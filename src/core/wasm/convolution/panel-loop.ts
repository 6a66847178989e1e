/**
 * @file How threads share a convolution: groups of pixels are put together to blocks, output channels to panels. A thread has so
 * many pairs of them in a row, block by block, so that it gets the inputs of few blocks ready.
 */
import { PANEL } from "../../convolution/winograd.ts";
import {
  branchIf,
  type Code,
  get,
  i32,
  i32DivideUnsigned,
  i32Equal,
  i32EqualsZero,
  i32LessUnsigned,
  i32RemainderUnsigned,
  i32ShiftRightUnsigned,
  i32Subtract,
  loop,
  select,
  when,
} from "../instructions.ts";
import { advance, assign, type Locals, product, sum, times } from "../assemble.ts";
import { field, THREAD } from "../fused-call.ts";

export class PanelLoop {
  /** The panel in turn. */
  readonly panel: number;
  /** Groups of the block in turn, the number of the first, and a number from as many down to 1. */
  readonly count: number;
  private readonly first: number;
  readonly group: number;
  private readonly groups: number;
  private readonly panels: number;
  private readonly unit: number;
  private readonly end: number;
  private readonly block: number;
  private readonly perBlock: number;

  /** @param perBlock groups of a block: a power of two */
  constructor(locals: Locals, perBlock: number) {
    const int = (): number => locals.int();
    [this.panel, this.count, this.first, this.group] = [int(), int(), int(), int()];
    [this.groups, this.panels, this.unit, this.end, this.block] = [
      int(),
      int(),
      int(),
      int(),
      int(),
    ];
    this.perBlock = perBlock;
  }

  /**
   * @param groups how many there are
   * @param ready code that gets the inputs of a block ready
   * @param compute code for one panel of it
   */
  run(groups: Code, ready: Code, compute: Code): Code {
    const { panel, first, count, panels, unit, end, block, perBlock } = this;
    const isNext: Code = [...get(unit), ...get(end), ...i32LessUnsigned];
    const left = [...get(this.groups), ...get(first), ...i32Subtract];
    const whole = i32(perBlock);
    const blocks: Code = [
      ...[...sum(get(this.groups), i32(perBlock - 1)), ...i32(Math.log2(perBlock))],
      ...i32ShiftRightUnsigned,
    ];
    const share = (thread: Code): Code => [
      ...product(product(blocks, get(panels)), thread),
      ...[...field("threads"), ...i32DivideUnsigned],
    ];
    return [
      ...assign(this.groups, groups),
      ...assign(panels, [...field("valueSize"), ...i32(PANEL), ...i32DivideUnsigned]),
      ...assign(unit, share(get(THREAD))),
      ...assign(end, share(sum(get(THREAD), i32(1)))),
      ...isNext,
      ...when(
        // No block is ready yet.
        assign(block, i32(-1)),
        loop(
          assign(panel, [...get(unit), ...get(panels), ...i32RemainderUnsigned]),
          assign(first, [...get(unit), ...get(panels), ...i32DivideUnsigned]),
          [...get(first), ...get(block), ...i32Equal, ...i32EqualsZero],
          assign(block, get(first)),
          assign(first, product(get(block), whole)),
          assign(count, [...left, ...whole, ...left, ...whole, ...i32LessUnsigned, ...select]),
          when(ready),
          compute,
          advance(unit, i32(1)),
          isNext,
          branchIf(0),
        ),
      ),
    ];
  }

  /** The body for each group of the block. */
  eachGroup(...body: Code[]): Code {
    return times(this.group, get(this.count), ...body);
  }

  /** The group's number in its block, and among all. */
  get inBlock(): Code {
    return [...get(this.group), ...i32(1), ...i32Subtract];
  }

  get inAll(): Code {
    return sum(get(this.first), this.inBlock);
  }
}
