/** @file What diffusers and transformers have called the same parameter over the years. */

/** Attention of the VAE was a class of its own until diffusers 0.18, and is in most published weights. */
const OLD_ATTENTION: readonly (readonly [now: string, before: string])[] = [
  [".to_q.", ".query."],
  [".to_k.", ".key."],
  [".to_v.", ".value."],
  [".to_out.0.", ".proj_attn."],
];

/** Names of a UNet's parameter. */
export const unetNames = (name: string): readonly string[] => [name];

/** Names of a VAE's parameter, the present one first. */
export function vaeNames(name: string): readonly string[] {
  const pair = OLD_ATTENTION.find(([now]) => name.includes(now));
  return pair === undefined ? [name] : [name, name.replace(...pair)];
}

/** CLIPTextModel keeps everything in a module `text_model`, until transformers 5. */
export const textNames = (name: string): readonly string[] => [`text_model.${name}`, name];
