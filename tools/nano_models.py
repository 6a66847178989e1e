"""The nano model: Stable Diffusion 1.x in every structural respect, tiny, no stored weights.

UNet       4 levels, 16 cross-attention blocks, channels 8/16/16/16, 2 heads, text width 16, latents
           [B,4,16,16]
text       CLIP, 2 layers, width 16, 77 positions, the default model's vocabulary size
VAE        f8, 4 latent channels, channels 4/8/8/8, mid-block attention as in SD 1.x, images
           [B,3,64,64]

Every parameter is `seeded.weights(7, <PyTorch name>, shape, center, scale)`; see `ranges`.
"""

import math

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel

import seeded

SEED = 7
VOCAB_SIZE = 2086
WIDTH = 16
LATENT_SIZE = 16

NORMS = (nn.GroupNorm, nn.LayerNorm)


def ranges(owner: nn.Module, leaf: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """(center, scale) of a parameter: gradients stay far from zero, activations stay finite.

    norm weights 1 +- 0.2, biases +- 0.1, embeddings +- 0.5, other weights +- sqrt(3 / fan_in)
    (variance 1 / fan_in).
    """
    if leaf == "bias":
        return 0.0, 0.1
    if isinstance(owner, NORMS):
        return 1.0, 0.2
    if isinstance(owner, nn.Embedding):
        return 0.0, 0.5
    fan_in = math.prod(shape[1:])
    return 0.0, math.sqrt(3.0 / fan_in)


def recipe(model: nn.Module) -> dict[str, tuple[float, float]]:
    """{PyTorch parameter name: (center, scale)} for every parameter of `model`."""
    owners = dict(model.named_modules())
    out = {}
    for name, parameter in model.named_parameters():
        path, _, leaf = name.rpartition(".")
        out[name] = ranges(owners[path], leaf, tuple(parameter.shape))
    return out


def seed_parameters(model: nn.Module) -> nn.Module:
    """Overwrite every parameter by its seeded values; returns the model, frozen."""
    rules = recipe(model)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            center, scale = rules[name]
            parameter.copy_(
                torch.from_numpy(seeded.weights(SEED, name, tuple(parameter.shape), center, scale))
            )
    return model.eval().requires_grad_(False)


def unet() -> UNet2DConditionModel:
    """sample [B,4,16,16], timestep [B], encoder_hidden_states [B,77,16] -> like sample."""
    return seed_parameters(
        UNet2DConditionModel(
            sample_size=LATENT_SIZE,
            in_channels=4,
            out_channels=4,
            layers_per_block=2,
            block_out_channels=(8, 16, 16, 16),
            cross_attention_dim=WIDTH,
            attention_head_dim=2,  # the number of heads, as in SD 1.x configs
            norm_num_groups=4,
            down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
            up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        )
    )


def text_encoder() -> CLIPTextModel:
    """input_ids [B,77] -> last_hidden_state [B,77,16], pooler_output [B,16]."""
    config = CLIPTextConfig(
        vocab_size=VOCAB_SIZE,
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77,
        projection_dim=WIDTH,
        bos_token_id=VOCAB_SIZE - 2,
        eos_token_id=VOCAB_SIZE - 1,
        pad_token_id=VOCAB_SIZE - 1,
        hidden_act="quick_gelu",
        attn_implementation="eager",
    )
    return seed_parameters(CLIPTextModel(config))


def vae() -> AutoencoderKL:
    """Images [B,3,64,64] in [-1,1] <-> latents [B,4,8,8]."""
    return seed_parameters(
        AutoencoderKL(
            in_channels=3,
            out_channels=3,
            latent_channels=4,
            layers_per_block=1,
            block_out_channels=(4, 8, 8, 8),
            norm_num_groups=4,
            sample_size=64,
            scaling_factor=0.18215,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
        )
    )


SCHEDULER = {
    "_class_name": "DDIMScheduler",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "timestep_spacing": "leading",
}


def input_ids(batch: int) -> np.ndarray:
    """int64 [batch,77]: BOS, words (more in each row), then EOS to the end."""
    ids = np.full((batch, 77), VOCAB_SIZE - 1, dtype=np.int64)
    ids[:, 0] = VOCAB_SIZE - 2
    for row in range(batch):
        words = seeded.uniform(SEED, f"input_ids.{row}", 5 + 2 * row)
        ids[row, 1 : 1 + words.size] = (words * (VOCAB_SIZE - 2)).astype(np.int64)
    return ids
