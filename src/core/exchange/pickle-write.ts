/** @file Writes pickles of weights, protocol 2, as torch.load(weights_only=True) reads them. */
import { elementCount, stridesOf } from "../tensor/shape.ts";

/** What a file of weights is made of; a Map is written as a dict, in its own order. */
export type TorchValue = string | number | TorchTensor | ReadonlyMap<string, TorchValue>;

export interface TorchTensor {
  readonly dtype: "float32" | "float16";
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

const STORAGES = { float32: "FloatStorage", float16: "HalfStorage" } as const;

/**
 * @param store keeps a tensor's numbers and returns the key of their storage
 * @throws RangeError where values do not fill their shape
 */
export function writePickle(
  value: TorchValue,
  store: (tensor: TorchTensor) => string,
): Uint8Array<ArrayBuffer> {
  const out = new PickleWriter();
  out.byte(0x80, 2); // PROTO 2
  writeValue(out, value, store);
  out.byte(0x2e); // STOP
  return out.bytes();
}

function writeValue(
  out: PickleWriter,
  value: TorchValue,
  store: (tensor: TorchTensor) => string,
): void {
  if (typeof value === "string") out.text(value);
  else if (typeof value === "number") out.number(value);
  else if (isMap(value)) {
    out.byte(0x7d, 0x28); // EMPTY_DICT MARK
    for (const [key, item] of value) {
      out.text(key);
      writeValue(out, item, store);
    }
    out.byte(0x75); // SETITEMS
  } else writeTensor(out, value, store(value));
}

/** `_rebuild_tensor_v2(storage, 0, size, stride, False, OrderedDict())`. */
function writeTensor(out: PickleWriter, { dtype, dims, values }: TorchTensor, key: string): void {
  if (elementCount(dims) !== values.length) {
    throw new RangeError(`${values.length} values do not fill [${dims.join(", ")}]`);
  }
  out.global("torch._utils", "_rebuild_tensor_v2");
  out.byte(0x28, 0x28); // MARK MARK
  out.text("storage");
  out.global("torch", STORAGES[dtype]);
  out.text(key);
  out.text("cpu");
  out.number(values.length);
  out.byte(0x74, 0x51); // TUPLE BINPERSID
  out.number(0);
  out.counts(dims);
  out.counts(stridesOf(dims));
  out.byte(0x89); // NEWFALSE
  out.global("collections", "OrderedDict");
  out.byte(0x29, 0x52); // EMPTY_TUPLE REDUCE
  out.byte(0x74, 0x52); // TUPLE REDUCE
}

class PickleWriter {
  private readonly written: number[] = [];

  byte(...bytes: readonly number[]): void {
    for (const byte of bytes) this.written.push(byte);
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.byte(0x58); // BINUNICODE
    this.u32(bytes.length);
    this.byte(...bytes);
  }

  global(module: string, name: string): void {
    this.byte(0x63, ...new TextEncoder().encode(`${module}\n${name}\n`)); // GLOBAL
  }

  number(value: number): void {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31 && !Object.is(value, -0)) {
      this.byte(0x4a); // BININT
      this.u32(value);
      return;
    }
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    this.byte(0x47, ...new Uint8Array(view.buffer)); // BINFLOAT
  }

  counts(counts: readonly number[]): void {
    this.byte(0x28); // MARK
    for (const count of counts) this.number(count);
    this.byte(0x74); // TUPLE
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.written);
  }

  private u32(value: number): void {
    this.byte(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >>> 24) & 0xff);
  }
}

function isMap(
  value: TorchTensor | ReadonlyMap<string, TorchValue>,
): value is ReadonlyMap<string, TorchValue> {
  return value instanceof Map;
}
