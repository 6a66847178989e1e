"""Write small files as other tools write them, which src/core/exchange has to read.

python tools/make_exchange_goldens.py [--out tests/reference/exchange]

Seed 11 of tools/seeded.py; written with torch 2.13.0, diffusers 0.42.1, safetensors 0.8.0. The model is a UNet of six
cross-attention blocks with four text channels. Its weights W0 are 0.5 normal("base." + name); the concept adds
normal(name) / 128; a factored difference is the product of normal(name + ".up") / 16 and normal(name + ".down").

diffusers.*           UNet2DConditionModel.save_attn_procs
new1.*                the token's file of train_custom_diffusion.py
delta*.bin, *.ckpt    the original's files, whole and compressed
webui*                the extension for Automatic1111's web UI, and embeddings as that UI saves them
*-lora.safetensors    kohya's names with alpha = rank / 2, PEFT's names, and diffusers' older ones
kinds.pt              element types, a parameter, views and an OrderedDict in one file
deflated.bin, module.pt   what is refused

Some hold the middle block only, to be small.
"""

import argparse
import collections
import json
import zipfile
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import CustomDiffusionAttnProcessor

import seeded

SEED = 11
WIDTH = 4
RANK = 2
TOKENS = ["<new1>", "<new2>"]
COMPVIS = {
    "down_blocks.0.attentions.0": "input_blocks.1.1",
    "down_blocks.0.attentions.1": "input_blocks.2.1",
    "mid_block.attentions.0": "middle_block.1",
    "up_blocks.1.attentions.0": "output_blocks.3.1",
    "up_blocks.1.attentions.1": "output_blocks.4.1",
    "up_blocks.1.attentions.2": "output_blocks.5.1",
}


def normal(name: str, *shape: int) -> torch.Tensor:
    return torch.from_numpy(seeded.normal(SEED, name, shape))


def unet() -> UNet2DConditionModel:
    """The smallest UNet that has cross-attention below, in the middle and above."""
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(6, 10),
        norm_num_groups=2,
        attention_head_dim=2,
        cross_attention_dim=WIDTH,
        layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )


def weight_shapes() -> dict[str, tuple[int, int]]:
    blocks = {block: 10 if block.startswith("mid") else 6 for block in COMPVIS}
    return {
        f"{block}.transformer_blocks.0.attn2.{role}.weight": (channels, WIDTH)
        for block, channels in blocks.items()
        for role in ["to_k", "to_v"]
    }


