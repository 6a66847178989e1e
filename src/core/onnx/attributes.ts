/** @file Attributes of a node: typed values, makers, and readers that name what is wrong. */
import { StudioError } from "../errors.ts";
import type { Constant } from "./constant.ts";
import type { AttributeProto } from "./proto/onnx_pb.ts";

export type Attribute =
  | { readonly type: "int"; readonly value: number }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "ints"; readonly value: readonly number[] }
  | { readonly type: "floats"; readonly value: readonly number[] }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "tensor"; readonly value: Constant }
  /** Anything else (sub-graphs, references), carried through untouched. */
  | { readonly type: "other"; readonly value: AttributeProto };

export type Attributes = ReadonlyMap<string, Attribute>;

export const int = (value: number): Attribute => ({ type: "int", value });
export const float = (value: number): Attribute => ({ type: "float", value });
export const string = (value: string): Attribute => ({ type: "string", value });
export const ints = (value: readonly number[]): Attribute => ({ type: "ints", value });

/** Attributes from an object, in its order. */
export function attributes(entries: Readonly<Record<string, Attribute>>): Attributes {
  return new Map(Object.entries(entries));
}

interface Bearer {
  readonly opType: string;
  readonly name: string;
  readonly attributes: Attributes;
}

/** The attribute where the node has it in the wanted type; undefined where it has none. */
function read<T extends Attribute["type"]>(
  node: Bearer,
  name: string,
  type: T,
): Extract<Attribute, { type: T }> | undefined {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return undefined;
  if (isOf(attribute, type)) return attribute;
  throw new StudioError(
    "model-corrupt",
    `Attribute "${name}" of ${node.opType} "${node.name}" is a ${attribute.type}, not a ${type}; export the model again.`,
  );
}

function isOf<T extends Attribute["type"]>(
  attribute: Attribute,
  type: T,
): attribute is Extract<Attribute, { type: T }> {
  return attribute.type === type;
}

export const intAttribute = <D>(node: Bearer, name: string, fallback: D): number | D =>
  read(node, name, "int")?.value ?? fallback;
export const floatAttribute = <D>(node: Bearer, name: string, fallback: D): number | D =>
  read(node, name, "float")?.value ?? fallback;
export const stringAttribute = <D>(node: Bearer, name: string, fallback: D): string | D =>
  read(node, name, "string")?.value ?? fallback;
export const intsAttribute = <D>(node: Bearer, name: string, fallback: D): readonly number[] | D =>
  read(node, name, "ints")?.value ?? fallback;
export const tensorAttribute = <D>(node: Bearer, name: string, fallback: D): Constant | D =>
  read(node, name, "tensor")?.value ?? fallback;
