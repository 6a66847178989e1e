/** @file A CLIP text encoder cut at its token embedding: `inputs_embeds` goes in, so that a modifier token is just a row. */
import { StudioError } from "../errors.ts";
import { intAttribute } from "../onnx/attributes.ts";
import { type Constant, castConstant } from "../onnx/constant.ts";
import { checkNames } from "../onnx/check.ts";
import { Emitter } from "../onnx/emit.ts";
import type { Graph, Node } from "../onnx/graph.ts";
import { gradient } from "../autodiff/gradient.ts";
import { fuse, type Fused } from "../passes/fuse.ts";
import { prune } from "../passes/prune.ts";
import { simplify } from "../passes/simplify.ts";
import { specialise } from "../passes/specialise.ts";
import { widen } from "../passes/widen.ts";
import { Wiring } from "./follow.ts";

export const EMBEDS_INPUT = "inputs_embeds";
/** Of the gradient: that of the hidden state. */
export const UPSTREAM_INPUT = "d_hidden";

export interface TextEncoder {
  /** inputs_embeds [B, L, E] in (token embeddings, positions not yet added), `hidden` [B, L, E] out. */
  readonly graph: Graph;
  /** Name of the last hidden state after the final layer norm. */
  readonly hidden: string;
  /** Token embedding table [vocabulary, E], float32. */
  readonly embeddings: Constant;
}

/** @throws StudioError "model-unsupported" where the graph has no token embedding fed by input_ids */
export function prepareTextEncoder(
  exported: Graph,
  shape: { readonly batch: number; readonly tokens: number },
): TextEncoder {
  checkNames(exported);
  const hidden = exported.outputs[0]?.name;
  const ids = exported.inputs.find(({ name }) => name === "input_ids");
  if (ids === undefined || hidden === undefined || exported.inputs.length !== 1) {
    throw new StudioError(
      "model-unsupported",
      `This ONNX file is not a CLIP text encoder: it takes ${exported.inputs.map((i) => i.name).join(", ")} where input_ids was expected; choose the model's text_encoder/model.onnx.`,
    );
  }
  const wanted = prune(widen(exported), [hidden]);
  const graph = simplify(specialise(wanted, { input_ids: { dims: [shape.batch, shape.tokens] } }));
  const gather = tokenEmbedding(new Wiring(graph));
  const embeddings = castConstant(graph.constants.get(gather.inputs[0]!)!, "float32");
  const type = {
    dtype: "float32" as const,
    dims: [shape.batch, shape.tokens, embeddings.dims[1]!],
  };
  const output = gather.outputs[0]!;
  const cut = prune({
    ...graph,
    inputs: [...graph.inputs, { name: EMBEDS_INPUT, ...type }],
    nodes: graph.nodes
      .filter((node) => node !== gather)
      .map((node) => ({
        ...node,
        inputs: node.inputs.map((name) => (name === output ? EMBEDS_INPUT : name)),
      })),
    types: new Map(graph.types).set(EMBEDS_INPUT, type),
  });
  if (cut.inputs.some(({ name }) => name === "input_ids")) {
    throw new StudioError(
      "model-unsupported",
      "The text encoder reads input_ids for more than its token embedding; export it without an attention mask.",
    );
  }
  return { graph: cut, hidden, embeddings };
}

/** The Gather on a constant table whose indices are the input ids, moved and cast at most. */
function tokenEmbedding(wiring: Wiring): Node {
  const gathers = wiring
    .endsOf("input_ids", false)
    .filter(
      ({ node, reads }) =>
        node.opType === "Gather" &&
        node.inputs[1] === reads &&
        intAttribute(node, "axis", 0) === 0 &&
        wiring.graph.constants.get(node.inputs[0]!)?.dims.length === 2,
    );
  const found = gathers[0];
  if (found === undefined || gathers.length !== 1) {
    throw new StudioError(
      "model-unsupported",
      `The text encoder has ${gathers.length} token embeddings fed by input_ids where one was expected.`,
    );
  }
  return found.node;
}

export interface TextEncoderGradient {
  /** inputs_embeds [B, L, E] and d_hidden [B, L, E] in; hidden and the gradient of inputs_embeds out. */
  readonly graph: Graph;
  readonly hidden: string;
  readonly gradient: string;
}

/**
 * The graph that carries a gradient of the hidden state back to the token embeddings.
 * @param fused operators of the studio's own that the session will have; none where left out
 */
export function textEncoderGradient(encoder: TextEncoder, fused?: Fused): TextEncoderGradient {
  const emit = new Emitter(fused === undefined ? encoder.graph : fuse(encoder.graph, fused));
  const upstream = emit.input(UPSTREAM_INPUT, emit.type(encoder.hidden));
  const result = gradient(emit.finish([encoder.hidden]), {
    of: encoder.hidden,
    seed: upstream,
    wrt: [EMBEDS_INPUT],
  });
  const name = result.gradients.get(EMBEDS_INPUT)!;
  return {
    graph: simplify(prune(result.graph, [encoder.hidden, name])),
    hidden: encoder.hidden,
    gradient: name,
  };
}
