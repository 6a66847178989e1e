/** @file The names that a pickle of weights may ask for, and what they do here: nothing of torch or Python is run. */
import { byteSize, type DType } from "../tensor/dtype.ts";
import { elementCount } from "../tensor/shape.ts";
import {
  type AllowedFunction,
  isDict,
  kindOf,
  type PickleGlobal,
  type PickleValue,
  type Storage,
} from "./pickle-values.ts";
import { damagedFile, quoted, refusal } from "./refuse.ts";
import { isTensor, type SourceTensor } from "./source-tensor.ts";

/** torch.…Storage, by what is stored. */
const STORAGE_TYPES: ReadonlyMap<string, DType> = new Map<string, DType>([
  ["torch.FloatStorage", "float32"],
  ["torch.HalfStorage", "float16"],
  ["torch.BFloat16Storage", "bfloat16"],
  ["torch.DoubleStorage", "float64"],
  ["torch.LongStorage", "int64"],
  ["torch.IntStorage", "int32"],
  ["torch.ShortStorage", "int16"],
  ["torch.CharStorage", "int8"],
  ["torch.ByteStorage", "uint8"],
  ["torch.BoolStorage", "bool"],
]);

type Arguments = readonly PickleValue[];

const FUNCTIONS = {
  "collections.OrderedDict": orderedDict,
  "torch._utils._rebuild_tensor_v2": rebuildTensor,
  "torch._utils._rebuild_parameter": rebuildParameter,
} as const satisfies Record<AllowedFunction, (args: Arguments) => PickleValue>;

/** Axes of a tensor; the layers' weights have two. Bounds the work that a tuple of sizes is good for. */
const MAX_RANK = 8;

/** @throws StudioError "invalid-input" naming what is asked for, where that is none of the few allowed names */
export function resolveGlobal(module: string, name: string): PickleGlobal {
  const full = `${module}.${name}`;
  const dtype = STORAGE_TYPES.get(full);
  if (dtype !== undefined) return { kind: "storage-type", dtype };
  if (Object.hasOwn(FUNCTIONS, full)) return { kind: "function", name: full as AllowedFunction };
  throw refusal(
    `This file is not opened: it asks for ${quoted(full)}, which a file of weights has no use for; it was not run. Ask whoever made the file for safetensors.`,
  );
}

/** REDUCE: calls one of the allowed functions. */
export function callFunction(target: PickleValue, args: PickleValue): PickleValue {
  if (typeof target !== "object" || target === null || !("kind" in target))
    throw notCallable(target);
  if (target.kind !== "function") throw notCallable(target);
  return FUNCTIONS[target.name](itemsOf(args));
}

function orderedDict(args: Arguments): PickleValue {
  if (args.length > 0) throw damagedFile("an OrderedDict is made of other things than its items");
  return new Map();
}

/** A parameter is its tensor: (data, requires_grad, backward_hooks). */
function rebuildParameter([data]: Arguments): PickleValue {
  if (!isTensor(data)) throw damagedFile(`a parameter is ${kindOf(data)}`);
  return data;
}

/** (storage, offset, size, stride, requires_grad, backward_hooks, …): a view that has to lie within its storage. */
function rebuildTensor([storage, offset, size, stride]: Arguments): SourceTensor {
  if (!isStorage(storage)) throw damagedFile(`a tensor is made of ${kindOf(storage)}`);
  const [dims, strides] = [countsOf(size), countsOf(stride)];
  if (!isCount(offset) || dims.length !== strides.length)
    throw damagedFile("a tensor has no shape");
  const count = elementCount(dims);
  // An expanded tensor (stride 0) would be larger than what is stored of it.
  if (!(count <= storage.count)) {
    throw damagedFile(`a tensor of shape [${dims.join(", ")}] has ${storage.count} numbers`);
  }
  const last = dims.reduce((at, d, axis) => at + (d - 1) * strides[axis]!, offset);
  if (count > 0 && !(last < storage.count)) throw damagedFile("a tensor lies outside its storage");
  const { dtype, bytes } = storage;
  return { kind: "tensor", dtype, dims, strides, offset, bytes };
}

/** A persistent id: ("storage", type, key, location, count). */
export function loadStorage(
  id: PickleValue,
  bytesOf: (key: string) => Uint8Array | undefined,
): Storage {
  const [tag, type, key, , count] = itemsOf(id);
  if (tag !== "storage" || typeof key !== "string" || !isCount(count) || !isStorageType(type)) {
    throw damagedFile("a tensor's storage has no proper name");
  }
  const bytes = bytesOf(key);
  if (bytes === undefined) throw damagedFile(`the numbers ${quoted(key)} are missing`);
  const { dtype } = type;
  if (bytes.byteLength !== count * byteSize(dtype)) {
    throw damagedFile(
      `the numbers ${quoted(key)} are ${bytes.byteLength} bytes, not ${count} ${dtype}`,
    );
  }
  return { kind: "storage", dtype, count, bytes };
}

function itemsOf(value: PickleValue): Arguments {
  if (value === null || typeof value !== "object" || Array.isArray(value) || isDict(value)) {
    throw damagedFile(`${kindOf(value)} stands where a tuple was expected`);
  }
  if (value.kind !== "tuple") throw damagedFile(`${kindOf(value)} stands in place of a tuple`);
  return value.items;
}

function countsOf(value: PickleValue | undefined): number[] {
  const items = itemsOf(value ?? null);
  if (items.length > MAX_RANK || !items.every(isCount)) throw damagedFile("a tensor has no shape");
  return items.slice();
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isStorage(value: PickleValue | undefined): value is Storage {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "storage";
}

function isStorageType(
  value: PickleValue | undefined,
): value is Extract<PickleGlobal, { kind: "storage-type" }> {
  return (
    typeof value === "object" && value !== null && "kind" in value && value.kind === "storage-type"
  );
}

function notCallable(value: PickleValue) {
  return damagedFile(`${kindOf(value)} is called like a function`);
}
