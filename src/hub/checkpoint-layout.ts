/** @file A model in one file, as it is shared for other tools: which file of a folder it is. */
import { StudioError } from "../core/errors.ts";
import type { FolderEntry, ModelLayout } from "./model-layout.ts";

/** Where the file lies in the model that is made of it. */
export const CHECKPOINT = "checkpoint.safetensors";

/** Less than any checkpoint of a UNet, a text encoder and a VAE; LoRAs and embeddings are smaller. */
const LEAST_BYTES = 500 * 2 ** 20;

/** The layout of a checkpoint; null where there is none. */
export function findCheckpoint(entries: readonly FolderEntry[]): ModelLayout | null {
  const files = entries.filter(({ path }) => path.split("/").length <= 2);
  const checkpoints = files.filter(
    ({ path, bytes }) =>
      path.endsWith(".safetensors") && (bytes >= LEAST_BYTES || files.length === 1),
  );
  const [file, ...others] = checkpoints;
  if (file === undefined) {
    const pickle = files.find(({ path }) => path.endsWith(".ckpt"));
    if (pickle === undefined) return null;
    throw new StudioError(
      "invalid-input",
      `"${pickle.path}" is in a format that can hold programs; choose the same model as .safetensors, which most are shared as, or convert it: in Python, safetensors.torch.save_file(torch.load(FILE)["state_dict"], "model.safetensors").`,
    );
  }
  if (others.length > 0) {
    const names = checkpoints.map(({ path }) => `"${path}"`).join(", ");
    throw new StudioError(
      "invalid-input",
      `The folder holds several checkpoints (${names}); choose one file.`,
    );
  }
  const path = file.path.slice(file.path.lastIndexOf("/") + 1);
  const root = file.path.slice(0, file.path.length - path.length);
  const paths = new Set(entries.map((entry) => entry.path));
  const beside = ["studio.json", "README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"];
  return {
    name: path.replace(/\.safetensors$/, ""),
    root,
    needed: [path, ...beside.filter((one) => paths.has(root + one))],
    makesTokenizer: false,
    paintsOnly: false,
    checkpoint: path,
  };
}
