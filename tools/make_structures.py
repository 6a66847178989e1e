"""Write the graphs of Stable Diffusion 1.5 and 2.1 at their full size, without weights.

    python tools/make_structures.py [--out tests/fixtures/structures] [--model sd15]
        [--exporter legacy] [--part unet]

For every model in sd15, sd21, exporter in legacy, dynamo and part in unet, text_encoder,
vae_encoder, vae_decoder:
  <model>/<exporter>/<part>.onnx.gz   the graph; every initialiser that comes from a parameter is an
                                      external-data reference with its true length into
                                      "model.onnx_data", a file that does not exist
and for sd15 two more UNets:
  legacy-fp16            the module in float16, inputs too, timestep int64: `optimum --dtype fp16`
  legacy-converted-fp16  the float32 graph after onnxruntime's converter with keep_io_types: Casts
                         at inputs and outputs, and around what it leaves in float32
  <model>/{unet,text_encoder,vae}.json, scheduler_config.json   the configuration files
  <model>/counts.json                                           parameters as PyTorch counts them
Parameters are drawn at random, since exporters merge equal initialisers. The UNet of a model takes
8 GB of memory and a minute; one export runs at a time.
"""

import argparse
import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from onnx import TensorProto, numpy_helper
from onnxruntime.transformers.float16 import convert_float_to_float16
from transformers import CLIPTextConfig, CLIPTextModel

from exporters import export_dynamo, export_legacy
from onnx_tidy import describe, strip_notes
from pipeline_parts import Part, text_encoder_part, unet_part, vae_decoder_part, vae_encoder_part
from stable_diffusion_configs import CONFIGS

LOCATION = "model.onnx_data"
ALIGNMENT = 64
MAX_INLINE_ELEMENTS = 77 * 77  # the causal mask
PARTS = ("unet", "text_encoder", "vae_encoder", "vae_decoder")
EXPORTERS = ("legacy", "dynamo", "legacy-fp16", "legacy-converted-fp16")
# Graphs have dynamic axes, so what they are traced with need not be of the model's size.
TRACED_LATENTS = 16


def build(config: dict, part: str) -> torch.nn.Module:
    """The module that `part` is of, its parameters drawn at random."""
    torch.manual_seed(0)
    if part == "unet":
        model = UNet2DConditionModel.from_config(config["unet"])
    elif part == "text_encoder":
        model = CLIPTextModel(
            CLIPTextConfig(**config["text_encoder"], attn_implementation="eager")
        )
    else:
        model = AutoencoderKL.from_config(config["vae"])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.05, 0.05)
    return model.eval().requires_grad_(False)


def exported_part(model: torch.nn.Module, name: str, dtype: torch.dtype) -> Part:
    """`name` of the pipeline with small example inputs of `dtype`."""
    make = {
        "unet": unet_part,
        "text_encoder": text_encoder_part,
        "vae_encoder": vae_encoder_part,
        "vae_decoder": vae_decoder_part,
    }[name]
    part = make(model)
    inputs = {}
    for key, value in part.inputs.items():
        if value.ndim == 4:
            size = TRACED_LATENTS * (8 if name == "vae_encoder" else 1)
            value = value[:, :, :size, :size].contiguous()
        inputs[key] = value.to(dtype) if value.is_floating_point() else value
    return replace(part, inputs=inputs)


def key_of(size: int, first: np.ndarray, last: np.ndarray) -> tuple[int, bytes, bytes]:
    """What tells a random parameter: the same for a matrix and for its transpose."""
    return size, first.tobytes(), last.tobytes()


def parameter_keys(
    model: torch.nn.Module, dtype: torch.dtype
) -> set[tuple[int, bytes, bytes]]:
    """Of every parameter as `dtype`."""
    keys = set()
    for parameter in model.parameters():
        flat = parameter.reshape(-1)[[0, -1]].to(dtype)
        keys.add(key_of(parameter.numel(), flat[0].numpy(), flat[-1].numpy()))
    return keys


