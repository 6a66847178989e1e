/** @file A model's parameters by name, as the builders ask for them: what is there, of which shape, and what nobody asked for. */
import { StudioError } from "../errors.ts";
import { type Constant, reshapeConstant } from "../onnx/constant.ts";
import { elementCount, sameDims, type Dims } from "../tensor/shape.ts";

/** The parameter of this name in diffusers or transformers, of these dims. */
export type Weights = (name: string, dims: Dims) => Constant;

/** What a file or several hold: descriptions of tensors by the file's own names. */
export type StoredTensors = ReadonlyMap<string, Constant>;

export interface StoredWeights {
  readonly weights: Weights;
  /** Tensors that have not been asked for, by the file's own names. */
  unread(): string[];
}

/**
 * Weights out of a file.
 * @param namesOf what the file may call a parameter, the likeliest first
 * @param where names the file in errors
 * @throws StudioError "model-corrupt", when it is asked for, where a parameter is missing or of another shape
 */
export function storedWeights(
  tensors: StoredTensors,
  namesOf: (name: string) => readonly string[],
  where: string,
): StoredWeights {
  const read = new Set<string>();
  return {
    weights(name, dims) {
      const found = namesOf(name).find((one) => tensors.has(one));
      const constant = found === undefined ? undefined : tensors.get(found);
      if (found === undefined || constant === undefined) {
        throw new StudioError(
          "model-corrupt",
          `${where} has no parameter "${name}", which its configuration asks for; fetch the model again.`,
        );
      }
      read.add(found);
      if (sameDims(constant.dims, dims)) return constant;
      // Linear layers over an image's places were stored as 1 x 1 convolutions once, and the other way round.
      if (sameDims(withoutOnes(constant.dims), withoutOnes(dims))) {
        return reshapeConstant(constant, dims);
      }
      throw new StudioError(
        "model-corrupt",
        `"${found}" in ${where} is [${constant.dims.join(", ")}], where its configuration asks for [${dims.join(", ")}]; its config.json belongs to another model, so fetch both again.`,
      );
    },
    unread: () => [...tensors.keys()].filter((name) => !read.has(name)),
  };
}

/** A matrix is [O, I], a 1 x 1 convolution [O, I, 1, 1]. */
function withoutOnes(dims: Dims): Dims {
  return dims.length === 4 && elementCount(dims.slice(2)) === 1 ? dims.slice(0, 2) : dims;
}

/** Every parameter that `build` asks for, by name: its dims, without a file that has it. */
export function parametersOf(build: (weights: Weights) => unknown): Map<string, Dims> {
  const asked = new Map<string, Dims>();
  build((name, dims) => {
    asked.set(name, dims);
    return { dtype: "float32", dims, data: { kind: "fill", value: 0 } };
  });
  return asked;
}
