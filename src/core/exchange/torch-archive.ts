/** @file Reads what torch.save writes (.bin, .pt, .pth, .ckpt): a zip archive of one pickle and the tensors' numbers. */
import { readPickle } from "./pickle-read.ts";
import type { PickleValue } from "./pickle-values.ts";
import { damagedFile, refusal } from "./refuse.ts";
import { readStoredZip } from "./zip-read.ts";

const PICKLE = "data.pkl";

export function isZip(file: Uint8Array): boolean {
  return [0x50, 0x4b, 0x03, 0x04].every((byte, i) => file[i] === byte);
}

/** A pickle without an archive around it: torch's format before 1.6, or no weights at all. */
export function isBarePickle(file: Uint8Array): boolean {
  return file[0] === 0x80 && file[1]! >= 2 && file[1]! <= 5;
}

/**
 * The pickled value; its tensors are views of `file`.
 * @throws StudioError "invalid-input" where the file is damaged, older than torch 1.6, of a big-endian machine, or
 *   asks for more than plain data and tensors
 */
export function readTorchArchive(file: Uint8Array): PickleValue {
  if (!isZip(file)) throw isBarePickle(file) ? legacy() : damagedFile("it is no zip archive");
  const entries = readStoredZip(file);
  const pickles = [...entries.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  const [path] = pickles;
  if (path === undefined || pickles.length > 1) {
    throw refusal(
      `This zip archive is not a PyTorch file: it has ${path === undefined ? "no" : "more than one"} data.pkl; choose a file that torch.save wrote.`,
    );
  }
  const folder = path.slice(0, -PICKLE.length);
  if (entries.has(`${folder}constants.pkl`)) {
    throw refusal(
      "This is a TorchScript program, not a file of weights; save its state_dict() with torch.save.",
    );
  }
  const order = entries.get(`${folder}byteorder`);
  if (order !== undefined && String.fromCharCode(...order.subarray(0, 10)) !== "little") {
    throw refusal("This file was written on a big-endian machine; save it again on another.");
  }
  return readPickle(entries.get(path)!, (key) => entries.get(`${folder}data/${key}`));
}

function legacy() {
  return refusal(
    "This PyTorch file is in the format from before torch 1.6, a bare pickle, which the studio does not read; load it with a newer torch and save it again with torch.save.",
  );
}
