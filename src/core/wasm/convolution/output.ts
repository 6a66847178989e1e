/**
 * @file Aᵀ M A of the products of one tile and four channels, which are the lanes, with what is to be added, into the image:
 * pixels of a row are brought side by side before they are written.
 */
import { POINTS, TILE } from "../../convolution/winograd.ts";
import {
  type Code,
  f32x4Add,
  f32x4Subtract,
  get,
  loadVector,
  set,
  shuffleFloats,
  storeVector,
} from "../instructions.ts";
import { advance, assign, type Locals, sum } from "../assemble.ts";
import { multiplyAdd } from "../exp-code.ts";
import { four } from "./four.ts";

export interface Target {
  /** Address of the products of the first point, the others' `stride` bytes apart; they are overwritten. */
  readonly products: number;
  readonly stride: number;
  /** Address of the tile's first pixel in the first of the four channels. */
  readonly pixels: number;
  /** Bytes from row to row, and from channel to channel. */
  readonly row: number;
  readonly plane: number;
  /** Bytes from the output to what is added to it. */
  readonly residual: number;
  /** Bias of the four channels. */
  readonly bias: number;
}

export class OutputTransform {
  private readonly at: number;
  private readonly line: number;
  private readonly m: readonly number[];
  private readonly y: readonly number[];
  private readonly t: readonly number[];
  private readonly relaxed: boolean;

  constructor(locals: Locals, relaxed: boolean) {
    this.relaxed = relaxed;
    this.at = locals.int();
    this.line = locals.int();
    this.m = locals.vectors(POINTS);
    this.y = locals.vectors(TILE);
    this.t = locals.vectors(4);
  }

  /** @param adds whether there is something to be added */
  tile(target: Target, adds: boolean): Code {
    const { products, stride } = target;
    const each = (locals: readonly number[], code: (local: number, i: number) => Code): Code =>
      locals.flatMap(code);
    const read = (first: number, apart: number): Code =>
      each(this.m, (m, i) => [
        ...[...get(products), ...loadVector((first + i * apart) * stride), ...set(m)],
      ]);
    const columns = Array.from({ length: POINTS }, (_, column): Code => [
      ...[...read(column, POINTS), ...this.transform()],
      ...each(this.y, (y, i) => [
        ...[...get(products), ...get(y), ...storeVector((column + i * POINTS) * stride)],
      ]),
    ]).flat();
    const rows = Array.from({ length: TILE }, (_, row): Code => [
      ...[...read(row * POINTS, 1), ...this.transform(), ...this.write(target, adds)],
      ...advance(this.line, get(target.row)),
    ]).flat();
    return [...columns, ...assign(this.line, get(target.pixels)), ...rows];
  }

  /** y = Aᵀ m, of every lane. */
  private transform(): Code {
    const [m0, m1, m2, m3, m4, m5] = this.m.map(get) as [Code, Code, Code, Code, Code, Code];
    const [y0, y1, y2, y3] = this.y as Four;
    const [even, odd, evenToo, oddToo] = this.t as Four;
    const plus = (factor: number, x: number, to: Code): Code =>
      multiplyAdd(this.relaxed, four(factor), get(x), to);
    const times = (factor: number, x: number): Code => plus(factor, x, four(0));
    return [
      ...[...m1, ...m2, ...f32x4Add, ...set(even), ...m1, ...m2, ...f32x4Subtract, ...set(odd)],
      ...[...m3, ...m4, ...f32x4Add, ...set(evenToo)],
      ...[...m3, ...m4, ...f32x4Subtract, ...set(oddToo)],
      ...[...m0, ...get(even), ...f32x4Add, ...get(evenToo), ...f32x4Add, ...set(y0)],
      ...[...plus(3 / 4, odd, times(3 / 2, oddToo)), ...set(y1)],
      ...[...plus(9 / 16, even, times(9 / 4, evenToo)), ...set(y2)],
      ...[...plus(27 / 64, odd, plus(27 / 8, oddToo, m5)), ...set(y3)],
    ];
  }

  /** Four pixels of four channels, plus the bias, where `line` is. */
  private write({ bias, plane, residual }: Target, adds: boolean): Code {
    const [a, b, c, d] = this.t as Four;
    const pixels = this.y.flatMap((y) => [...get(y), ...get(bias), ...f32x4Add, ...set(y)]);
    const [y0, y1, y2, y3] = this.y.map(get) as [Code, Code, Code, Code];
    const channel = (code: Code, i: number): Code => [
      ...(i === 0 ? assign(this.at, get(this.line)) : advance(this.at, get(plane))),
      ...[...get(this.at), ...code],
      ...(adds ? [...sum(get(this.at), get(residual)), ...loadVector(0), ...f32x4Add] : []),
      ...storeVector(0),
    ];
    const joined = (x: number, y: number): [Code, Code] => [
      [...get(x), ...get(y), ...shuffleFloats(0, 1, 4, 5)],
      [...get(x), ...get(y), ...shuffleFloats(2, 3, 6, 7)],
    ];
    return [
      ...pixels,
      ...[...y0, ...y1, ...shuffleFloats(0, 4, 1, 5), ...set(a)],
      ...[...y2, ...y3, ...shuffleFloats(0, 4, 1, 5), ...set(b)],
      ...[...y0, ...y1, ...shuffleFloats(2, 6, 3, 7), ...set(c)],
      ...[...y2, ...y3, ...shuffleFloats(2, 6, 3, 7), ...set(d)],
      ...[...joined(a, b), ...joined(c, d)].flatMap(channel),
    ];
  }
}

type Four = [number, number, number, number];
