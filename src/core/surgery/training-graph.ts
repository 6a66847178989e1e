/**
 * @file The training graph: forward pass, masked loss and the gradient of the packed K/V in one ONNX graph.
 *
 *   loss_b  = sum over c,h,w of loss_weight[b,0,h,w] · (prediction - target)²[b,c,h,w]
 *   total   = sum over b of loss_b
 *
 * With loss_weight = mask / (C · Σ mask · B) this is the mean over the batch of each sample's masked mean squared
 * error (Custom Diffusion, eq. 2 with the masks of its augmentation; diffusers train_custom_diffusion.py).
 */
import { int } from "../onnx/attributes.ts";
import { Emitter } from "../onnx/emit.ts";
import type { Graph } from "../onnx/graph.ts";
import { gradient, type GradientReport } from "../autodiff/gradient.ts";
import { chunkAttention } from "../passes/chunk-attention.ts";
import { fuse, type Fused } from "../passes/fuse.ts";
import { halfPrecision } from "../passes/half-precision.ts";
import { prune } from "../passes/prune.ts";
import { recompute } from "../passes/recompute.ts";
import { simplify } from "../passes/simplify.ts";
import type { Precision } from "../precision.ts";
import { KV_INPUT } from "./expose-kv.ts";
import { QUERY_OUT_INPUT } from "./expose-query-out.ts";
import type { Unet, UnetOptions } from "./unet.ts";

export interface TrainingGraph {
  /**
   * Inputs: the UNet's, target [B, C, H, W], loss_weight [B, 1, H, W] and loss_scale [] (1 unless half precision needs more).
   * Outputs: `prediction`, `loss` and `gradients`, the latter multiplied by loss_scale.
   */
  readonly graph: Graph;
  readonly prediction: string;
  /** Loss of each sample [B]; they add up to the total. */
  readonly loss: string;
  /** Gradient of the total for each trained input, by input name: `kv` [B, L, S] and, in the face mode, `query_out` [N]. */
  readonly gradients: ReadonlyMap<string, string>;
  readonly report: GradientReport;
}

export interface TrainingGraphOptions extends Pick<UnetOptions, "simplify"> {
  /** False: SiLU, GELU and GroupNorm are differentiated node by node. */
  readonly composites?: boolean;
  /** Attention whose scores take more bytes than this is computed a few heads at a time; never where left out. */
  readonly attentionBytes?: number | undefined;
  /** Parts in which the forward pass is computed again for the backward pass; 1, which keeps it all, where left out. */
  readonly segments?: number;
  /** Operators of the studio's own that the session will have; none where left out. */
  readonly fused?: Fused | undefined;
  /** Of weights and activations; inputs, outputs and the loss are float32 in either case. "float32" where left out. */
  readonly precision?: Precision | undefined;
}

/** Inputs that the loss is computed with. */
const [TARGET, LOSS_WEIGHT, LOSS_SCALE] = ["target", "loss_weight", "loss_scale"] as const;

export function trainingGraph(unet: Unet, options: TrainingGraphOptions = {}): TrainingGraph {
  const emit = new Emitter(
    options.fused === undefined ? unet.graph : fuse(unet.graph, options.fused),
  );
  const { dtype, dims } = emit.type(unet.prediction);
  const [batch, , height, width] = dims as readonly [number, number, number, number];
  const target = emit.input(TARGET, { dtype, dims });
  const weight = emit.input(LOSS_WEIGHT, { dtype, dims: [batch, 1, height, width] });
  const scale = emit.input(LOSS_SCALE, { dtype, dims: [] });
  const difference = emit.op("Sub", [unet.prediction, target]);
  const weighted = emit.op("Mul", [emit.op("Mul", [difference, difference]), weight]);
  const keep = { keepdims: int(0) };
  const loss = emit.op("ReduceSum", [weighted, emit.ints([1, 2, 3])], keep);
  const total = emit.op("ReduceSum", [loss, emit.ints([0])], keep);
  const forward = emit.finish([unet.prediction, loss, total]);
  const wrt = unet.queryOut === undefined ? [KV_INPUT] : [KV_INPUT, QUERY_OUT_INPUT];
  const result = gradient(forward, {
    of: total,
    seed: scale,
    wrt,
    composites: options.composites ?? options.simplify !== false,
    attentionBytes: options.attentionBytes,
  });
  const outputs = [unet.prediction, loss, ...wrt.map((name) => result.gradients.get(name)!)];
  const wanted = prune(result.graph, outputs);
  const clean = options.simplify === false ? wanted : simplify(wanted);
  const whole =
    options.attentionBytes === undefined ? clean : chunkAttention(clean, options.attentionBytes);
  const mixed =
    options.precision === "float16"
      ? halfPrecision(whole, { exact: [TARGET, LOSS_WEIGHT, LOSS_SCALE] })
      : whole;
  return {
    graph: recompute(mixed, {
      forward: [unet.prediction, loss],
      from: "sample",
      segments: options.segments ?? 1,
    }),
    prediction: unet.prediction,
    loss,
    gradients: result.gradients,
    report: result.report,
  };
}