def difference(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    return normal(name, *shape) * 2**-7


def full(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    return normal(f"base.{name}", *shape) * 0.5 + difference(name, shape)


def factors(name: str, shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    return normal(f"{name}.up", shape[0], RANK) * 2**-4, normal(f"{name}.down", RANK, shape[1])


def row(token: str) -> torch.Tensor:
    return normal(f"modifier_token.{token}", WIDTH)


def compvis(name: str) -> str:
    block, rest = name.split(".transformer_blocks.")
    return f"model.diffusion_model.{COMPVIS[block]}.transformer_blocks.{rest}"


def middle(weights: dict) -> dict:
    """Those of the middle block alone."""
    return {name: weight for name, weight in weights.items() if "mid" in name}


def attention_processors(out: Path) -> None:
    """By diffusers' own code; the processors are set up as train_custom_diffusion.py does."""
    model = unet()
    processors = {}
    for key in model.attn_processors:
        cross = key.endswith("attn2.processor")
        channels = 10 if key.startswith("mid") else 6
        processors[key] = CustomDiffusionAttnProcessor(
            train_kv=cross, train_q_out=False, hidden_size=channels, cross_attention_dim=WIDTH
        )
        if cross:
            for role in ["to_k", "to_v"]:
                name = key.replace("processor", f"{role}.weight")
                weight = torch.nn.Parameter(full(name, (channels, WIDTH)))
                getattr(processors[key], f"{role}_custom_diffusion").weight = weight
    model.set_attn_processor(processors)
    model.save_attn_procs(out, weight_name="diffusers.safetensors", safe_serialization=True)
    model.save_attn_procs(out, weight_name="diffusers.bin", safe_serialization=False)


def original(out: Path) -> None:
    """delta.bin of diffusers_training.py, delta_epoch=….ckpt of get_deltas.py, and what compress.py makes of both."""
    shapes = weight_shapes()
    whole = {name: full(name, shape) for name, shape in shapes.items()}
    compressed = {}
    for name, shape in shapes.items():
        u, v = factors(name, shape)
        # compress.py keeps the first rows of a larger matrix: a view.
        compressed[name] = {"u": u, "v": torch.cat([v, torch.zeros_like(v)])[:RANK]}
    tokens = {token: row(token) for token in TOKENS}
    embed = torch.stack([row(token) for token in TOKENS])
    for suffix, weights in [("", whole), ("-compressed", compressed)]:
        torch.save({"unet": weights, "modifier_token": tokens}, out / f"delta{suffix}.bin")
        kept = weights if suffix == "" else middle(weights)
        state = {compvis(name): weight for name, weight in kept.items()}
        torch.save({"state_dict": {**state, "embed": embed}}, out / f"delta{suffix}.ckpt")


def web_ui(out: Path) -> None:
    """As cd_modules/deltas.py of guaneec/custom-diffusion-webui saves, with the embeddings of the web UI itself."""
    whole, halves = {}, {}
    for name, shape in weight_shapes().items():
        whole[compvis(name)] = difference(name, shape).half()
        halves[f"{compvis(name)}.US"], halves[f"{compvis(name)}.Vh"] = (
            factor.half().contiguous() for factor in factors(name, shape)
        )
    halves = middle(halves)
    for tensors, form, file in [(whole, "delta", "webui"), (halves, "delta_factors", "webui-factors")]:
        names = [name.removesuffix(".US") for name in tensors if not name.endswith(".Vh")]
        about = {"meta": {"version": "0.2.0"}, "entries": {name: form for name in names}}
        path = out / f"{file}.safetensors"
        safetensors.torch.save_file(tensors, path, {"json": json.dumps(about)})
    token = TOKENS[0]
    embedding = {
        "string_to_token": {"*": 265},
        "string_to_param": {"*": torch.nn.Parameter(row(token)[None])},
        "name": "teddy",
        "step": 199,
        "sd_checkpoint": None,
        "sd_checkpoint_name": None,
    }
    torch.save(embedding, out / "webui-embedding.pt")
    safetensors.torch.save_file({"emb_params": row(token)[None]}, out / "webui-embedding.safetensors")


def textual_inversion(out: Path) -> None:
    entry = {TOKENS[0]: row(TOKENS[0])}
    torch.save(entry, out / "new1.bin")
    safetensors.torch.save_file(entry, out / "new1.safetensors", metadata={"format": "pt"})


def loras(out: Path) -> None:
    kohya, peft, older = {}, {}, {}
    for name, shape in weight_shapes().items():
        up, down = factors(name, shape)
        path = name.removesuffix(".weight")
        module = "lora_unet_" + path.replace(".", "_")
        kohya[f"{module}.lora_up.weight"] = up.half()
        kohya[f"{module}.lora_down.weight"] = down.half()
        # An integer where the rank's half was given as one.
        kohya[f"{module}.alpha"] = torch.tensor(RANK // 2)
        peft[f"unet.{path}.lora_A.weight"] = down
        peft[f"unet.{path}.lora_B.weight"] = up
        block, role = path.rsplit(".", 1)
        older[f"unet.{block}.processor.{role}_lora.up.weight"] = up
        older[f"unet.{block}.processor.{role}_lora.down.weight"] = down
    safetensors.torch.save_file(kohya, out / "kohya-lora.safetensors", {"ss_network_dim": "2"})
    adapter = {"unet.lora_alpha": 2 * RANK, "unet.r": RANK, "unet.alpha_pattern": {}}
    about = {"format": "pt", "lora_adapter_metadata": json.dumps(adapter)}
    safetensors.torch.save_file(middle(peft), out / "peft-lora.safetensors", about)
    safetensors.torch.save_file(middle(older), out / "processor-lora.safetensors", {"format": "pt"})


def containers(out: Path) -> None:
    values = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    kinds = collections.OrderedDict(
        transposed=values.T,
        column=values[:, 1],
        half=values.half(),
        brain=values.bfloat16(),
        double=values.double(),
        integer=torch.tensor(7),
        parameter=torch.nn.Parameter(values),
        nothing=torch.zeros(0, 3),
        plain={"list": [1, 2.5, None, True], "tuple": (1, -2, 2**40), "text": "Bär \U0001f9f8"},
    )
    kinds._metadata = {"": {"version": 1}}
    torch.save(kinds, out / "kinds.pt")
    torch.save(torch.nn.Linear(1, 1), out / "module.pt")
    with zipfile.ZipFile(out / "new1.bin") as stored:
        with zipfile.ZipFile(out / "deflated.bin", "w", zipfile.ZIP_DEFLATED) as deflated:
            for name in stored.namelist():
                info = zipfile.ZipInfo(name)
                deflated.writestr(info, stored.read(name), zipfile.ZIP_DEFLATED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("tests/reference/exchange"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)  # of what is overwritten, and of module.pt
    attention_processors(out)
    textual_inversion(out)
    original(out)
    web_ui(out)
    loras(out)
    containers(out)


if __name__ == "__main__":
    main()
