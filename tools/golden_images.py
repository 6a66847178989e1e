"""Write tests/reference/images.safetensors: reference values for resizing and for 8-bit conversion.

    python tools/golden_images.py [--out tests/reference]

Resizing is torch's interpolate with antialiasing in float64, clamped to [-1, 1]; Pillow's, in
float32, must agree. The conversion is diffusers' VaeImageProcessor.
"""

import argparse
import json
from pathlib import Path

import diffusers
import numpy as np
import PIL
import torch
from diffusers.image_processor import VaeImageProcessor
from PIL import Image
from safetensors.numpy import save

import seeded
from make_goldens import in_fixed_order

SEED = 11
HEIGHT, WIDTH = 19, 23
# (width, height): shrunk by no whole number, enlarged, one of each, to one pixel, unchanged.
SIZES = [(16, 7), (33, 40), (9, 25), (1, 1), (WIDTH, HEIGHT)]
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
# Pillow computes in float32 throughout: a few roundings of numbers about 1.
PILLOW_TOLERANCE = 2e-6


def input_image() -> np.ndarray:
    """float32 [3,H,W] uniform on [-1, 1): noise, so that every weight matters."""
    u = seeded.uniform(SEED, "image", 3 * HEIGHT * WIDTH)
    return (2.0 * u - 1.0).astype(np.float32).reshape(3, HEIGHT, WIDTH)


def resized(image: np.ndarray, width: int, height: int, mode: str) -> np.ndarray:
    """float64 [3,height,width], clamped."""
    result = torch.nn.functional.interpolate(
        torch.from_numpy(image.astype(np.float64))[None],
        size=(height, width),
        mode=mode,
        align_corners=False,
        antialias=True,
    )[0]
    return result.clamp(-1, 1).numpy()


def resized_by_pillow(image: np.ndarray, width: int, height: int, mode: str) -> np.ndarray:
    """float32 [3,height,width], clamped."""
    planes = [
        np.asarray(Image.fromarray(plane).resize((width, height), FILTERS[mode]))
        for plane in image
    ]
    return np.clip(np.stack(planes), -1, 1)


def pixels(image: np.ndarray) -> np.ndarray:
    """int32 [height,width,3] in 0 .. 255 of an image that also leaves [-1, 1]."""
    processor = VaeImageProcessor()
    (picture,) = processor.postprocess(torch.from_numpy(image)[None], output_type="pil")
    return np.asarray(picture).astype(np.int32)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=Path("tests/reference"), help="folder to write to"
    )
    args = parser.parse_args()
    image = input_image()
    tensors = {}
    for mode in FILTERS:
        for width, height in SIZES:
            result = resized(image, width, height, mode)
            difference = np.abs(result - resized_by_pillow(image, width, height, mode)).max()
            assert difference < PILLOW_TOLERANCE, (mode, width, height, difference)
            tensors[f"{mode}.{width}x{height}"] = result.astype(np.float32)
    tensors["pixels"] = pixels(1.25 * image)
    metadata = {
        "version": "1",
        "tool": "tools/golden_images.py",
        "seed": str(SEED),
        "libraries": json.dumps(
            {
                "torch": torch.__version__,
                "diffusers": diffusers.__version__,
                "pillow": PIL.__version__,
            }
        ),
        "input": f"[3,{HEIGHT},{WIDTH}] fround(2 u - 1), u = uniform({SEED}, 'image', i)",
        "FILTER.WxH": "[3,H,W] the input resized, antialiased, clamped to [-1, 1]",
        "pixels": "[H,W,3] 1.25 times the input, in 8 bits",
    }
    path = args.out / "images.safetensors"
    path.write_bytes(in_fixed_order(save(tensors, metadata)))
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
