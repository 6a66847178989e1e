"""Phase 1, last part: train the small CLIP model that only scores pictures.

    python train_clip.py --sprites FOLDER --out RUN     reads RUN/tokenizer, writes RUN/clip

Its pictures are 128 px: the 256 px pictures in [-1, 1], averaged over 2 x 2 pixels, with no other
normalisation.
"""

import time

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import CLIPModel

from models import PICTURE_SIZE, clip_config, save_half
from tokenizer import CaptionTokenizer
from training import (
    BANK_SIZE,
    SMOKE_BANK_SIZE,
    SMOKE_STEPS,
    Ema,
    Log,
    adamw,
    autocast,
    common_parser,
    prepare_device,
    set_rate,
    timed_rate,
)
from world import World

DEFAULT_SECONDS = 90
BATCH, SMOKE_BATCH = 1024, 8
# New pictures a step, rendered in parts of RENDER_BATCH.
NEW_PICTURES, SMOKE_NEW_PICTURES = 512, 8
RENDER_BATCH = 256
BUFFER = 65_536
# Training starts once the buffer holds this many batches.
BATCHES_BEFORE_START = 4

LEARNING_RATE = 1e-3
WARMUP_SECONDS = 10.0
EMA_DECAY = 0.998
MAX_LOGIT_SCALE = 4.6

LOG_STEPS = (1, 10)
LOG_EVERY = 100


class PictureBuffer:
    """Rendered pictures with their captions: grows to its capacity, then random ones give way.

    images     [size, 3, 128, 128] fp16
    token_ids  [size, 77] int64
    """

    def __init__(self, world: World, tokenizer: CaptionTokenizer, capacity: int) -> None:
        self.world, self.tokenizer, self.capacity = world, tokenizer, capacity
        self.images: Tensor | None = None
        self.token_ids: Tensor | None = None

    def __len__(self) -> int:
        return 0 if self.images is None else len(self.images)

    @torch.no_grad()
    def add(self, count: int) -> None:
        """Render `count` new pictures."""
        images, token_ids = [], []
        for start in range(0, count, RENDER_BATCH):
            rendered, captions, _ = self.world.sample(min(RENDER_BATCH, count - start))
            images.append(F.avg_pool2d(rendered, 2).half())
            token_ids.append(self.tokenizer(captions).to(self.world.device))
        if self.images is None or self.token_ids is None:
            self.images, self.token_ids = torch.cat(images), torch.cat(token_ids)
        elif len(self) < self.capacity:
            self.images = torch.cat([self.images, *images])
            self.token_ids = torch.cat([self.token_ids, *token_ids])
        else:
            place = torch.randint(self.capacity, (count,), device=self.images.device)
            self.images[place], self.token_ids[place] = torch.cat(images), torch.cat(token_ids)

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """A random batch of pictures (float32) and token ids."""
        chosen = torch.randint(len(self), (count,), device=self.images.device)
        return self.images[chosen].float(), self.token_ids[chosen]


def contrastive_loss(logits: Tensor, same: Tensor) -> Tensor:
    """Cross-entropy both ways; pictures with equal captions share the target.

    logits and same are [n, n], pictures by captions; same is 1 where the captions are equal.
    """
    target = same / same.sum(1, keepdim=True)
    by_picture = -(target * logits.log_softmax(1)).sum(1).mean()
    by_caption = -(target * logits.T.log_softmax(1)).sum(1).mean()
    return by_picture / 2 + by_caption / 2


def train(
    buffer: PictureBuffer, clip: CLIPModel, device: str, seconds: float, smoke: bool, log: Log
) -> CLIPModel:
    """Train `clip` and return its averaged weights."""
    optimizer = adamw(clip, device, LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.05)
    ema = Ema(clip, EMA_DECAY)
    batch = SMOKE_BATCH if smoke else BATCH
    start, steps = time.time(), 0
    while time.time() - start < seconds:
        buffer.add(SMOKE_NEW_PICTURES if smoke else NEW_PICTURES)
        if not smoke and len(buffer) < BATCHES_BEFORE_START * batch:
            continue
        images, token_ids = buffer.draw(batch)
        elapsed = time.time() - start
        set_rate(optimizer, LEARNING_RATE * timed_rate(elapsed, seconds, WARMUP_SECONDS))
        with autocast(device):
            output = clip(input_ids=token_ids, pixel_values=images)
        logits = output.logits_per_image.float()
        same = (token_ids[:, None] == token_ids[None]).all(-1).float()
        loss = contrastive_loss(logits, same)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        clip.logit_scale.data.clamp_(max=MAX_LOGIT_SCALE)
        ema.update(clip)
        steps += 1
        if steps in LOG_STEPS or steps % LOG_EVERY == 0:
            hits = same.gather(1, logits.argmax(1, keepdim=True))
            log(f"clip {steps} loss {loss.item():.3f} accuracy {hits.mean().item():.3f}")
        if smoke and steps == SMOKE_STEPS:
            break
    log(f"clip trained for {steps} steps")
    return ema.model


def main() -> None:
    options = common_parser("Train the scoring model.", DEFAULT_SECONDS).parse_args()
    log = Log()
    device = prepare_device(seed=0)
    tokenizer = CaptionTokenizer(options.out)
    world = World(options.sprites, device, PICTURE_SIZE, seed=1)
    world.build_bank(SMOKE_BANK_SIZE if options.smoke else BANK_SIZE)
    clip = CLIPModel(clip_config(tokenizer)).to(device)
    buffer = PictureBuffer(world, tokenizer, BUFFER)
    averaged = train(buffer, clip, device, options.seconds, options.smoke, log)
    save_half(averaged, options.out / "clip")


if __name__ == "__main__":
    main()
