"""Write the nano fixtures: four graphs in two exporter styles, structure only.

    python tools/make_nano.py [--out tests/fixtures/nano]

For style in legacy, dynamo and part in unet, text_encoder, vae_encoder, vae_decoder:
  <style>/<part>.onnx.gz        the graph; every float initialiser that comes from a parameter is an
                                external-data reference (location "model.onnx.data", 64-byte aligned
                                offsets), small constants stay inline
  <style>/<part>.weights.json   how to make that data: seed, byteLength and per initialiser
                                {name, dims, offset, param, transpose, center, scale}: the row-major
                                values are weights(seed, param, i, center, scale); with transpose,
                                dims = [c, r] and the array is the parameter [r, c], transposed
and unet.json, text_encoder.json, vae.json, scheduler.json, the config files. Each graph is then put
together again from these files alone, run in onnxruntime and compared with PyTorch.
"""

import argparse
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, numpy_helper

import nano_models
import seeded
from exporters import export_dynamo, export_legacy
from onnx_tidy import describe, strip_notes
from pipeline_parts import Part, text_encoder_part, unet_part, vae_decoder_part, vae_encoder_part

LOCATION = "model.onnx.data"
ALIGNMENT = 64
MAX_INLINE_FLOATS = 128
TOLERANCE = 1e-4  # f32 in two libraries, relative to the largest element; observed about 1e-6
EXPORTERS = {"legacy": export_legacy, "dynamo": export_dynamo}


def parameter_bytes(model: torch.nn.Module) -> dict[bytes, tuple[str, bool]]:
    """{row-major bytes: (PyTorch name, transposed)} of every parameter and transposed matrix."""
    table: dict[bytes, tuple[str, bool]] = {}
    for name, parameter in model.named_parameters():
        array = parameter.detach().numpy()
        table.setdefault(array.tobytes(), (name, False))
        if array.ndim == 2:
            table.setdefault(np.ascontiguousarray(array.T).tobytes(), (name, True))
    return table


def take_out_weights(graph: onnx.GraphProto, model: torch.nn.Module) -> dict:
    """Make parameter initialisers external references, in place; returns weights.json."""
    table = parameter_bytes(model)
    rules = nano_models.recipe(model)
    entries, offset = [], 0
    for tensor in graph.initializer:
        array = numpy_helper.to_array(tensor)
        found = table.get(array.tobytes()) if array.dtype == np.float32 else None
        if found is None:
            if array.dtype == np.float32 and array.size > MAX_INLINE_FLOATS:
                raise ValueError(
                    f"initialiser {tensor.name} {array.shape} is large and comes from no parameter"
                )
            continue
        param, transpose = found
        center, scale = rules[param]
        entry = {"name": tensor.name, "dims": list(array.shape), "offset": offset, "param": param}
        entries.append({**entry, "transpose": transpose, "center": center, "scale": scale})
        make_external(tensor, offset, array.nbytes)
        offset += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
    return {"version": 1, "seed": nano_models.SEED, "byteLength": offset, "initializers": entries}


def make_external(tensor: TensorProto, offset: int, length: int) -> None:
    """Replace the data of `tensor` by a reference to bytes [offset, offset+length) of LOCATION."""
    for field in ("raw_data", "float_data", "external_data"):
        tensor.ClearField(field)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", LOCATION), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)


def regenerate(spec: dict) -> bytes:
    """The bytes of LOCATION from the content of weights.json alone."""
    data = bytearray(spec["byteLength"])
    for entry in spec["initializers"]:
        dims = entry["dims"]
        shape = tuple(reversed(dims)) if entry["transpose"] else tuple(dims)
        array = seeded.weights(spec["seed"], entry["param"], shape, entry["center"], entry["scale"])
        raw = np.ascontiguousarray(array.T if entry["transpose"] else array).tobytes()
        data[entry["offset"] : entry["offset"] + len(raw)] = raw
    return bytes(data)


def reassemble(structure: Path, weights: Path) -> bytes:
    """The complete model, weights inline, from the two files of a fixture."""
    model = onnx.load_from_string(gzip.decompress(structure.read_bytes()))
    data = regenerate(json.loads(weights.read_text()))
    for tensor in model.graph.initializer:
        if tensor.data_location != TensorProto.EXTERNAL:
            continue
        where = {e.key: e.value for e in tensor.external_data}
        start = int(where["offset"])
        tensor.raw_data = data[start : start + int(where["length"])]
        tensor.ClearField("external_data")
        tensor.data_location = TensorProto.DEFAULT
    return model.SerializeToString()


def largest_error(model: bytes, part: Part) -> float:
    """max |onnxruntime - PyTorch| / max |PyTorch|, worst output, on the example inputs."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    got = session.run(part.outputs, {name: value.numpy() for name, value in part.inputs.items()})
    with torch.no_grad():
        want = part.module(*part.inputs.values())
    return max(
        float(np.abs(g - w.numpy()).max() / w.abs().max()) for g, w in zip(got, want, strict=True)
    )


def write_fixture(folder: Path, part: Part, export: Callable[[Part], onnx.ModelProto]) -> int:
    """Write and verify one graph and its weights.json; returns their size in bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    structure, weights = folder / f"{part.name}.onnx.gz", folder / f"{part.name}.weights.json"
    model = export(part)
    strip_notes(model)
    spec = take_out_weights(model.graph, part.module.model)
    graph = model.SerializeToString(deterministic=True)
    structure.write_bytes(gzip.compress(graph, 9, mtime=0))
    weights.write_text(one_entry_a_line(spec))

    error = largest_error(reassemble(structure, weights), part)
    sizes = structure.stat().st_size, weights.stat().st_size
    print(describe(f"{folder.name}/{part.name}", model))
    print(f"  size {sizes[0]} + {sizes[1]} bytes; against PyTorch {error:.1e}", flush=True)
    if not error < TOLERANCE:
        raise SystemExit(f"{folder.name}/{part.name} differs from PyTorch by {error:.1e}")
    return sum(sizes)


def one_entry_a_line(spec: dict) -> str:
    """JSON of weights.json, each initialiser on a line of its own for readable diffs."""
    head = {name: value for name, value in spec.items() if name != "initializers"}
    lines = ",\n    ".join(json.dumps(entry) for entry in spec["initializers"])
    return json.dumps(head)[:-1] + f', "initializers": [\n    {lines}\n  ]}}\n'


def write_configs(out: Path, models: dict[str, torch.nn.Module]) -> None:
    """unet.json, text_encoder.json, vae.json as the libraries write them, and scheduler.json."""
    configs = {
        "unet": json.loads(models["unet"].to_json_string()),
        "text_encoder": json.loads(models["text_encoder"].config.to_json_string(use_diff=False)),
        "vae": json.loads(models["vae"].to_json_string()),
        "scheduler": nano_models.SCHEDULER,
    }
    for name, config in configs.items():
        (out / f"{name}.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=Path("tests/fixtures/nano"), help="folder to write to"
    )
    args = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(nano_models.SEED)
    models = {
        "unet": nano_models.unet(),
        "text_encoder": nano_models.text_encoder(),
        "vae": nano_models.vae(),
    }
    parts = [
        unet_part(models["unet"]),
        text_encoder_part(models["text_encoder"]),
        vae_encoder_part(models["vae"]),
        vae_decoder_part(models["vae"]),
    ]
    total = sum(
        write_fixture(args.out / style, part, export)
        for style, export in EXPORTERS.items()
        for part in parts
    )
    write_configs(args.out, models)
    print(f"all fixtures: {total} bytes")


if __name__ == "__main__":
    main()
