"""Check that PyTorch and diffusers read what src/core/exchange writes, bit for bit.

python tools/check_exchange.py [--files FOLDER]

Runs tools/write_exchange_files.ts into a folder of its own unless FOLDER already holds its files. Values are those of
make_exchange_goldens.py. PyTorch files are read by torch.load(weights_only=True); the custom diffusion weights also by
diffusers' load_attn_procs, the LoRA by diffusers' converter of kohya's names, the token by the loader of embeddings.
"""

import argparse
import json
import subprocess
import tempfile
import zipfile
from pathlib import Path

import torch
from diffusers.loaders.lora_conversion_utils import _convert_non_diffusers_lora_to_diffusers
from diffusers.loaders.textual_inversion import load_textual_inversion_state_dicts
from safetensors import safe_open
from safetensors.torch import load_file

from make_exchange_goldens import TOKENS, WIDTH, compvis, difference, factors, full, row, unet
from make_exchange_goldens import weight_shapes

SHAPES = weight_shapes()
WHOLE = {name: full(name, shape) for name, shape in SHAPES.items()}
FACTORS = {name: factors(name, shape) for name, shape in SHAPES.items()}


def same(got: torch.Tensor, expected: torch.Tensor, what: str) -> None:
    assert got.dtype == expected.dtype and got.shape == expected.shape, (what, got, expected)
    kind = torch.int16 if got.element_size() == 2 else torch.int32
    assert torch.equal(got.view(kind), expected.contiguous().view(kind)), (what, got, expected)


def load(path: Path) -> dict:
    assert zipfile.ZipFile(path).testzip() is None, path
    return torch.load(path, weights_only=True)


def check_pairs(got: dict, names: dict[str, str], what: str) -> None:
    assert set(names.values()) <= set(got), (what, set(got))
    for name, key in names.items():
        for part, expected in zip("uv", FACTORS[name]):
            same(got[key][part], expected, f"{what} {key} {part}")


def check_original(folder: Path) -> None:
    delta = load(folder / "delta.bin")
    assert delta.keys() == {"unet", "modifier_token"} and delta["unet"].keys() == WHOLE.keys()
    for name, weight in WHOLE.items():
        same(delta["unet"][name], weight, name)
    for token in TOKENS:
        same(delta["modifier_token"][token], row(token), token)
    pairs = load(folder / "delta-compressed.bin")["unet"]
    check_pairs(pairs, {name: name for name in WHOLE}, "delta-compressed.bin")
    state = load(folder / "delta.ckpt")["state_dict"]
    for name, weight in WHOLE.items():
        same(state[compvis(name)], weight, name)
    same(state["embed"], torch.stack([row(token) for token in TOKENS]), "embed")
    assert len(state) == len(WHOLE) + 1
    pairs = load(folder / "delta-compressed.ckpt")["state_dict"]
    check_pairs(pairs, {name: compvis(name) for name in WHOLE}, "delta-compressed.ckpt")


def check_diffusers(folder: Path) -> None:
    """load_attn_procs sets processors only for a pipeline that it is told of."""

    class Pipeline:
        components: dict = {}
        hf_device_map = None

    for file in ["diffusers.safetensors", "diffusers.bin"]:
        model = unet()
        model.load_attn_procs(folder, weight_name=file, _pipeline=Pipeline())
        state = {
            f"{key.removesuffix('processor')}{role}.weight": getattr(
                processor, f"{role}_custom_diffusion"
            ).weight.detach()
            for key, processor in model.attn_processors.items()
            if "attn2" in key
            for role in ["to_k", "to_v"]
        }
        assert state.keys() == WHOLE.keys()
        for name, weight in WHOLE.items():
            same(state[name], weight, f"{file} {name}")
        model(torch.zeros(1, 4, 8, 8), 1, torch.zeros(1, 77, WIDTH))
    for file in ["new1.bin", "new1.safetensors"]:
        (state,) = load_textual_inversion_state_dicts(
            [str(folder)], weight_name=file, use_safetensors=file.endswith("s")
        )
        assert state.keys() == {TOKENS[0]}
        same(state[TOKENS[0]], row(TOKENS[0]), file)


def check_web_ui(folder: Path) -> None:
    tensors = load_file(folder / "webui.safetensors")
    for name, shape in SHAPES.items():
        same(tensors[compvis(name)], difference(name, shape).half(), name)
    tensors = load_file(folder / "webui-factors.safetensors")
    for name, (up, down) in FACTORS.items():
        same(tensors[f"{compvis(name)}.US"], up.half(), name)
        same(tensors[f"{compvis(name)}.Vh"], down.half(), name)
    for file, form in [("webui", "delta"), ("webui-factors", "delta_factors")]:
        about = json.loads(safe_open(folder / f"{file}.safetensors", "pt").metadata()["json"])
        assert about["entries"] == {compvis(name): form for name in WHOLE}
        assert about["meta"] == {"version": "0.2.0"}
    converted, alphas = _convert_non_diffusers_lora_to_diffusers(
        load_file(folder / "kohya-lora.safetensors")
    )
    for name, (up, down) in FACTORS.items():
        key = f"unet.{name.removesuffix('.weight')}.lora"
        processor = key.replace(".attn2.", ".attn2.processor.").replace(".lora", "_lora")
        found = key if f"{key}.up.weight" in converted else processor
        same(converted.pop(f"{found}.up.weight"), up.half(), name)
        same(converted.pop(f"{found}.down.weight"), down.half(), name)
    assert not converted and len(alphas) == len(FACTORS) and set(alphas.values()) == {2.0}


def check_kinds(folder: Path) -> None:
    kinds = load(folder / "kinds.pt")
    values = torch.tensor([0.1, -0.0, 65504, 1e-8, -2, 3])
    same(kinds["float32"], values.reshape(2, 3), "float32")
    same(kinds["float16"], values.reshape(3, 2).half(), "float16")
    assert kinds["nothing"].shape == (0, 3) and kinds["scalar"].item() == 7
    assert kinds["plain"] == {"text": "Bär \U0001f9f8", "int": -3, "float": 2.5}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=Path)
    folder = parser.parse_args().files
    with tempfile.TemporaryDirectory() as made:
        if folder is None:
            folder = Path(made)
            subprocess.run(["npx", "tsx", "tools/write_exchange_files.ts", made], check=True)
        for check in [check_original, check_diffusers, check_web_ui, check_kinds]:
            check(folder)
            print(f"{check.__name__}: as it should be")


if __name__ == "__main__":
    main()
