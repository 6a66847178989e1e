/**
 * @file Splits one packed input into many pieces along an axis, as a tree of Splits with few outputs each: a shader
 * stage is only guaranteed eight storage buffers, and onnxruntime's WebGPU Split binds one for every output.
 */
import { ints } from "../onnx/attributes.ts";
import { type Constant, constantOf } from "../onnx/constant.ts";
import type { Node, TensorType } from "../onnx/graph.ts";

/** One buffer for the input, seven for the outputs. */
const MAX_PIECES = 7;

export interface Piece {
  readonly name: string;
  readonly width: number;
}

/** The tables of the graph under construction; new values are entered into them. */
export interface Tables {
  readonly opset: number;
  readonly types: Map<string, TensorType>;
  readonly constants: Map<string, Constant>;
}

/**
 * Nodes that cut `input` into `pieces`, in order, along `axis`. By the rule of Split, the gradient comes
 * out packed the same way.
 */
export function splitPacked(
  tables: Tables,
  input: string,
  axis: number,
  pieces: readonly Piece[],
): Node[] {
  if (pieces.length <= MAX_PIECES) return [splitNode(tables, input, axis, pieces)];
  const share = Math.ceil(pieces.length / MAX_PIECES);
  const groups: { piece: Piece; members: readonly Piece[] }[] = [];
  for (let at = 0; at < pieces.length; at += share) {
    const members = pieces.slice(at, at + share);
    const width = members.reduce((sum, member) => sum + member.width, 0);
    groups.push({ piece: { name: `${input}/group_${groups.length}`, width }, members });
  }
  const top = splitNode(
    tables,
    input,
    axis,
    groups.map((group) => group.piece),
  );
  return [
    top,
    ...groups.flatMap(({ piece, members }) => splitPacked(tables, piece.name, axis, members)),
  ];
}

function splitNode(
  { constants, opset, types }: Tables,
  input: string,
  axis: number,
  pieces: readonly Piece[],
): Node {
  const { dtype, dims } = types.get(input)!;
  for (const { name, width } of pieces) {
    types.set(name, { dtype, dims: dims.map((d, i) => (i === axis ? width : d)) });
  }
  const widths = pieces.map((piece) => piece.width);
  const node = { opType: "Split", name: `${input}/split`, outputs: pieces.map(({ name }) => name) };
  // The sizes were an attribute before operator set 13.
  if (opset < 13) {
    const attributes = new Map([
      ["axis", { type: "int", value: axis } as const],
      ["split", ints(widths)],
    ]);
    return { ...node, inputs: [input], attributes };
  }
  const sizes = `${input}/sizes`;
  constants.set(sizes, constantOf("int64", [widths.length], widths));
  return {
    ...node,
    inputs: [input, sizes],
    attributes: new Map([["axis", { type: "int", value: axis }]]),
  };
}
