/**
 * @file y = x W + b, and a residual after it where there is one, in one pass: sums start from the bias, and what they are
 * added to is read when they are written. x is the query, the residual the value (heads are 1 where there is one), and the
 * bias is [panels of W (core/onnx/constant.ts) | b]. Six rows by 8 columns at a time, whose 12 sums keep both multipliers
 * busy where 8 wait for each other, or four for engines that would keep some of 12 on the stack; 16 columns where two
 * vectors are one. Rows stay in the nearest cache while a block of panels goes by, and the block in the second one while
 * rows do.
 */
import {
  branchIf,
  type Code,
  f32x4Add,
  get,
  i32,
  i32Add,
  i32And,
  i32DivideUnsigned,
  i32LessUnsigned,
  i32ShiftRightUnsigned,
  i32Subtract,
  loadVector,
  loop,
  set,
  storeVector,
  tee,
  when,
} from "./instructions.ts";
import { PANEL_COLUMNS } from "../onnx/constant.ts";
import { advance, assign, floats, type Locals, product, smaller, sum, times } from "./assemble.ts";
import { adds, field, THREAD } from "./fused-call.ts";
import { addProducts } from "./panel-products.ts";
import type { Target } from "./target.ts";

/** Vectors across a panel. */
const WIDTH = PANEL_COLUMNS / 4;
const PANEL_BYTES = 4 * PANEL_COLUMNS;
/** Rows of 8 floats in a block of panels, 128 KiB; a panel of more is a block of its own. */
const BLOCK_ROWS = 2 ** 12;

export class Dense {
  private readonly int: Record<
    | "depth"
    | "columns"
    | "panels"
    | "block"
    | "weights"
    | "column"
    | "group"
    | "row"
    | "panel"
    | "bias"
    | "at"
    | "k",
    number
  >;
  /** Of the rows in turn. */
  private readonly addresses: readonly number[];
  /** Of the panels in turn. */
  private readonly panels: readonly number[];
  private readonly sums: readonly (readonly number[])[];
  private readonly panel: readonly number[];
  private readonly element: number;
  private readonly relaxed: boolean;
  /** Rows of a tile; the operator has at least as many (core/passes/fuse-dense.ts). */
  private readonly height: number;

  /** Panels of a tile, where there are as many. */
  private readonly across: number;

  constructor(locals: Locals, { relaxed, tall, wide = false }: Target) {
    this.relaxed = relaxed;
    this.height = tall ? 6 : 4;
    this.across = wide ? 2 : 1;
    const int = (): number => locals.int();
    this.int = {
      ...{ depth: int(), columns: int(), panels: int(), block: int(), weights: int() },
      ...{ column: int(), group: int(), row: int(), panel: int(), bias: int(), at: int() },
      k: int(),
    };
    this.addresses = Array.from({ length: this.height }, int);
    this.sums = Array.from({ length: this.height }, () => locals.vectors(WIDTH * this.across));
    this.panel = locals.vectors(WIDTH * this.across);
    this.panels = Array.from({ length: this.across }, int);
    this.element = locals.vector();
  }

