"""Stable Diffusion 1.5 at half its width, with seeded weights: full depth and resolution, no file.

UNet       4 levels, 16 cross-attention blocks, channels 160/320/640/640, 8 heads, text width 384,
           latents [B,4,64,64]; 215 million parameters
text       CLIP, 12 layers, width 384, 6 heads, 77 positions, the default model's vocabulary size

Every parameter is `seeded.weights(7, <PyTorch name>, shape, center, scale)` by the nano model's
recipe (nano_models.ranges).
"""

from diffusers import UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from nano_models import VOCAB_SIZE, seed_parameters

WIDTH = 384
LATENT_SIZE = 64


def unet() -> UNet2DConditionModel:
    """sample [B,4,64,64], timestep [B], encoder_hidden_states [B,77,384] -> like sample."""
    return seed_parameters(
        UNet2DConditionModel(
            sample_size=LATENT_SIZE,
            in_channels=4,
            out_channels=4,
            layers_per_block=2,
            block_out_channels=(160, 320, 640, 640),
            cross_attention_dim=WIDTH,
            attention_head_dim=8,  # the number of heads, as in SD 1.x configs
            norm_num_groups=32,
            down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
            up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        )
    )


def text_encoder() -> CLIPTextModel:
    """input_ids [B,77] -> last_hidden_state [B,77,384]."""
    return seed_parameters(
        CLIPTextModel(
            CLIPTextConfig(
                vocab_size=VOCAB_SIZE,
                hidden_size=WIDTH,
                intermediate_size=4 * WIDTH,
                num_hidden_layers=12,
                num_attention_heads=6,
                max_position_embeddings=77,
                projection_dim=WIDTH,
                bos_token_id=VOCAB_SIZE - 2,
                eos_token_id=VOCAB_SIZE - 1,
                pad_token_id=VOCAB_SIZE - 1,
                hidden_act="quick_gelu",
                attn_implementation="eager",
            )
        )
    )
