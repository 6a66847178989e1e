/** @file What one attention is about: where its tensors are, how large, and which heads this thread computes. */
import {
  branchIf,
  type Code,
  constant,
  f32,
  f32ConvertUnsigned,
  f32Divide,
  f32x4Multiply,
  f32SquareRoot,
  f32x4Splat,
  get,
  i32,
  i32Add,
  i32And,
  i32DivideUnsigned,
  i32Equal,
  i32EqualsZero,
  i32LessUnsigned,
  i32RemainderUnsigned,
  i32ShiftLeft,
  i32ShiftRightUnsigned,
  i32Subtract,
  loop,
  tee,
  when,
} from "../instructions.ts";
import { advance, assign, floats, type Locals, product, sum } from "../assemble.ts";
import { LOG2_E, ONE } from "../exp-code.ts";
import { four } from "../convolution/four.ts";
import { EXPONENT_UNIT } from "../power-of-two.ts";
import { field, MODES, type Mode, scratch, THREAD, word } from "../fused-call.ts";
import type { Rows } from "./pack.ts";
import { ROW_BYTES } from "./tile.ts";

export class Frame {
  private readonly word: number;
  private readonly heads: number;
  private readonly task: number;
  private readonly end: number;
  private readonly images: number;
  /** Channels of queries: heads times a head's size. */
  readonly channels: number;
  /** Addresses of the head's first rows, and the bytes between rows. */
  private readonly places: Record<Place, { readonly at: number; readonly stride: number }>;
  /** Set before `read`. */
  readonly mode: number;
  /** Queries S and keys T of a head, T as a multiple of a tile's height, and a head's size d. */
  readonly queries: number;
  readonly keys: number;
  readonly padded: number;
  readonly size: number;
  /** 1 / √d in four lanes, and that times log2 e and 2^23: scores are powers of two, as bits of floats have them. */
  readonly scale: number;
  readonly scoreScale: number;
  readonly scratch: number;
  /** Whether there is a mask, of self-attention alone: numbers [T, S] that scores begin with, in the bias. */
  readonly masked: number;
  /** Where those of eight queries are. */
  readonly mask: number;

  private readonly height: number;

  constructor(locals: Locals, height: number) {
    this.height = height;
    const int = (): number => locals.int();
    [this.word, this.heads, this.task, this.end, this.images, this.channels] = [
      int(),
      int(),
      int(),
      int(),
      int(),
      int(),
    ];
    this.mode = int();
    [this.queries, this.keys, this.padded, this.size, this.scratch] = [
      int(),
      int(),
      int(),
      int(),
      int(),
    ];
    [this.masked, this.mask] = [int(), int()];
    this.scale = locals.vector();
    this.scoreScale = locals.vector();
    const place = () => ({ at: int(), stride: int() });
    this.places = {
      queries: place(),
      keys: place(),
      values: place(),
      output: place(),
      outputGradient: place(),
      attended: place(),
      keysGradient: place(),
      valuesGradient: place(),
    };
  }

  /** Tiles of all keys, the last one perhaps with fewer. */
  get keyTiles(): Code {
    return [
      ...[...get(this.keys), ...i32(this.height - 1), ...i32Add],
      ...[...i32(this.height), ...i32DivideUnsigned],
    ];
  }

  rows(place: Place): Rows {
    const { at, stride } = this.places[place];
    return { at: get(at), stride: get(stride) };
  }

  /** Everything that all heads share. */
  read(): Code {
    const bits = (shift: number, mask: number): Code => [
      ...[...get(this.word), ...i32(shift), ...i32ShiftRightUnsigned],
      ...[...i32(mask), ...i32And],
    ];
    const isMode = (mode: Mode): Code => [...get(this.mode), ...i32(MODES[mode]), ...i32Equal];
    /** Positions of packed keys and values. */
    const halfOf = (size: Code): Code => [
      ...[...size, ...get(this.channels), ...i32(1), ...i32ShiftLeft, ...i32DivideUnsigned],
    ];
    return [
      ...assign(this.word, word),
      ...assign(this.heads, bits(0, 63)),
      ...assign(this.queries, bits(6, 16_383)),

      ...isMode("self"),
      ...when(
        assign(this.channels, field("valueSize")),
        assign(this.images, [...field("batch"), ...get(this.queries), ...i32DivideUnsigned]),
        assign(this.keys, get(this.queries)),
      ),
      ...isMode("selfGradient"),
      ...when(
        assign(this.channels, field("querySize")),
        assign(this.images, [...field("batch"), ...get(this.queries), ...i32DivideUnsigned]),
        assign(this.keys, get(this.queries)),
      ),
      ...isMode("cross"),
      ...when(
        assign(this.channels, [...field("valueSize"), ...get(this.queries), ...i32DivideUnsigned]),
        assign(this.images, field("batch")),
        assign(this.keys, halfOf(field("querySize"))),
      ),
      ...isMode("crossGradient"),
      ...when(
        assign(this.channels, [...field("querySize"), ...get(this.queries), ...i32DivideUnsigned]),
        assign(this.images, field("batch")),
        // The output has rows of queries and of packed keys and values.
        assign(this.keys, halfOf([...field("valueSize"), ...field("querySize"), ...i32Subtract])),
      ),
      ...assign(this.size, [...get(this.channels), ...get(this.heads), ...i32DivideUnsigned]),
      ...assign(this.padded, product(this.keyTiles, i32(this.height))),
      ...assign(this.scale, [
        ...[...f32(ONE), ...get(this.size), ...f32ConvertUnsigned, ...f32SquareRoot],
        ...[...f32Divide, ...f32x4Splat],
      ]),
      ...assign(this.scoreScale, [
        ...[...get(this.scale), ...constant(LOG2_E), ...f32x4Multiply],
        ...[...four(EXPONENT_UNIT), ...f32x4Multiply],
      ]),
      ...assign(this.scratch, scratch),
      // Without a bias its address is the query's.
      ...assign(this.masked, [
        ...[...get(this.mode), ...i32(MODES.cross), ...i32LessUnsigned],
        ...[...field("bias"), ...field("query"), ...i32Equal, ...i32EqualsZero, ...i32And],
      ]),
      // Heads from task to end are this thread's.
      ...assign(this.task, this.share(get(THREAD), field("threads"))),
      ...assign(this.end, this.share(sum(get(THREAD), i32(1)), field("threads"))),
    ];
  }

