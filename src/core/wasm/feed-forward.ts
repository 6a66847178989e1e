/**
 * @file What comes after the first product of a feed-forward block, y = geglu([h | g]) W + b with a residual after it, and the
 * gradient of the whole block from dy to dx. A few rows at a time, whose h ∘ gelu(g), and whose gradients, stay in a cache.
 */
import {
  type Code,
  get,
  i32,
  i32LessUnsigned,
  i32ShiftRightUnsigned,
  i32Subtract,
  loop,
  branchIf,
  when,
} from "./instructions.ts";
import { advance, assign, floats, type Locals, product, sum } from "./assemble.ts";
import { Dense, pairsBefore, smaller } from "./dense.ts";
import { field, scratch, THREAD } from "./fused-call.ts";
import { GatedGelu } from "./gated-gelu.ts";

/** Positions of the gated GELU that ask for it. */
export const WITH_PRODUCTS = 1;

/** Pairs of rows at a time. */
const PAIRS = 16;

/** How wide h may be, for so many floats a thread: a row's gradients are three times as wide. */
export const mostFeedForward = (scratchFloats: number): number =>
  Math.floor(scratchFloats / (2 * PAIRS * 3));

export class FeedForward {
  private readonly dense: Dense;
  private readonly gelu: GatedGelu;
  private readonly width: number;
  private readonly pair: number;
  private readonly end: number;
  private readonly count: number;
  private readonly rows: number;
  private readonly kept: number;

  constructor(locals: Locals, relaxed: boolean) {
    this.dense = new Dense(locals, relaxed);
    this.gelu = new GatedGelu(locals, relaxed);
    const int = (): number => locals.int();
    [this.width, this.pair, this.end] = [int(), int(), int()];
    [this.count, this.rows, this.kept] = [int(), int(), int()];
  }

  /** [h | g] [R, 2D] as query, [panels of W | b], residual as value, output [R, N]; R is even. */
  forward(): Code {
    const { gelu, dense, width, kept } = this;
    const columns = field("valueSize");
    return this.blocks([
      ...gelu.values(this.rowsOf(field("query"), field("querySize")), get(kept), get(this.rows)),
      ...dense.product({
        ...{ depth: get(width), columns, weights: field("bias"), input: get(kept) },
        output: this.rowsOf(field("output"), columns),
        residual: this.rowsOf(field("value"), columns),
        ...{ from: i32(0), to: get(this.count) },
      }),
    ]);
  }

  /**
   * [h | g] as query, dy [R, C] as value, [panels of W2ᵀ [C, D] | zeros | panels of W1ᵀ [2D, C] | zeros], output dx [R, C].
   */
  backward(): Code {
    const { gelu, dense, width, kept } = this;
    const [columns, whole] = [field("valueSize"), field("querySize")];
    const block = { residual: null, from: i32(0), to: get(this.count) };
    const gradient = sum(get(kept), floats(product(get(this.rows), get(width))));
    return this.blocks([
      ...dense.product({
        ...{ depth: columns, columns: get(width), weights: field("bias"), ...block },
        ...{ input: this.rowsOf(field("value"), columns), output: get(kept) },
      }),
      ...gelu.gradients(this.rowsOf(field("query"), whole), get(kept), gradient, get(this.rows)),
      ...dense.product({
        ...{ depth: whole, columns, ...block },
        weights: sum(field("bias"), floats(product(sum(columns, i32(1)), get(width)))),
        ...{ input: gradient, output: this.rowsOf(field("output"), columns) },
      }),
    ]);
  }

  /** Address of the block's first row. */
  private rowsOf(tensor: Code, size: Code): Code {
    return sum(tensor, floats(product(product(get(this.pair), i32(2)), size)));
  }

  /** The body for each block of this thread's rows. */
  private blocks(body: Code): Code {
    const { gelu, width, pair, end, count, rows, kept } = this;
    const isNext: Code = [...get(pair), ...get(end), ...i32LessUnsigned];
    return [
      ...assign(width, [...field("querySize"), ...i32(1), ...i32ShiftRightUnsigned]),
      ...gelu.setWidth(get(width)),
      ...assign(kept, scratch),
      ...assign(pair, pairsBefore(get(THREAD))),
      ...assign(end, pairsBefore(sum(get(THREAD), i32(1)))),
      ...isNext,
      ...when(
        loop(
          assign(count, [...get(end), ...get(pair), ...i32Subtract]),
          assign(count, smaller(get(count), i32(PAIRS))),
          assign(rows, product(get(count), i32(2))),
          body,
          advance(pair, get(count)),
          isNext,
          branchIf(0),
        ),
      ),
    ];
  }
}
