/**
 * @file y = x W + b, and a residual after it where there is one, in one pass: sums start from the bias, and what they are
 * added to is read when they are written. x is the query, the residual the value (heads are 1 where there is one), and the
 * bias is [panels of W (core/onnx/constant.ts) | b]. Two rows by 16 columns at a time: two rows stay in the nearest cache
 * while a block of panels goes by, and the block in the second one while rows do.
 */
import {
  branchIf,
  type Code,
  f32x4Add,
  get,
  i32,
  i32Add,
  i32DivideUnsigned,
  i32LessUnsigned,
  i32ShiftRightUnsigned,
  i32Subtract,
  loadVector,
  loop,
  select,
  set,
  storeVector,
  tee,
  when,
} from "./instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "./assemble.ts";
import { adds, field, THREAD } from "./fused-call.ts";
import { addProducts, PANEL_BYTES } from "./panel-products.ts";

/** Vectors across a panel. */
const WIDTH = 4;
/** Rows of 16 floats in a block of panels, 128 KiB; a panel of more is a block of its own. */
const BLOCK_ROWS = 2 ** 11;

export class Dense {
  private readonly int: Record<
    | "depth"
    | "columns"
    | "panels"
    | "block"
    | "weights"
    | "column"
    | "pair"
    | "row"
    | "panel"
    | "bias"
    | "at"
    | "first"
    | "second"
    | "b"
    | "k",
    number
  >;
  private readonly sums: readonly (readonly number[])[];
  private readonly panel: readonly number[];
  private readonly element: number;
  private readonly relaxed: boolean;

  constructor(locals: Locals, relaxed: boolean) {
    this.relaxed = relaxed;
    const int = (): number => locals.int();
    this.int = {
      ...{ depth: int(), columns: int(), panels: int(), block: int(), weights: int() },
      ...{ column: int(), pair: int(), row: int(), panel: int(), bias: int(), at: int() },
      ...{ first: int(), second: int(), b: int(), k: int() },
    };
    this.sums = [locals.vectors(WIDTH), locals.vectors(WIDTH)];
    this.panel = locals.vectors(WIDTH);
    this.element = locals.vector();
  }

  forward(): Code {
    const { depth, columns, panels, block, weights, column, pair } = this.int;
    const fitting = sum([...i32(BLOCK_ROWS), ...get(depth), ...i32DivideUnsigned], i32(1));
    return [
      ...assign(depth, field("querySize")),
      ...assign(columns, field("valueSize")),
      ...assign(panels, [...get(columns), ...i32(4), ...i32ShiftRightUnsigned]),
      ...assign(weights, field("bias")),
      ...assign(column, i32(0)),
      ...[...share(get(THREAD)), ...share(sum(get(THREAD), i32(1))), ...i32LessUnsigned],
      ...when(
        loop(
          assign(block, fitting),
          assign(block, smaller(get(block), get(panels))),
          assign(pair, share(get(THREAD))),
          loop(
            this.rows(),
            [...get(pair), ...i32(1), ...i32Add],
            [...tee(pair), ...share(sum(get(THREAD), i32(1))), ...i32LessUnsigned],
            branchIf(0),
          ),
          advance(weights, product(product(get(block), get(depth)), i32(PANEL_BYTES))),
          advance(column, product(get(block), i32(PANEL_BYTES))),
          [...get(panels), ...get(block), ...i32Subtract, ...tee(panels)],
          branchIf(0),
        ),
      ),
    ];
  }

  /** Two rows of this block's columns. */
  private rows(): Code {
    const { depth, columns, block, weights, column, pair, row, panel, bias, at, b } = this.int;
    // There are two at least; of an odd number the last one but one is computed twice.
    const last = [...ROWS, ...i32(2), ...i32Subtract];
    return [
      ...assign(row, product(get(pair), i32(2))),
      ...assign(row, smaller(get(row), last)),
      ...assign(at, sum(floats(product(get(row), get(columns))), get(column))),
      ...assign(bias, sum(field("bias"), floats(product(get(depth), get(columns))), get(column))),
      ...assign(b, get(weights)),
      ...times(
        panel,
        get(block),
        this.tile(),
        advance(at, i32(PANEL_BYTES)),
        advance(bias, i32(PANEL_BYTES)),
      ),
    ];
  }

  private tile(): Code {
    const { depth, row, bias, first, second, b, k } = this.int;
    const { sums, panel, element } = this;
    const rows = [first, second];
    return [
      ...sums[0]!.flatMap((one, i) => [
        ...[...get(bias), ...loadVector(16 * i), ...tee(one), ...set(sums[1]![i]!)],
      ]),
      ...assign(first, sum(field("query"), floats(product(get(row), get(depth))))),
      ...assign(second, sum(get(first), floats(get(depth)))),
      ...addProducts({ rows, sums, panel, element, b, k }, get(depth), this.relaxed),
      ...adds,
      ...when(
        this.eachVector(field("value"), (address, one, offset) => [
          ...[...get(one), ...address, ...loadVector(offset), ...f32x4Add, ...set(one)],
        ]),
      ),
      ...this.eachVector(field("output"), (address, one, offset) => [
        ...[...address, ...get(one), ...storeVector(offset)],
      ]),
    ];
  }

  /** The body for the four vectors of both rows, of a tensor as large as the output. */
  private eachVector(
    tensor: Code,
    body: (address: Code, one: number, offset: number) => Code,
  ): Code {
    const { columns, at, first } = this.int;
    const address = get(first);
    return [
      ...assign(first, sum(tensor, get(at))),
      ...this.sums.flatMap((row, r) => [
        ...(r === 0 ? [] : advance(first, floats(get(columns)))),
        ...row.flatMap((one, i) => body(address, one, 16 * i)),
      ]),
    ];
  }
}

const ROWS = product(field("batch"), field("queries"));

/** The pair of rows that a thread begins with. */
const share = (thread: Code): Code => [
  ...product([...sum(ROWS, i32(1)), ...i32(1), ...i32ShiftRightUnsigned], thread),
  ...[...field("threads"), ...i32DivideUnsigned],
];

const smaller = (a: Code, b: Code): Code => [...a, ...b, ...a, ...b, ...i32LessUnsigned, ...select];
