/** @file Writes weights as torch.save does: a zip archive of one pickle and the tensors' numbers. */
import { narrowToHalf } from "../tensor/half.ts";
import { type TorchTensor, type TorchValue, writePickle } from "./pickle-write.ts";
import { writeStoredZip } from "./zip-write.ts";

/** torch names it after the file; readers take any. */
const FOLDER = "archive";

/**
 * What torch.load(weights_only=True) reads. Deterministic: equal values are equal bytes.
 * @throws RangeError where values do not fill their shape, or the file would be larger than 4 GB
 */
export function writeTorchArchive(value: TorchValue): Uint8Array<ArrayBuffer> {
  const storages: Uint8Array[] = [];
  const pickle = writePickle(value, (tensor) => {
    storages.push(bytesOf(tensor));
    return String(storages.length - 1);
  });
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const entry = (name: string, bytes: Uint8Array) => [`${FOLDER}/${name}`, bytes] as const;
  return writeStoredZip([
    entry("data.pkl", pickle),
    entry(".format_version", text("1")),
    entry(".storage_alignment", text("64")),
    entry("byteorder", text("little")),
    ...storages.map((bytes, key) => entry(`data/${key}`, bytes)),
    entry("version", text("3\n")),
  ]);
}

/** Typed arrays are little-endian wherever the studio runs, as safetensors-values says. */
function bytesOf({ dtype, values }: TorchTensor): Uint8Array {
  if (dtype === "float16") return new Uint8Array(narrowToHalf(values).buffer);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
