"""Reference values of the default model's CLIP: five photos beside a few captions, in float64.

The photos' pixels are divided by 127.5, less 1, and averaged over 2 x 2 squares: 256 to 128 px.
"""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import CLIPModel

from custom_diffusion import as_arrays
from golden_default import tokenize

CAPTIONS = [
    "photo of a bear",
    "photo of a bear in the snow",
    "painting of a bear on the grass",
    "photo of a car on the road",
]


def photographs(folder: Path) -> torch.Tensor:
    """[N,3,h,w] float64 in [-1,1]: the PNGs of a folder, by name."""
    files = sorted(folder.glob("*.png"))
    if not files:
        raise SystemExit(f"{folder} holds no PNG; name the folder of photos with --photos")
    pictures = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    return torch.from_numpy(np.stack(pictures)).double().permute(0, 3, 1, 2) / 127.5 - 1


@torch.no_grad()
def scores(base: Path, photos: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(tensors, notes)."""
    clip = CLIPModel.from_pretrained(base / "clip", dtype=torch.float64).eval()
    tokenizer = Tokenizer.from_file(str(base / "tokenizer/tokenizer.json"))
    ids = torch.tensor([tokenize(tokenizer, caption, 77) for caption in CAPTIONS])
    pixels = functional.avg_pool2d(photographs(photos), 2)
    images = clip.get_image_features(pixel_values=pixels).pooler_output
    texts = clip.get_text_features(input_ids=ids).pooler_output
    images, texts = (functional.normalize(x, dim=-1) for x in (images, texts))
    between = images @ images.T
    pairs = between[~torch.eye(len(images), dtype=torch.bool)]
    tensors = as_arrays(
        input_ids=ids,
        image_embeds=images,
        text_embeds=texts,
        image_alignment=pairs.mean().reshape(1),
        text_alignment=(images @ texts.T).mean(0),
    )
    return tensors, {
        "captions": json.dumps(CAPTIONS),
        "image_embeds": "[N,D] of the photos, by file name, of length 1",
        "text_embeds": "[captions,D], of length 1",
        "image_alignment": "mean cosine of two different photos",
        "text_alignment": "[captions] mean cosine of the photos and each caption",
    }
