/** @file Sliding windows along one axis: what kernel, stride, dilation and padding make of a length. */
import type { Dims } from "../../tensor/shape.ts";
import { intAttribute, intsAttribute, stringAttribute } from "../attributes.ts";
import type { Node } from "../graph.ts";
import { show } from "./operator.ts";

/** Output position o and kernel position k read input position o · stride + k · dilation - begin. */
export interface AxisWindow {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before the first element. */
  readonly begin: number;
  /** Padding after the last element. */
  readonly end: number;
}

function perAxis(node: Node, name: string, count: number, fallback: number): readonly number[] {
  const values = intsAttribute(node, name, undefined) ?? new Array<number>(count).fill(fallback);
  if (values.length !== count)
    throw new Error(`its ${name} ${show(values)} does not have ${count} numbers`);
  return values;
}

/** Windows of Conv and of the pooling operators over the spatial axes `spatial`. */
export function windowsOf(node: Node, spatial: Dims, kernel: Dims): AxisWindow[] {
  const axes = spatial.length;
  if (kernel.length !== axes) {
    throw new Error(`its kernel ${show(kernel)} does not fit the spatial axes ${show(spatial)}`);
  }
  const strides = perAxis(node, "strides", axes, 1);
  const dilations = perAxis(node, "dilations", axes, 1);
  const pads = perAxis(node, "pads", 2 * axes, 0);
  const autoPad = stringAttribute(node, "auto_pad", "NOTSET");
  if (intAttribute(node, "ceil_mode", 0) !== 0) {
    throw new Error("its ceil_mode is not 0, which the studio does not support");
  }
  return spatial.map((input, axis) => {
    const stride = strides[axis]!;
    const dilation = dilations[axis]!;
    const extent = (kernel[axis]! - 1) * dilation + 1;
    const [begin, end] = padding(autoPad, input, stride, extent, pads[axis]!, pads[axis + axes]!);
    const output = Math.floor((input + begin + end - extent) / stride) + 1;
    if (!(output >= 1)) {
      throw new Error(
        `its kernel ${show(kernel)} is larger than its padded input ${show(spatial)}`,
      );
    }
    return { input, output, kernel: kernel[axis]!, stride, dilation, begin, end };
  });
}

function padding(
  autoPad: string,
  input: number,
  stride: number,
  extent: number,
  begin: number,
  end: number,
): [begin: number, end: number] {
  switch (autoPad) {
    case "NOTSET":
      return [begin, end];
    case "VALID":
      return [0, 0];
    case "SAME_UPPER":
    case "SAME_LOWER": {
      const total = Math.max((Math.ceil(input / stride) - 1) * stride + extent - input, 0);
      const half = Math.floor(total / 2);
      return autoPad === "SAME_UPPER" ? [half, total - half] : [total - half, half];
    }
    default:
      throw new Error(`its auto_pad "${autoPad}" is not one ONNX has`);
  }
}
