/**
 * @file The original's `delta.bin` for diffusers: {'unet': {name: W}, 'modifier_token': {token: row}}, and its
 * compressed form, which has {'u': U·S, 'v': Vᵀ} of W - W0 in place of W.
 */
import type { Exchanged, ExchangedContent, ExchangedWeight } from "./exchanged.ts";
import { isProjection } from "./parameter-names.ts";
import type { TorchValue } from "./pickle-write.ts";
import { readDeltaWeight, readRow, refuseOthers } from "./read-weights.ts";
import { refusal } from "./refuse.ts";
import { dictAt, named, type SourceFile } from "./source-file.ts";
import { writeTorchArchive } from "./torch-archive-write.ts";
import { required, torchTensor } from "./write-weights.ts";

export function readDelta({ root, reader }: SourceFile): Exchanged {
  if (root.has("text_encoder")) {
    throw refusal(
      "This file also changes the text encoder, and a concept of the studio only cross-attention and tokens; train it without --train_text_encoder.",
    );
  }
  const unet = named(dictAt(root, "unet"));
  refuseOthers(unet.map(([name]) => name).filter((name) => !isProjection(name)));
  const tokens = named(dictAt(root, "modifier_token"));
  return {
    format: "delta",
    weights: new Map(unet.map(([name, value]) => [name, readDeltaWeight(reader, name, value)])),
    tokens: new Map(tokens.map(([token, value]) => [token, readRow(reader, token, value)])),
  };
}

/**
 * Whole weights, or, of factors, the compressed form.
 * @throws StudioError "invalid-input" where a weight is a plain difference
 */
export function writeDelta({ weights, tokens }: ExchangedContent): Uint8Array<ArrayBuffer> {
  const rows = [...tokens].map(([token, row]) => [token, torchTensor([row.length], row)] as const);
  return writeTorchArchive(
    new Map<string, TorchValue>([
      ["unet", new Map([...weights].map(([name, weight]) => [name, deltaWeight(name, weight)]))],
      ["modifier_token", new Map(rows)],
    ]),
  );
}

/** A weight as the original's files have it. */
export function deltaWeight(name: string, weight: ExchangedWeight): TorchValue {
  if (weight.kind !== "factors") {
    const { dims, values } = required(weight, "full", name, "The original's delta file");
    return torchTensor(dims, values);
  }
  const { dims, up, down, rank } = weight;
  return new Map([
    ["u", torchTensor([dims[0], rank], up)],
    ["v", torchTensor([rank, dims[1]], down)],
  ]);
}
