"""The shapes of the networks, and how they are read from and written to a run folder.

A run folder is a diffusers pipeline folder: vae/, text_encoder/, unet/, tokenizer/, scheduler/
and model_index.json, with fp16 weights; clip/ stands beside them.
"""

import copy
import json
import shutil
from pathlib import Path

import diffusers
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel

from tokenizer import MAX_TOKENS, CaptionTokenizer

TRAIN_TIMESTEPS = 1000
BETA_START, BETA_END = 0.00085, 0.012
# Picture pixels for one latent along each side.
LATENT_STRIDE = 8
LATENT_CHANNELS = 4
PICTURE_SIZE = 256

VAE_CONFIG = dict(
    sample_size=PICTURE_SIZE,
    in_channels=3,
    out_channels=3,
    latent_channels=LATENT_CHANNELS,
    layers_per_block=1,
    block_out_channels=(24, 48, 96, 128),
    norm_num_groups=8,
    mid_block_add_attention=False,
    down_block_types=("DownEncoderBlock2D",) * 4,
    up_block_types=("UpDecoderBlock2D",) * 4,
)

UNET_CONFIG = dict(
    sample_size=PICTURE_SIZE // LATENT_STRIDE,
    in_channels=LATENT_CHANNELS,
    out_channels=LATENT_CHANNELS,
    layers_per_block=2,
    block_out_channels=(64, 128, 192, 192),
    cross_attention_dim=256,
    # Despite its name, diffusers reads this as the number of heads.
    attention_head_dim=8,
    norm_num_groups=32,
    down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
)

SCHEDULER_CONFIG = dict(
    num_train_timesteps=TRAIN_TIMESTEPS,
    beta_start=BETA_START,
    beta_end=BETA_END,
    beta_schedule="scaled_linear",
    clip_sample=False,
    set_alpha_to_one=False,
    steps_offset=1,
)

PIPELINE_INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": diffusers.__version__,
    "feature_extractor": [None, None],
    "image_encoder": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def _special_tokens(tokenizer: CaptionTokenizer) -> dict[str, int]:
    return dict(
        vocab_size=tokenizer.vocabulary_size,
        max_position_embeddings=MAX_TOKENS,
        bos_token_id=tokenizer.start_id,
        eos_token_id=tokenizer.end_id,
        pad_token_id=tokenizer.end_id,
    )


def text_encoder_config(tokenizer: CaptionTokenizer) -> CLIPTextConfig:
    return CLIPTextConfig(
        hidden_size=256,
        intermediate_size=1024,
        num_hidden_layers=6,
        num_attention_heads=4,
        projection_dim=256,
        hidden_act="quick_gelu",
        **_special_tokens(tokenizer),
    )


def clip_config(tokenizer: CaptionTokenizer) -> CLIPConfig:
    return CLIPConfig(
        text_config=dict(
            hidden_size=192,
            intermediate_size=768,
            num_hidden_layers=4,
            num_attention_heads=4,
            **_special_tokens(tokenizer),
        ),
        vision_config=dict(
            hidden_size=256,
            intermediate_size=1024,
            num_hidden_layers=6,
            num_attention_heads=4,
            image_size=128,
            patch_size=16,
        ),
        projection_dim=128,
    )


class Denoiser(nn.Module):
    """Text encoder and UNet, trained together."""

    def __init__(self, text_encoder: CLIPTextModel, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.text = text_encoder
        self.unet = unet

    @classmethod
    def create(cls, tokenizer: CaptionTokenizer) -> "Denoiser":
        text_encoder = CLIPTextModel(text_encoder_config(tokenizer))
        return cls(text_encoder, UNet2DConditionModel(**UNET_CONFIG))

    @classmethod
    def load(cls, run: Path) -> "Denoiser":
        options = dict(variant="fp16", torch_dtype=torch.float32)
        return cls(
            CLIPTextModel.from_pretrained(run, subfolder="text_encoder", **options),
            UNet2DConditionModel.from_pretrained(run, subfolder="unet", **options),
        )

    def forward(self, latents: Tensor, timesteps: Tensor, token_ids: Tensor) -> Tensor:
        """Noise [n, 4, h, w] predicted for latents [n, 4, h, w], t [n] and token ids [n, 77]."""
        context = self.text(token_ids).last_hidden_state
        return self.unet(latents, timesteps, context, return_dict=False)[0]


def load_vae(run: Path, device: str) -> AutoencoderKL:
    """The trained VAE, frozen, in float32."""
    if not (run / "vae" / "config.json").exists():
        raise SystemExit(f"{run / 'vae'} is missing: run train_vae.py with --out {run} first.")
    vae = AutoencoderKL.from_pretrained(
        run, subfolder="vae", variant="fp16", torch_dtype=torch.float32
    )
    vae = vae.to(device).to(memory_format=torch.channels_last)
    return vae.eval().requires_grad_(False)


def save_half(model: nn.Module, folder: Path) -> None:
    """Write a copy of a diffusers or transformers model in fp16.

    The old folder stays whole until the new one is written.
    """
    draft = folder.with_name(folder.name + ".tmp")
    shutil.rmtree(draft, ignore_errors=True)
    # Pipelines look for the fp16 variant by name; CLIP is loaded on its own, without one.
    variant = None if isinstance(model, CLIPModel) else "fp16"
    copy.deepcopy(model).half().save_pretrained(draft, variant=variant)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def save_scheduler_and_index(run: Path) -> None:
    """Write scheduler/ and model_index.json, which make the run folder a pipeline folder."""
    DDIMScheduler(**SCHEDULER_CONFIG).save_pretrained(run / "scheduler")
    (run / "model_index.json").write_text(json.dumps(PIPELINE_INDEX, indent=2) + "\n")
