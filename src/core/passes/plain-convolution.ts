/** @file Convolutions that the studio's own operators can be. */
import { intAttribute, intsAttribute, stringAttribute } from "../onnx/attributes.ts";
import type { Node } from "../onnx/graph.ts";
import { sameDims } from "../tensor/shape.ts";

/** So many pixels of zeros around, one result a pixel, all channels together. */
export function isPlainConvolution(node: Node, around: number): boolean {
  const are = (name: string, value: number, count: number): boolean => {
    const values = Array.from({ length: count }, () => value);
    return sameDims(intsAttribute(node, name, values), values);
  };
  return (
    intAttribute(node, "group", 1) === 1 &&
    stringAttribute(node, "auto_pad", "NOTSET") === "NOTSET" &&
    sameDims(
      intsAttribute(node, "pads", [0, 0, 0, 0]),
      [0, 0, 0, 0].map(() => around),
    ) &&
    are("strides", 1, 2) &&
    are("dilations", 1, 2)
  );
}
