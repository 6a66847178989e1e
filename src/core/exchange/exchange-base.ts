/** @file The open model, as far as files of other tools have to do with it. */
import type { BaseModel } from "../concept/concept.ts";
import {
  type ConceptLayout,
  kvTensors,
  type LayerTensor,
  queryOutTensors,
} from "../concept/layer-tensors.ts";

export interface ExchangeBase {
  readonly baseModel: BaseModel;
  /** With `queryOut` for concepts of face mode. */
  readonly layout: ConceptLayout;
  /** Frozen packed K/V weights [E, S]. */
  readonly kvWeights: Float32Array;
  /** Frozen flat query_out [N]; for whole weights of face mode only. */
  readonly queryOutWeights?: Float32Array | undefined;
}

/** A parameter, the frozen vector that it lies in, and which of a concept's differences that is. */
export interface Place {
  readonly tensor: LayerTensor;
  readonly frozen: Float32Array | undefined;
  readonly part: "kv" | "query-out";
}

/** The parameters of a mode, K/V first. Without `layout.queryOut` there are none of face mode's. */
export function placesOf(base: ExchangeBase, face: boolean): Place[] {
  const { layout, kvWeights, queryOutWeights } = base;
  const kv = kvTensors(layout).map((tensor): Place => ({ tensor, frozen: kvWeights, part: "kv" }));
  if (!face || layout.queryOut === undefined) return kv;
  const queryOut = queryOutTensors(layout.queryOut, layout.names).map((tensor): Place => ({
    tensor,
    frozen: queryOutWeights,
    part: "query-out",
  }));
  return [...kv, ...queryOut];
}
