"""How learning rate, steps and batch trade likeness for obedience, by PyTorch in place of the engine.

    python tools/sweep.py --base FOLDER [--run N] [--threads 2] [--out studies/results/sweep.json]

Trains the teddy bear with every setting of studies/sweep-runs.json and adds a point for each stop to
--out, where `npm run study:sweep` finds them: it trains what is missing with the engine itself, which
takes longer, and draws. The recipe is the engine's (docs/training.md): augmented
views, spread timesteps, masked loss, BOS detached, clipping, AdamW; the numbers drawn are Python's.
"""

import argparse
import fcntl
import json
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, DPMSolverMultistepScheduler, UNet2DConditionModel
from PIL import Image
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import CLIPModel, CLIPTextModel

from custom_diffusion import install_custom_diffusion
from golden_clip import photographs
from golden_default import V_STAR, tokenize
from photo_views import view
from training_run import TokensWithRow, WEIGHT_DECAY

GOLDEN_RATIO = (5**0.5 - 1) / 2
VIEWS = 16
SCENES = [
    "on the beach", "in the snow", "on a wooden table", "in the forest",
    "on the grass", "on the road", "at sunset", "in the city",
]  # fmt: skip
COUNT, SAMPLING_STEPS, GUIDANCE = 2, 10, 4.5
MAX_NORM = 0.04  # the engine's default for small models
CHUNK = 8


@dataclass(frozen=True)
class Example:
    """mean and deviation [4,h,w] of the scaled latents, mask [h,w], caption."""

    mean: torch.Tensor
    deviation: torch.Tensor
    mask: torch.Tensor
    caption: str


class Models:
    """The diffusers folder in float32."""

    def __init__(self, base: Path):
        fp16 = {"variant": "fp16"}
        self.vae = AutoencoderKL.from_pretrained(
            base, subfolder="vae", torch_dtype=torch.float32, low_cpu_mem_usage=False, **fp16
        ).eval()
        self.clip = CLIPModel.from_pretrained(base / "clip", dtype=torch.float32).eval()
        self.tokenizer = Tokenizer.from_file(str(base / "tokenizer/tokenizer.json"))
        self.ddim = DDIMScheduler.from_pretrained(base, subfolder="scheduler")
        self.base, self.fp16 = base, fp16

    def trainable(self) -> tuple[UNet2DConditionModel, CLIPTextModel]:
        unet = UNet2DConditionModel.from_pretrained(
            self.base, subfolder="unet", torch_dtype=torch.float32, low_cpu_mem_usage=False,
            **self.fp16,
        ).eval()  # fmt: skip
        encoder = CLIPTextModel.from_pretrained(
            self.base / "text_encoder", dtype=torch.float32, **self.fp16
        ).eval()
        return unet.requires_grad_(False), encoder.requires_grad_(False)

    def ids(self, captions: list[str]) -> torch.Tensor:
        return torch.tensor([tokenize(self.tokenizer, caption, 77) for caption in captions])

    @torch.no_grad()
    def example(self, picture: torch.Tensor, mask: torch.Tensor, caption: str) -> Example:
        latents = self.vae.encode(picture).latent_dist
        scale = self.vae.config.scaling_factor
        return Example(latents.mean[0] * scale, latents.std[0] * scale, mask, caption)


def target_pool(models: Models, photos: torch.Tensor) -> list[list[Example]]:
    pool = []
    for index, photo in enumerate(photos):
        views = [view(photo[None], random.Random(1000 * index + k)) for k in range(VIEWS)]
        caption = f"photo of a {V_STAR} bear"
        pool.append([models.example(v.picture, v.mask, v.prefix + caption) for v in views])
    return pool