  forward(): Code {
    const { depth, columns, panels, block, weights, column, group } = this.int;
    const fitting = sum([...i32(BLOCK_ROWS), ...get(depth), ...i32DivideUnsigned], i32(1));
    return [
      ...assign(depth, field("querySize")),
      ...assign(columns, field("valueSize")),
      ...assign(panels, [
        ...get(columns),
        ...i32(Math.log2(PANEL_COLUMNS)),
        ...i32ShiftRightUnsigned,
      ]),
      ...assign(weights, field("bias")),
      ...assign(column, i32(0)),
      ...[...this.share(get(THREAD)), ...this.share(sum(get(THREAD), i32(1))), ...i32LessUnsigned],
      ...when(
        loop(
          assign(block, fitting),
          assign(block, smaller(get(block), get(panels))),
          assign(group, this.share(get(THREAD))),
          loop(
            this.rows(),
            [...get(group), ...i32(1), ...i32Add],
            [...tee(group), ...this.share(sum(get(THREAD), i32(1))), ...i32LessUnsigned],
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

  /** Some rows of this block's columns. */
  private rows(): Code {
    const { depth, columns, weights, column, group, row, bias, at } = this.int;
    const [b] = this.panels as [number];
    // Where they are no whole tiles, some of the last but one are computed twice.
    const last = [...ROWS, ...i32(this.height), ...i32Subtract];
    return [
      ...assign(row, product(get(group), i32(this.height))),
      ...assign(row, smaller(get(row), last)),
      ...assign(at, sum(floats(product(get(row), get(columns))), get(column))),
      ...assign(bias, sum(field("bias"), floats(product(get(depth), get(columns))), get(column))),
      ...assign(b, get(weights)),
      ...this.tiles(),
    ];
  }

  /** All panels of the block; where a tile has two, the last one may be alone. */
  private tiles(): Code {
    const { block, panel } = this.int;
    if (this.across === 1) return times(panel, get(block), this.tile(1));
    const pairs: Code = [...get(block), ...i32(1), ...i32ShiftRightUnsigned];
    return [
      ...pairs,
      ...when(times(panel, pairs, this.tile(2))),
      ...[...get(block), ...i32(1), ...i32And],
      ...when(this.tile(1)),
    ];
  }

  /** So many panels of these rows. */
  private tile(across: number): Code {
    const { depth, row, bias, at, k } = this.int;
    const { addresses: rows, panel, element } = this;
    const sums = this.sums.map((row) => row.slice(0, WIDTH * across));
    const panels = this.panels.slice(0, across);
    const [b, last] = [panels[0]!, panels.at(-1)!];
    const [first, ...others] = sums;
    return [
      ...panels
        .slice(1)
        .flatMap((next, i) =>
          assign(next, sum(get(panels[i]!), product(get(depth), i32(PANEL_BYTES)))),
        ),
      ...first!.flatMap((one, i) => [
        ...[...get(bias), ...loadVector(16 * i), ...set(one)],
        ...others.flatMap((row) => [...get(one), ...set(row[i]!)]),
      ]),
      ...this.apart(sum(field("query"), floats(product(get(row), get(depth)))), get(depth)),
      ...addProducts(
        { rows, sums, panel, panelBytes: PANEL_BYTES, element, panels, k },
        get(depth),
        this.relaxed,
      ),
      ...adds,
      ...when(
        this.eachVector(sums, field("value"), (address, one, offset) => [
          ...[...get(one), ...address, ...loadVector(offset), ...f32x4Add, ...set(one)],
        ]),
      ),
      ...this.eachVector(sums, field("output"), (address, one, offset) => [
        ...[...address, ...get(one), ...storeVector(offset)],
      ]),
      ...(across === 1 ? [] : assign(b, get(last))),
      ...advance(at, i32(across * PANEL_BYTES)),
      ...advance(bias, i32(across * PANEL_BYTES)),
    ];
  }

  /** The rows' tile that a thread begins with. */
  private share(thread: Code): Code {
    const tiles = [...sum(ROWS, i32(this.height - 1)), ...i32(this.height), ...i32DivideUnsigned];
    return [...product(tiles, thread), ...field("threads"), ...i32DivideUnsigned];
  }

  /** The rows' addresses, given the first's and how many floats lie between two. */
  private apart(start: Code, stride: Code): Code {
    const { addresses } = this;
    return addresses.flatMap((address, i) =>
      assign(address, i === 0 ? start : sum(get(addresses[i - 1]!), floats(stride))),
    );
  }

  /** The body for each vector of the rows, of a tensor as large as the output. */
  private eachVector(
    sums: readonly (readonly number[])[],
    tensor: Code,
    body: (address: Code, one: number, offset: number) => Code,
  ): Code {
    const { columns, at } = this.int;
    return [
      ...this.apart(sum(tensor, get(at)), get(columns)),
      ...sums.flatMap((row, r) =>
        row.flatMap((one, i) => body(get(this.addresses[r]!), one, 16 * i)),
      ),
    ];
  }
}

const ROWS = product(field("batch"), field("queries"));