def take_out_weights(graph: onnx.GraphProto, keys: set[tuple[int, bytes, bytes]]) -> int:
    """Make parameter initialisers external references, in place; returns the bytes they refer to."""
    offset = 0
    for tensor in graph.initializer:
        if tensor.data_type not in (TensorProto.FLOAT, TensorProto.FLOAT16):
            continue
        array = numpy_helper.to_array(tensor).reshape(-1)
        if array.size == 0 or key_of(array.size, array[0], array[-1]) not in keys:
            if array.size > MAX_INLINE_ELEMENTS:
                raise ValueError(f"{tensor.name} {tuple(tensor.dims)} comes from no parameter")
            continue
        refer(tensor, offset, array.nbytes)
        offset += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
    return offset


def refer(tensor: TensorProto, offset: int, length: int) -> None:
    """Replace the data of `tensor` by a reference to bytes [offset, offset + length) of LOCATION."""
    for field in ("raw_data", "float_data", "int32_data", "external_data"):
        tensor.ClearField(field)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", LOCATION), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)


def write_structure(folder: Path, part: Part, exporter: str) -> int:
    """Export, strip and write one graph; returns the file's size."""
    keys = parameter_keys(
        part.module.model, torch.float16 if exporter.endswith("fp16") else torch.float32
    )
    model = export_dynamo(part) if exporter == "dynamo" else export_legacy(part)
    if exporter == "legacy-converted-fp16":
        model = convert_float_to_float16(model, keep_io_types=True, disable_shape_infer=True)
    strip_notes(model, value_info=True)
    size = take_out_weights(model.graph, keys)
    packed = gzip.compress(model.SerializeToString(deterministic=True), 9, mtime=0)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{part.name}.onnx.gz").write_bytes(packed)
    print(describe(f"{folder}/{part.name}", model))
    print(f"  {len(packed)} bytes here, {size} bytes of weights elsewhere", flush=True)
    return len(packed)


def counts(config: dict) -> dict[str, int]:
    """Parameters of each module and of the UNet's key and value projections, without memory."""
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(config["unet"])
        text_encoder = CLIPTextModel(CLIPTextConfig(**config["text_encoder"]))
        vae = AutoencoderKL.from_config(config["vae"])

    def total(module: torch.nn.Module, *names: str) -> int:
        return sum(
            p.numel()
            for name, p in module.named_parameters()
            if not names or any(n in name for n in names)
        )

    return {
        "unet": total(unet),
        "keysAndValues": total(unet, "attn2.to_k.", "attn2.to_v."),
        "text_encoder": total(text_encoder),
        "vae_encoder": total(vae.encoder) + total(vae.quant_conv),
        "vae_decoder": total(vae.decoder) + total(vae.post_quant_conv),
    }


def write_json(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("tests/fixtures/structures"))
    parser.add_argument("--model", choices=CONFIGS, action="append")
    parser.add_argument("--exporter", choices=EXPORTERS, action="append")
    parser.add_argument("--part", choices=PARTS, action="append")
    args = parser.parse_args()
    torch.set_num_threads(2)
    total = 0
    for name in args.model or CONFIGS:
        config = CONFIGS[name]
        for file in ("unet", "text_encoder", "vae"):
            write_json(args.out / name / f"{file}.json", config[file])
        write_json(args.out / name / "scheduler_config.json", config["scheduler"])
        write_json(args.out / name / "counts.json", counts(config))
        for exporter in args.exporter or EXPORTERS:
            for part in args.part or PARTS:
                if exporter.endswith("fp16") and (name, part) != ("sd15", "unet"):
                    continue
                dtype = torch.float16 if exporter == "legacy-fp16" else torch.float32
                model = build(config, part)
                model = model if dtype == torch.float32 else model.half()
                total += write_structure(
                    args.out / name / exporter, exported_part(model, part, dtype), exporter
                )
                del model
    print(f"all structures: {total} bytes")


if __name__ == "__main__":
    main()