  /** The body for each head, with its rows' places set. */
  eachHead(...body: Code[]): Code {
    return [
      ...[...get(this.task), ...get(this.end), ...i32LessUnsigned],
      ...when(
        loop(
          this.locate(),
          ...body,
          [...get(this.task), ...i32(1), ...i32Add, ...tee(this.task)],
          [...get(this.end), ...i32LessUnsigned, ...branchIf(0)],
        ),
      ),
    ];
  }

  /** Eight queries further. */
  nextQueries(): Code {
    const places = (["queries", "output", "outputGradient", "attended"] as const).map((place) => {
      const { at, stride } = this.places[place];
      return advance(at, [...get(stride), ...i32(3), ...i32ShiftLeft]);
    });
    return [...places.flat(), ...advance(this.mask, i32(ROW_BYTES))];
  }

  private share(thread: Code, threads: Code): Code {
    return [
      ...product(product(get(this.images), get(this.heads)), thread),
      ...threads,
      ...i32DivideUnsigned,
    ];
  }

  /** Places of the head `task`. */
  private locate(): Code {
    const image: Code = [...get(this.task), ...get(this.heads), ...i32DivideUnsigned];
    const head: Code = [...get(this.task), ...get(this.heads), ...i32RemainderUnsigned];
    /**
     * The head's first row of `rows` rows with `parts` times the channels, in part `part` of them.
     * @param size rows of one channel's width that an image has in the whole tensor, and those before these rows
     */
    const place = (
      name: Place,
      from: Code,
      [parts, part]: readonly [number, number],
      [size, before]: readonly [Code, Code],
    ): Code => {
      const { at, stride } = this.places[name];
      const channelBytes = floats(get(this.channels));
      return [
        ...assign(stride, product(channelBytes, i32(parts))),
        ...assign(
          at,
          sum(
            from,
            product(sum(product(image, size), before, i32(part)), channelBytes),
            floats(product(head, get(this.size))),
          ),
        ),
      ];
    };
    const isMode = (mode: Mode): Code => [...get(this.mode), ...i32(MODES[mode]), ...i32Equal];
    const [queries, keys, none] = [get(this.queries), get(this.keys), i32(0)];
    const twice = (count: Code): Code => [...count, ...i32(1), ...i32ShiftLeft];
    const three = [product(queries, i32(3)), none] as const;
    const one = [queries, none] as const;
    const two = [twice(keys), none] as const;
    const all = sum(queries, twice(keys));
    return [
      ...assign(this.mask, field("bias")),
      ...isMode("self"),
      ...when(
        place("queries", field("query"), [3, 0], three),
        place("keys", field("query"), [3, 1], three),
        place("values", field("query"), [3, 2], three),
        place("output", field("output"), [1, 0], one),
      ),
      ...isMode("selfGradient"),
      ...when(
        place("queries", field("value"), [3, 0], three),
        place("keys", field("value"), [3, 1], three),
        place("values", field("value"), [3, 2], three),
        place("outputGradient", field("query"), [1, 0], one),
        place("attended", field("key"), [1, 0], one),
        place("output", field("output"), [3, 0], three),
        place("keysGradient", field("output"), [3, 1], three),
        place("valuesGradient", field("output"), [3, 2], three),
      ),
      ...isMode("cross"),
      ...when(
        place("queries", field("value"), [1, 0], one),
        place("keys", field("query"), [2, 0], two),
        place("values", field("query"), [2, 1], two),
        place("output", field("output"), [1, 0], one),
      ),
      ...isMode("crossGradient"),
      ...when(
        place("queries", field("query"), [1, 0], one),
        place("outputGradient", field("key"), [1, 0], one),
        place("keys", field("bias"), [2, 0], two),
        place("values", field("bias"), [2, 1], two),
        place("output", field("output"), [1, 0], [all, none]),
        place("keysGradient", field("output"), [2, 0], [all, queries]),
        place("valuesGradient", field("output"), [2, 1], [all, queries]),
      ),
    ];
  }
}

export type Place =
  | "queries"
  | "keys"
  | "values"
  | "output"
  | "outputGradient"
  /** What attention gave; of self-attention alone. */
  | "attended"
  | "keysGradient"
  | "valuesGradient";
