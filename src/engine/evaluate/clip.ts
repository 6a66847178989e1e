/** @file A model's CLIP: pictures and captions as unit vectors whose cosine says how well they match. */
import { StudioError } from "../../core/errors.ts";
import { averagePool2x2, squareOf } from "../../core/image/geometry.ts";
import type { Planes } from "../../core/image/pixels.ts";
import { resize } from "../../core/image/resize.ts";
import { decodeModel } from "../../core/onnx/codec.ts";
import { graphFromModel } from "../../core/onnx/from-proto.ts";
import { simplify } from "../../core/passes/simplify.ts";
import { specialise } from "../../core/passes/specialise.ts";
import { widen } from "../../core/passes/widen.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import { externalReader, type ModelFiles, readJson } from "../../hub/model-files.ts";
import type { Runtime } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
import type { HostTensor } from "../tensor.ts";

export interface Clip {
  /** Height and width that pictures are reduced to. */
  readonly imageSize: number;
  /** Unit vectors [D] of pictures [3, H, W] in [-1, 1] of any size. */
  embedImages(pictures: readonly Planes[]): Promise<Float32Array[]>;
  /** Unit vectors [D] of captions, each as its 77 token ids. */
  embedTexts(ids: readonly Int32Array[]): Promise<Float32Array[]>;
  release(): Promise<void>;
}

/**
 * Opens the two encoders in the model's folder clip/.
 * @throws StudioError "model-unsupported" where the model comes without a CLIP
 */
export async function openClip(files: ModelFiles, runtime: Runtime): Promise<Clip> {
  const imageSize = await readImageSize(files);
  const imageDims = [1, 3, imageSize, imageSize];
  const textDims = [1, CLIP_TOKENS];
  const images = await openEncoder(files, runtime, "image_encoder", "pixel_values", imageDims);
  const texts = await openEncoder(files, runtime, "text_encoder", "input_ids", textDims).catch(
    async (error: unknown) => {
      await images.release();
      throw error;
    },
  );
  const embed = async (session: Session, input: string, tensor: HostTensor) =>
    unit((await session.runOne({ [input]: tensor })).data);
  return {
    imageSize,
    async embedImages(pictures) {
      const vectors: Float32Array[] = [];
      for (const picture of pictures) {
        const { data } = reduced(picture, imageSize);
        vectors.push(await embed(images, "pixel_values", { dims: imageDims, data }));
      }
      return vectors;
    },
    async embedTexts(ids) {
      const vectors: Float32Array[] = [];
      for (const data of ids) {
        vectors.push(await embed(texts, "input_ids", { dims: textDims, data }));
      }
      return vectors;
    },
    async release() {
      await images.release();
      await texts.release();
    },
  };
}

/**
 * The middle square of a picture at CLIP's size: averaged over 2 x 2 where that gives it, because the default model's
 * CLIP was trained so, and else resized, as CLIP's own preprocessing does.
 */
function reduced(picture: Planes, size: number): Planes {
  const square = squareOf(picture);
  switch (square.width) {
    case size:
      return square;
    case 2 * size:
      return averagePool2x2(square);
    default:
      return resize(square, size, size, "bicubic");
  }
}

function unit(data: HostTensor["data"]): Float32Array {
  const vector = Float32Array.from(data);
  const norm = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return vector.map((x) => x / norm);
}

async function readImageSize(files: ModelFiles): Promise<number> {
  if ((await files.read("clip/config.json")) === null) {
    throw new StudioError(
      "model-unsupported",
      "This model comes without a CLIP (a folder clip/), which scores are made with; evaluate with one that has it, such as toybox-256.",
    );
  }
  const config = await readJson(files, "clip/config.json");
  const size = field(field(config, "vision_config"), "image_size");
  if (typeof size === "number" && Number.isInteger(size) && size > 0) return size;
  throw new StudioError(
    "model-unsupported",
    "The model's clip/config.json names no vision_config.image_size; fetch the file again.",
  );
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

async function openEncoder(
  files: ModelFiles,
  runtime: Runtime,
  part: "image_encoder" | "text_encoder",
  input: string,
  dims: readonly number[],
): Promise<Session> {
  const path = `clip/${part}.onnx`;
  const bytes = await files.read(path);
  if (bytes === null) {
    throw new StudioError(
      "model-unsupported",
      `The model's CLIP has no "${path}"; fetch it again.`,
    );
  }
  const graph = graphFromModel(decodeModel(bytes, `"${path}"`));
  const fixed = simplify(specialise(widen(graph), { [input]: { dims } }));
  return Session.create(runtime, fixed, externalReader(files, "clip"), {
    name: `CLIP's ${part.replace("_", " ")}`,
    // The end mark is looked for with integers (ArgMax, GatherND), which onnxruntime's WebGPU has no kernels for.
    hostNodes: true,
  });
}
