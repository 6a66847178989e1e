/** @file A half of the VAE, as a session gets it: float32, static, simplified. */
import { StudioError } from "../errors.ts";
import type { Graph } from "../onnx/graph.ts";
import { simplify } from "../passes/simplify.ts";
import { specialise } from "../passes/specialise.ts";
import { widen } from "../passes/widen.ts";
import type { Dims } from "../tensor/shape.ts";

export type VaePart = "vae_encoder" | "vae_decoder";

export interface Vae {
  readonly graph: Graph;
  /** Name of its one input. */
  readonly input: string;
}

/**
 * @param dims of what goes in: pictures [B, 3, H, W] or latents [B, 4, H / 8, W / 8]
 * @throws StudioError "model-unsupported" where it takes more than one input
 */
export function prepareVae(exported: Graph, part: VaePart, dims: Dims): Vae {
  const [input] = exported.inputs;
  if (input === undefined || exported.inputs.length !== 1) {
    throw new StudioError(
      "model-unsupported",
      `The model's ${part}/model.onnx takes ${exported.inputs.length} inputs where one was expected; export it with optimum.`,
    );
  }
  const graph = simplify(specialise(widen(exported), { [input.name]: { dims } }));
  return { graph, input: input.name };
}
