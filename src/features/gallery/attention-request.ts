/** @file What the engine needs to sample an image of the gallery again, or why it cannot be the same image any more. */
import type { ImageSettings } from "../../core/image/image-settings.ts";
import type { AttentionJob } from "../../rpc/contracts.ts";

type AttentionRequest = Omit<AttentionJob, "job">;

/** What is at hand to sample with. */
export interface AtHand {
  /** Null while none is open. */
  readonly model: { readonly id: string; readonly fingerprint: string } | null;
  /** Ids of stored concepts; null while they are being read. */
  readonly concepts: ReadonlySet<string> | null;
  readonly training: boolean;
}

export type Lookable =
  | { readonly kind: "ready"; readonly request: AttentionRequest }
  /** A sentence for the person; null where waiting is all that is needed. */
  | { readonly kind: "not-now"; readonly sentence: string | null };

export function attentionRequest(settings: ImageSettings, { model, ...here }: AtHand): Lookable {
  const { concepts, composition, model: painted, ...way } = settings;
  if (composition !== undefined && composition.kind !== "merged") {
    return notNow(
      "Its concepts were combined at each step, and each looked at the picture in a pass of its own: a word has no one map to show.",
    );
  }
  if (model === null || here.concepts === null) return notNow(null);
  if (painted.fingerprint !== model.fingerprint) {
    return notNow(
      `It was painted with another model (${painted.id}); open that one on the page Models to see where each word looks.`,
    );
  }
  const gone = concepts.find(({ id }) => here.concepts?.has(id) === false);
  if (gone !== undefined) {
    return notNow(
      `The concept “${gone.name}” that it was painted with is not in the studio any more, so it cannot be painted again to see where each word looks.`,
    );
  }
  if (here.training) {
    return notNow("A training run is under way; look when it has finished or is paused.");
  }
  const { prompt, negativePrompt, sampler, steps, guidance, eta, seed } = way;
  // A concept with two words is listed twice.
  const strengths = new Map(concepts.map(({ id, strength }) => [id, strength]));
  const used = [...strengths].map(([id, strength]) => ({ id, strength }));
  const request = { prompt, negativePrompt, sampler, steps, guidance, eta, seed };
  return {
    kind: "ready",
    request:
      composition === undefined
        ? { ...request, concept: used[0] ?? null }
        : { ...request, concept: null, blend: { kind: "merged", concepts: used } },
  };
}

function notNow(sentence: string | null): Lookable {
  return { kind: "not-now", sentence };
}
