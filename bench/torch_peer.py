"""PyTorch eager on the same work, one request a line on stdin, one JSON answer a line on stdout.

    python bench/torch_peer.py MODEL_FOLDER THREADS

Requests: {"work": METHOD_OF_PEER, ...its arguments}. Answers: {"ms": milliseconds}, after one
{"ready": versions}. The weights are random, of the shapes that the folder's configuration files say: time does
not depend on them. Inputs are made before the clock starts, as on the other side.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import diffusers
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel

TOKENS = 77
V_STAR_POSITION = 4


class TokensWithRow(nn.Module):
    """An embedding whose frozen table [V,E] is continued by the trained row of V*, id V."""

    def __init__(self, table: torch.Tensor):
        super().__init__()
        self.table = table
        self.row = nn.Parameter(table[0].clone())

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return nn.functional.embedding(ids, torch.cat([self.table, self.row[None]]))


class Peer:
    """The models. Methods that return a callable make a work's inputs, and give the work to be timed."""

    def __init__(self, model: Path):
        def config(part: str, name: str = "config") -> dict:
            return json.loads((model / part / f"{name}.json").read_text(encoding="utf-8"))

        self.unet = UNet2DConditionModel.from_config(config("unet")).eval()
        self.vae = AutoencoderKL.from_config(config("vae_decoder")).eval()
        self.encoder = CLIPTextModel(CLIPTextConfig(**config("text_encoder"))).float().eval()
        self.scheduler = DDIMScheduler.from_config(config("scheduler", "scheduler_config"))
        for part in (self.unet, self.vae, self.encoder):
            part.requires_grad_(False)
        self.vocabulary = self.encoder.config.vocab_size
        tokens = TokensWithRow(self.encoder.get_input_embeddings().weight)
        self.encoder.set_input_embeddings(tokens)
        kv = [p for n, p in self.unet.named_parameters() if "attn2.to_k" in n or "attn2.to_v" in n]
        for parameter in kv:
            parameter.requires_grad_(True)
        groups = [{"params": kv}, {"params": [tokens.row], "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=3e-4, weight_decay=1e-2)

    def forward(self, batch: int) -> Callable[[], object]:
        """A pass of the UNet."""
        latents, timesteps = self.latents(batch), self.timesteps(batch)
        text = torch.randn(batch, TOKENS, self.unet.config.cross_attention_dim)

        @torch.inference_mode()
        def work() -> object:
            return self.unet(latents, timesteps, text).sample

        return work

    def training_step(self, batch: int) -> Callable[[], object]:
        """Text encoder, UNet, masked loss, gradients of K/V weights and of V* in half of the captions, AdamW."""
        latents, target, timesteps = self.latents(batch), self.latents(batch), self.timesteps(batch)
        weight = torch.full((batch, 1, *latents.shape[2:]), 1 / latents.numel())
        ids = self.ids(batch)
        ids[: batch // 2, V_STAR_POSITION] = self.vocabulary

        def work() -> None:
            self.optimiser.zero_grad()
            text = self.encoder(input_ids=ids).last_hidden_state
            prediction = self.unet(latents, timesteps, text).sample
            (weight * (prediction - target) ** 2).sum().backward()
            self.optimiser.step()

        return work

    def image(self, steps: int, guidance: float) -> Callable[[], object]:
        """Text encoder, guided DDIM from noise, decoder."""
        ids, noise = self.ids(2), self.latents(1)

        @torch.inference_mode()
        def work() -> object:
            text = self.encoder(input_ids=ids).last_hidden_state
            self.scheduler.set_timesteps(steps)
            latents = noise
            for timestep in self.scheduler.timesteps:
                both = self.unet(torch.cat([latents, latents]), timestep, text).sample
                negative, positive = both.chunk(2)
                prediction = negative + guidance * (positive - negative)
                latents = self.scheduler.step(prediction, timestep, latents).prev_sample
            return self.picture(latents)

        return work

    def decode(self) -> Callable[[], object]:
        """The picture of one image's latents."""
        latents = self.latents(1)
        return torch.inference_mode()(lambda: self.picture(latents))

    def picture(self, latents: torch.Tensor) -> torch.Tensor:
        return self.vae.decode(latents / self.vae.config.scaling_factor).sample

    def latents(self, batch: int) -> torch.Tensor:
        size = self.unet.config.sample_size
        return torch.randn(batch, self.unet.config.in_channels, size, size)

    def timesteps(self, batch: int) -> torch.Tensor:
        return torch.randint(0, self.scheduler.config.num_train_timesteps, (batch,))

    def ids(self, batch: int) -> torch.Tensor:
        return torch.randint(0, self.vocabulary, (batch, TOKENS))


def main() -> None:
    torch.set_num_threads(int(sys.argv[2]))
    torch.manual_seed(0)
    peer = Peer(Path(sys.argv[1]))
    ready = f"torch {torch.__version__}, diffusers {diffusers.__version__}"
    print(json.dumps({"ready": ready}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        work = getattr(peer, request.pop("work"))(**request)
        start = time.perf_counter()
        work()
        print(json.dumps({"ms": (time.perf_counter() - start) * 1000}), flush=True)


if __name__ == "__main__":
    main()
