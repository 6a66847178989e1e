/** @file What a pickle of weights may be made of; everything else in pickles is refused. */
import type { DType } from "../tensor/dtype.ts";
import type { SourceTensor } from "./source-tensor.ts";

export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickleValue[]
  | PickleDict
  | PickleTuple
  | PickleGlobal
  | Storage
  | SourceTensor;

/** Python's dict and OrderedDict: a Map, which has no key "__proto__". */
export type PickleDict = Map<PickleKey, PickleValue>;
export type PickleKey = string | number | boolean | null;

/** A tuple; a list is an array. */
export interface PickleTuple {
  readonly kind: "tuple";
  readonly items: readonly PickleValue[];
}

/** One of the few names that a pickle may ask for: a function, or the element type of a storage. */
export type PickleGlobal =
  | { readonly kind: "function"; readonly name: AllowedFunction }
  | { readonly kind: "storage-type"; readonly dtype: DType };

export type AllowedFunction =
  "collections.OrderedDict" | "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_parameter";

/** The numbers of one or several tensors, which lie beside the pickle in the archive. */
export interface Storage {
  readonly kind: "storage";
  readonly dtype: DType;
  readonly count: number;
  readonly bytes: Uint8Array;
}

export function isDict(value: PickleValue | undefined): value is PickleDict {
  return value instanceof Map;
}

/** A value's kind, as it can stand in a sentence. */
export function kindOf(value: PickleValue | undefined): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (isDict(value)) return "a dictionary";
  if (typeof value === "object") return `a ${value.kind}`;
  return `a ${typeof value}`;
}
