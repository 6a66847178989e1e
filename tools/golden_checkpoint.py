"""References for models in one file (CompVis' names) and for Stable Diffusion 2.x's ways.

    python tools/golden_checkpoint.py [--out tests/reference]

ldm-names.json        {part: {diffusers name: name in the file}} of the nano model, part by part
nano-sd2.safetensors  noise_pred    the nano UNet with linear projections and heads 1, 2, 2, 2 (its
                                    parameters are the nano model's: the shapes are, but for ones)
                      gelu_hidden   the nano text encoder with GELU in place of CLIP's own
                      weights/*     a text tower as OpenCLIP has it: 3 layers, 16 wide, 2 heads
                      hidden        what its last layer but one gives, after the final norm
                      input_ids     int32 [2,77] of both text encoders

The names are written down as latent-diffusion builds its modules (openaimodel.py, model.py), and
diffusers' own converter has to make of them exactly the parameters that its models have.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from diffusers.loaders import single_file_utils
from safetensors.numpy import save_file
from torch import nn
from transformers import CLIPTextModel

import nano_models
import seeded

SEED = 11
TIMESTEPS = [17, 803]

UNET = "model.diffusion_model."
VAE = "first_stage_model."
CLIP = "cond_stage_model.transformer."
OPEN_CLIP = "cond_stage_model.model."


def both(*modules: str) -> list[str]:
    return [f"{module}.{leaf}" for module in modules for leaf in ("weight", "bias")]


def unet_residual(at: str, skip: bool) -> list[str]:
    parts = ["in_layers.0", "in_layers.2", "emb_layers.1", "out_layers.0", "out_layers.3"]
    return both(*(f"{at}.{part}" for part in parts + ["skip_connection"] * skip))


def unet_transformer(at: str) -> list[str]:
    block = f"{at}.transformer_blocks.0"
    names = both(f"{at}.norm", f"{at}.proj_in", f"{at}.proj_out")
    for attention in ("attn1", "attn2"):
        names += [f"{block}.{attention}.{role}.weight" for role in ("to_q", "to_k", "to_v")]
        names += both(f"{block}.{attention}.to_out.0")
    names += both(f"{block}.ff.net.0.proj", f"{block}.ff.net.2")
    return names + both(*(f"{block}.norm{i}" for i in (1, 2, 3)))


def unet_names(channels: list[int], attends: list[bool], layers: int) -> list[str]:
    """As UNetModel of latent-diffusion numbers its modules."""
    names = both("time_embed.0", "time_embed.2", "input_blocks.0.0", "out.0", "out.2")
    width, i = channels[0], 1
    for level, out in enumerate(channels):
        for _ in range(layers):
            names += unet_residual(f"input_blocks.{i}.0", skip=width != out)
            names += unet_transformer(f"input_blocks.{i}.1") if attends[level] else []
            width, i = out, i + 1
        if level < len(channels) - 1:
            names += both(f"input_blocks.{i}.0.op")
            i += 1
    names += unet_residual("middle_block.0", skip=False) + unet_transformer("middle_block.1")
    names += unet_residual("middle_block.2", skip=False)
    i = 0
    for level in reversed(range(len(channels))):
        for layer in range(layers + 1):
            names += unet_residual(f"output_blocks.{i}.0", skip=True)
            names += unet_transformer(f"output_blocks.{i}.1") if attends[level] else []
            if level > 0 and layer == layers:
                names += both(f"output_blocks.{i}.{1 + attends[level]}.conv")
            i += 1
    return [UNET + name for name in names]


def vae_residual(at: str, shortcut: bool) -> list[str]:
    parts = ["norm1", "conv1", "norm2", "conv2"] + ["nin_shortcut"] * shortcut
    return both(*(f"{at}.{part}" for part in parts))


def vae_middle(side: str) -> list[str]:
    names = vae_residual(f"{side}.mid.block_1", False) + vae_residual(f"{side}.mid.block_2", False)
    return names + both(*(f"{side}.mid.attn_1.{part}" for part in ("norm", "q", "k", "v", "proj_out")))


def vae_names(channels: list[int], layers: int) -> list[str]:
    """As Encoder and Decoder of latent-diffusion name their modules."""
    names = both("quant_conv", "post_quant_conv")
    for side in ("encoder", "decoder"):
        names += both(f"{side}.conv_in", f"{side}.norm_out", f"{side}.conv_out") + vae_middle(side)
    width = channels[0]
    for level, out in enumerate(channels):
        for layer in range(layers):
            names += vae_residual(f"encoder.down.{level}.block.{layer}", width != out)
            width = out
        if level < len(channels) - 1:
            names += both(f"encoder.down.{level}.downsample.conv")
    for level, out in reversed(list(enumerate(channels))):
        for layer in range(layers + 1):
            names += vae_residual(f"decoder.up.{level}.block.{layer}", width != out)
            width = out
        if level > 0:
            names += both(f"decoder.up.{level}.upsample.conv")
    return [VAE + name for name in names]


def paired(names: list[str], convert, model: nn.Module, prefix: str = "") -> dict[str, str]:
    """{diffusers name: name in the file}: each tensor is its own number, through the converter."""
    numbered = {name: torch.tensor([i]) for i, name in enumerate(names)}
    pairs = {key.removeprefix(prefix): names[int(value[0])] for key, value in convert(numbered).items()}
    wanted = {name for name, _ in model.named_parameters()}
    assert set(pairs) == wanted, set(pairs) ^ wanted
    assert sorted(pairs.values()) == sorted(names)
    return pairs


def all_names() -> dict[str, dict[str, str]]:
    unet, text, vae = nano_models.unet(), nano_models.text_encoder(), nano_models.vae()
    channels = list(unet.config.block_out_channels)
    attends = ["CrossAttn" in kind for kind in unet.config.down_block_types]
    layers = unet.config.layers_per_block
    inside = [name.removeprefix("text_model.") for name, _ in text.named_parameters()]
    return {
        "unet": paired(
            unet_names(channels, attends, layers),
            lambda state: single_file_utils.convert_ldm_unet_checkpoint(state, unet.config),
            unet,
        ),
        "vae": paired(
            vae_names(list(vae.config.block_out_channels), vae.config.layers_per_block),
            lambda state: single_file_utils.convert_ldm_vae_checkpoint(state, vae.config),
            vae,
        ),
        "text_encoder": paired(
            [f"{CLIP}text_model.{name}" for name in inside],
            single_file_utils.convert_ldm_clip_checkpoint,
            text,
            prefix="text_model.",
        ),
    }


class Block(nn.Module):
    """OpenCLIP's ResidualAttentionBlock."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(width, 4 * width))
        self.mlp.add_module("gelu", nn.GELU())
        self.mlp.add_module("c_proj", nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp(self.ln_2(x))


class Tower(nn.Module):
    """OpenCLIP's text tower as Stable Diffusion 2.x reads it: the last block is left out."""

    def __init__(self, vocabulary: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.positional_embedding = nn.Parameter(torch.empty(77, width))
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.empty(width, width))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.token_embedding(ids) + self.positional_embedding
        mask = torch.full((77, 77), float("-inf"), dtype=x.dtype).triu(1)
        for block in self.transformer.resblocks[:-1]:
            x = block(x, mask)
        return self.ln_final(x)


def seeded_tower() -> Tower:
    torch.manual_seed(SEED)
    tower = Tower(vocabulary=64, width=16, layers=3, heads=2)
    with torch.no_grad():
        for parameter in tower.parameters():
            parameter.normal_(0.0, 0.3)
    return tower.eval().requires_grad_(False)


def sd2_values() -> dict[str, np.ndarray]:
    plain = nano_models.unet()
    settings = {k: v for k, v in plain.config.items() if not k.startswith("_")}
    settings |= {"use_linear_projection": True, "attention_head_dim": [1, 2, 2, 2]}
    unet = UNet2DConditionModel(**settings).eval()
    own = unet.state_dict()
    unet.load_state_dict({k: v.reshape(own[k].shape) for k, v in plain.state_dict().items()})
    unet = unet.double()
    sample = torch.from_numpy(seeded.normal(SEED, "sample", (2, 4, 16, 16))).double()
    hidden = torch.from_numpy(seeded.normal(SEED, "encoder_hidden_states", (2, 77, 16))).double()

    text = nano_models.text_encoder()
    config = text.config
    config.hidden_act = "gelu"
    gelu = CLIPTextModel(config).eval()
    gelu.load_state_dict(text.state_dict())
    ids = torch.from_numpy(nano_models.input_ids(2))

    tower = seeded_tower()
    weights = {f"weights/{OPEN_CLIP}{k}": v.numpy() for k, v in tower.state_dict().items()}
    with torch.no_grad():
        return weights | {
            "noise_pred": unet(sample, torch.tensor(TIMESTEPS), hidden).sample.float().numpy(),
            "gelu_hidden": gelu.double()(input_ids=ids).last_hidden_state.float().numpy(),
            "input_ids": ids.int().numpy(),
            "hidden": tower.double()(ids % 64).float().numpy(),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("tests/reference"))
    args = parser.parse_args()
    (args.out / "ldm-names.json").write_text(json.dumps(all_names(), indent=0) + "\n")
    values = {name: np.ascontiguousarray(value) for name, value in sd2_values().items()}
    save_file(values, args.out / "nano-sd2.safetensors")


if __name__ == "__main__":
    main()
