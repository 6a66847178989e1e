/** @file A text that is equal for equal attributes, to recognise an expression met before. */
import type { Attribute, Attributes } from "../onnx/attributes.ts";

let others = 0;

export function attributesKey(attributes: Attributes): string {
  return [...attributes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, attribute]) => `${name}=${valueKey(attribute)}`)
    .join(";");
}

/** Tensors and sub-graphs are never taken for equal. */
function valueKey(attribute: Attribute): string {
  return attribute.type === "tensor" || attribute.type === "other"
    ? `#${others++}`
    : JSON.stringify(attribute.value);
}
