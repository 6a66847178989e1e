"""The parts of a latent diffusion pipeline that are exported, under optimum's names.

One `Part` for each ONNX file: forward function, example inputs, names. Axis names follow optimum's
exporter configs (optimum-onnx `model_configs.py`). Two choices differ:
  timestep   optimum's newest exporter makes it a scalar, older ones [steps]. We keep the axis:
             diffusers expands it to the batch, ONNX Expand accepts 1 or batch, so one pass can
             carry a different timestep per sample.
  VAE        the size of an output is spelt by a name of its own, not by an expression
             ("latent_height").
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Part:
    """A graph to export: `module(*inputs.values()) -> tuple of outputs`."""

    name: str
    module: nn.Module
    inputs: dict[str, torch.Tensor]
    outputs: list[str]
    axes: dict[str, dict[int, str]]


class Wrap(nn.Module):
    """A module whose forward is `function(model, *inputs)`; names gain the prefix "model."."""

    def __init__(self, model: nn.Module, function: Callable[..., tuple[torch.Tensor, ...]]):
        super().__init__()
        self.model = model
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.function(self.model, *inputs)


def unet_part(unet: nn.Module, batch: int = 2) -> Part:
    """sample [B,4,h,w], timestep [1 or B], encoder_hidden_states [B,77,E] -> like sample."""
    size, width = unet.config.sample_size, unet.config.cross_attention_dim
    image = {0: "batch_size", 2: "height", 3: "width"}
    return Part(
        "unet",
        Wrap(unet, lambda m, sample, t, c: (m(sample, t, c, return_dict=False)[0],)),
        {
            "sample": torch.randn(batch, unet.config.in_channels, size, size),
            "timestep": torch.tensor([500], dtype=torch.int64),
            "encoder_hidden_states": torch.randn(batch, 77, width),
        },
        ["out_sample"],
        {
            "sample": image,
            "timestep": {0: "steps"},
            "encoder_hidden_states": {0: "batch_size", 1: "sequence_length"},
            "out_sample": image,
        },
    )


def text_encoder_part(text_encoder: nn.Module, batch: int = 2) -> Part:
    """input_ids int32 [B,77] -> last_hidden_state [B,77,E], pooler_output [B,E] (first EOS)."""
    config = text_encoder.config
    ids = torch.randint(
        0, config.vocab_size - 2, (batch, config.max_position_embeddings), dtype=torch.int32
    )
    ids[:, -3:] = config.eos_token_id
    tokens = {0: "batch_size", 1: "sequence_length"}

    def forward(model: nn.Module, input_ids: torch.Tensor) -> tuple[torch.Tensor, ...]:
        out = model(input_ids=input_ids)
        return out.last_hidden_state, out.pooler_output

    return Part(
        "text_encoder",
        Wrap(text_encoder, forward),
        {"input_ids": ids},
        ["last_hidden_state", "pooler_output"],
        {"input_ids": tokens, "last_hidden_state": tokens, "pooler_output": {0: "batch_size"}},
    )


def vae_encoder_part(vae: nn.Module, batch: int = 2) -> Part:
    """sample [B,3,H,W] in [-1,1] -> latent_parameters [B,8,H/8,W/8].

    Channels 0-3 are the mean, 4-7 the log-variance; not clamped, not scaled.
    """
    size = vae.config.sample_size
    return Part(
        "vae_encoder",
        Wrap(vae, lambda m, sample: (m.encode(sample).latent_dist.parameters,)),
        {"sample": torch.randn(batch, vae.config.in_channels, size, size)},
        ["latent_parameters"],
        {
            "sample": {0: "batch_size", 2: "height", 3: "width"},
            "latent_parameters": {0: "batch_size", 2: "latent_height", 3: "latent_width"},
        },
    )


def vae_decoder_part(vae: nn.Module, batch: int = 2) -> Part:
    """latent_sample [B,4,h,w], unscaled -> sample [B,3,8h,8w] in [-1,1]."""
    size = vae.config.sample_size // 2 ** (len(vae.config.block_out_channels) - 1)
    return Part(
        "vae_decoder",
        Wrap(vae, lambda m, latent: (m.decode(latent, return_dict=False)[0],)),
        {"latent_sample": torch.randn(batch, vae.config.latent_channels, size, size)},
        ["sample"],
        {
            "latent_sample": {0: "batch_size", 2: "latent_height", 3: "latent_width"},
            "sample": {0: "batch_size", 2: "height", 3: "width"},
        },
    )


def clip_image_part(clip: nn.Module, batch: int = 2) -> Part:
    """pixel_values [B,3,S,S] -> image_embeds [B,P], projected, not normalised."""
    size = clip.config.vision_config.image_size

    def forward(model: nn.Module, pixel_values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (
            model.visual_projection(model.vision_model(pixel_values=pixel_values).pooler_output),
        )

    return Part(
        "image_encoder",
        Wrap(clip, forward),
        {"pixel_values": torch.randn(batch, 3, size, size)},
        ["image_embeds"],
        {"pixel_values": {0: "batch_size"}, "image_embeds": {0: "batch_size"}},
    )


def clip_text_part(clip: nn.Module, batch: int = 2) -> Part:
    """input_ids [B,77] int32 -> text_embeds [B,P], projected, not normalised."""
    tokens = text_encoder_part(clip.text_model, batch)

    def forward(model: nn.Module, input_ids: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (model.text_projection(model.text_model(input_ids=input_ids).pooler_output),)

    return Part(
        "text_encoder",
        Wrap(clip, forward),
        tokens.inputs,
        ["text_embeds"],
        {"input_ids": tokens.axes["input_ids"], "text_embeds": {0: "batch_size"}},
    )