def regularisation_pool(models: Models, folder: Path) -> list[list[Example]]:
    pool = []
    for line in (folder / "metadata.jsonl").read_text().splitlines():
        record = json.loads(line)
        pixels = np.asarray(Image.open(folder / record["file_name"]).convert("RGB"))
        picture = torch.tensor(pixels).permute(2, 0, 1)[None] / 127.5 - 1
        mask = torch.ones(picture.shape[-2] // 8, picture.shape[-1] // 8)
        views = (picture, picture.flip(-1))
        pool.append([models.example(p, mask, record["text"]) for p in views])
    return pool


class Turns:
    """Every picture of a pool once before any again, timesteps spread by the golden ratio."""

    def __init__(self, pool: list[list[Example]], rng: random.Random):
        self.pool, self.rng, self.start = pool, rng, rng.random()
        self.count, self.deck = 0, []

    def next(self) -> tuple[Example, int]:
        if not self.deck:
            self.deck = self.rng.sample(self.pool, len(self.pool))
        timestep = int(1000 * ((self.start + self.count * GOLDEN_RATIO) % 1))
        self.count += 1
        return self.rng.choice(self.deck.pop()), timestep


def train(models: Models, pools: list[list[list[Example]]], run: dict, initializer: int):
    """Yields (steps done, unet, encoder) at every stop of the run."""
    torch.manual_seed(1)
    unet, encoder = models.trainable()
    processors = install_custom_diffusion(unet, train_q_out=False)
    tokens = TokensWithRow(encoder.get_input_embeddings().weight, initializer)
    encoder.set_input_embeddings(tokens)
    kv = [
        parameter
        for processor in processors.values()
        for parameter in (
            processor.to_k_custom_diffusion.weight,
            processor.to_v_custom_diffusion.weight,
        )
    ]
    optimiser = torch.optim.AdamW(
        [
            {"params": kv, "lr": run["learningRate"], "weight_decay": WEIGHT_DECAY},
            {"params": [tokens.row], "lr": run["tokenLearningRate"], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.999),
        eps=1e-8,
    )
    turns = [Turns(pool, random.Random(f"{name} 1")) for name, pool in zip("tr", pools, strict=True)]
    for step in range(1, max(run["stops"]) + 1):
        drawn = [turn.next() for turn in turns for _ in range(run["batch"] // 2)]
        latents = torch.stack([e.mean + e.deviation * torch.randn_like(e.mean) for e, _ in drawn])
        mask = torch.stack([e.mask for e, _ in drawn])[:, None]
        timesteps, noise = torch.tensor([t for _, t in drawn]), torch.randn_like(latents)
        hidden = encoder(input_ids=models.ids([e.caption for e, _ in drawn])).last_hidden_state
        noisy = models.ddim.add_noise(latents, noise, timesteps)
        error = (unet(noisy, timesteps, hidden).sample - noise) ** 2 * mask
        loss = error.sum((1, 2, 3)) / (latents.shape[1] * mask.sum((1, 2, 3)))
        optimiser.zero_grad()
        loss.mean().backward()
        torch.nn.utils.clip_grad_norm_([*kv, tokens.row], MAX_NORM)
        optimiser.step()
        if step in run["stops"]:
            yield step, unet, encoder


@torch.no_grad()
def score(models: Models, unet, encoder, photos: torch.Tensor) -> tuple[float, float]:
    """(image alignment to the photos, text alignment to the prompts without the token)."""
    prompts = [f"photo of a {V_STAR} bear {scene}" for scene in SCENES for _ in range(COUNT)]
    texts = encoder(input_ids=models.ids(prompts)).last_hidden_state
    empty = encoder(input_ids=models.ids([""])).last_hidden_state.expand_as(texts)
    solver = DPMSolverMultistepScheduler.from_config(models.ddim.config)
    size = unet.config.sample_size
    latents = torch.randn(len(prompts), 4, size, size, generator=torch.Generator().manual_seed(5))
    pictures = []
    for at in range(0, len(prompts), CHUNK):
        x, part = latents[at : at + CHUNK], slice(at, at + CHUNK)
        solver.set_timesteps(SAMPLING_STEPS)
        for t in solver.timesteps:
            both = unet(torch.cat([x, x]), t, torch.cat([texts[part], empty[part]])).sample
            wanted, free = both.chunk(2)
            x = solver.step(free + GUIDANCE * (wanted - free), t, x).prev_sample
        pictures.append(models.vae.decode(x / models.vae.config.scaling_factor).sample.clamp(-1, 1))
    images = image_features(models, torch.cat(pictures))
    plain = models.ids([prompt.replace(f"{V_STAR} ", "") for prompt in prompts])
    captions = functional.normalize(
        models.clip.get_text_features(input_ids=plain).pooler_output, dim=-1
    )
    alignment = (images @ image_features(models, photos).T).mean()
    return float(alignment), float((images * captions).sum(-1).mean())


def image_features(models: Models, pictures: torch.Tensor) -> torch.Tensor:
    pixels = functional.avg_pool2d(pictures, 2)
    return functional.normalize(
        models.clip.get_image_features(pixel_values=pixels).pooler_output, dim=-1
    )


def add_point(out: Path, point: dict) -> None:
    """Several processes may write."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        points = json.loads(file.read() or "[]")
        file.truncate(0)
        file.write(json.dumps([*points, point], indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("public/models/toybox-256"))
    parser.add_argument("--samples", type=Path, default=Path("public/samples"))
    parser.add_argument("--out", type=Path, default=Path("studies/results/sweep.json"))
    parser.add_argument("--run", type=int, action="append", help="only these, from 0")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    models = Models(args.base)
    photos = photographs(args.samples / "concepts/teddy-bear").float()
    pools = [
        target_pool(models, photos),
        regularisation_pool(models, args.samples / "regularisation/bear"),
    ]
    initializer = json.loads((args.model / "studio.json").read_text())["initializerTokens"][0]["id"]
    runs = json.loads(Path("studies/sweep-runs.json").read_text())
    for index in args.run or range(len(runs)):
        run = runs[index]
        for steps, unet, encoder in train(models, pools, run, initializer):
            image, text = score(models, unet, encoder, photos)
            point = {key: value for key, value in run.items() if key != "stops"}
            add_point(args.out, {**point, "steps": steps, "image": image, "text": text})
            print(f"{point}, {steps} steps: image {image:.3f}, text {text:.3f}", flush=True)


if __name__ == "__main__":
    main()
