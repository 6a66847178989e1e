"""PyTorch on the same work, one request a line on stdin, one JSON answer a line on stdout.

    python bench/peers/torch_peer.py MODEL_FOLDER THREADS DEVICE DTYPE eager|compiled

DEVICE is cpu or cuda, DTYPE float32, float16 or half. float16 is mixed precision (autocast): weights, norms and softmax
stay float32. half has the UNet's frozen weights in float16, as diffusers' training script has them: a training step is
mixed precision, with trained weights and the text encoder in float32; a forward pass is float16 throughout; nothing else.
Requests: {"open": {"work": METHOD_OF_PEER, ...its arguments}}, {"run": true}, {"release": true}. Answers: {"done": true},
{"ms": milliseconds}, on a GPU with "allocated", the most bytes at a time since the work was opened, {"absent": why not},
after one {"ready": versions}.
The weights are random, of the shapes that the folder's configuration files say: time does not depend on them. Inputs
are made before the clock starts, as on the other side; so is code, where it is compiled.
"""

import gc
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
# New words that can be trained together.
MOST_CONCEPTS = 4


class TokensWithRows(nn.Module):
    """An embedding whose frozen table [V,E] is continued by trained rows, ids V and up."""

    def __init__(self, table: torch.Tensor):
        super().__init__()
        self.table = table
        self.rows = nn.Parameter(table[:MOST_CONCEPTS].clone())

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return nn.functional.embedding(ids, torch.cat([self.table, self.rows]))


class Peer:
    """The models. Methods that return a callable make a work's inputs, and give the work to be timed."""

    def __init__(self, model: Path, device: torch.device, dtype: str, compiled: bool):
        self.device, self.half = device, dtype == "half"
        self.dtype = torch.float32 if dtype == "float32" else torch.float16

        def config(part: str, name: str = "config") -> dict:
            return json.loads((model / part / f"{name}.json").read_text(encoding="utf-8"))

        # A billion random numbers take a processor ten seconds.
        with device:
            self.unet = UNet2DConditionModel.from_config(config("unet")).eval()
        self.vae = AutoencoderKL.from_config(config("vae_decoder")).eval()
        self.encoder = CLIPTextModel(CLIPTextConfig(**config("text_encoder"))).float().eval()
        self.scheduler = DDIMScheduler.from_config(config("scheduler", "scheduler_config"))
        for part in (self.unet, self.vae, self.encoder):
            part.requires_grad_(False)
        self.vocabulary = self.encoder.config.vocab_size
        tokens = TokensWithRows(self.encoder.get_input_embeddings().weight)
        self.encoder.set_input_embeddings(tokens)
        named = self.unet.named_parameters()
        self.kv = [p for n, p in named if "attn2.to_k" in n or "attn2.to_v" in n]
        for parameter in self.kv:
            parameter.requires_grad_(True)
        groups = [{"params": self.kv}, {"params": [tokens.rows], "weight_decay": 0.0}]
        # Loss scaling is a part of training in float16.
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.dtype == torch.float16)
        self.optimiser = torch.optim.AdamW(groups, lr=3e-4, weight_decay=1e-2)

        def maybe(callee: Callable[..., object]) -> Callable[..., object]:
            return torch.compile(callee, dynamic=False) if compiled else callee

        self.predict, self.encode = maybe(self.unet), maybe(self.encoder)
        self.decoder = maybe(self.vae.decode)

    def forward(self, batch: int, size: int | None = None) -> Callable[[], object]:
        """A pass of the UNet."""
        self.place(self.unet, trained=torch.float16)
        latents, timesteps = self.latents(batch, size), self.timesteps(batch)
        text = torch.randn(
            batch, TOKENS, self.unet.config.cross_attention_dim, device=self.device
        )
        if self.half:
            latents, text = latents.half(), text.half()

        @torch.inference_mode()
        def work() -> object:
            # What is float16 throughout needs no casts.
            with torch.autocast(self.device.type, self.dtype, enabled=self.mixed and not self.half):
                return self.predict(latents, timesteps, text).sample

        return work

    def training_step(self, batch: int, size: int | None = None, concepts: int = 1) -> Callable[[], object]:
        """Text encoder, UNet, masked loss, gradients of K/V weights and of V* in half of the captions, AdamW."""
        self.place(self.unet, self.encoder, trained=torch.float32)
        latents, target = self.latents(batch, size), self.latents(batch, size)
        timesteps = self.timesteps(batch)
        weight = torch.full_like(latents[:, :1], 1 / latents.numel())
        ids = self.ids(batch)
        for i in range((batch + 1) // 2):
            ids[i, V_STAR_POSITION] = self.vocabulary + i % concepts

        def work() -> None:
            self.optimiser.zero_grad()
            text = self.encode(input_ids=ids).last_hidden_state
            prediction = self.predict(latents, timesteps, text).sample
            loss = (weight * (prediction - target) ** 2).sum()
            self.scaler.scale(loss).backward()
            self.scaler.step(self.optimiser)
            self.scaler.update()

        return work

    def image(self, steps: int, guidance: float) -> Callable[[], object]:
        """Text encoder, guided DDIM from noise, decoder."""
        self.place(self.unet, self.encoder, self.vae)
        ids, noise = self.ids(2), self.latents(1)

        @torch.inference_mode()
        def work() -> object:
            text = self.encode(input_ids=ids).last_hidden_state
            self.scheduler.set_timesteps(steps)
            latents = noise
            for timestep in self.scheduler.timesteps:
                both = self.predict(torch.cat([latents, latents]), timestep, text).sample
                negative, positive = both.chunk(2)
                prediction = negative + guidance * (positive - negative)
                latents = self.scheduler.step(prediction, timestep, latents).prev_sample
            return self.picture(latents)

        return work

    def decode(self) -> Callable[[], object]:
        """The picture of one image's latents."""
        self.place(self.vae)
        latents = self.latents(1)
        return torch.inference_mode()(lambda: self.picture(latents))

    def picture(self, latents: torch.Tensor) -> torch.Tensor:
        return self.decoder(latents / self.vae.config.scaling_factor).sample

    @property
    def mixed(self) -> bool:
        return self.dtype != torch.float32

    def place(self, *parts: nn.Module, trained: torch.dtype | None = None) -> None:
        """Has the parts on the device; and with half, the UNet in float16 but for what is trained."""
        for part in parts:
            part.to(self.device)
        if self.half:
            if trained is None:
                raise NotImplementedError("It is not measured with half.")
            self.unet.half()
            for parameter in self.kv:
                parameter.data = parameter.data.to(trained)

    def timed(self, work: Callable[[], object]) -> float:
        """Milliseconds from the call to the last kernel's end."""
        mixed = torch.autocast(self.device.type, self.dtype, enabled=self.mixed)
        self.settle()
        start = time.perf_counter()
        with mixed:
            work()
        self.settle()
        return (time.perf_counter() - start) * 1000

    def settle(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def count_anew(self) -> None:
        """Forgets how much memory there was before."""
        if self.device.type == "cuda":
            gc.collect()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def allocated(self) -> dict:
        """The most bytes that there were at a time since then."""
        if self.device.type != "cuda":
            return {}
        return {"allocated": torch.cuda.max_memory_allocated()}

    def latents(self, batch: int, size: int | None = None) -> torch.Tensor:
        size = size or self.unet.config.sample_size
        return torch.randn(batch, self.unet.config.in_channels, size, size, device=self.device)

    def timesteps(self, batch: int) -> torch.Tensor:
        return torch.randint(
            0, self.scheduler.config.num_train_timesteps, (batch,), device=self.device
        )

    def ids(self, batch: int) -> torch.Tensor:
        return torch.randint(0, self.vocabulary, (batch, TOKENS), device=self.device)


def reason_of(error: Exception) -> str:
    """One line of an error that may have a hundred."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__


def main() -> None:
    folder, threads, device, dtype, variant = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    # A shape, a device and gradients or none: each is compiled on its own.
    torch._dynamo.config.recompile_limit = 64
    peer = Peer(Path(folder), torch.device(device), dtype, variant == "compiled")
    work: Callable[[], object] | None = None

    def say(**answer: object) -> None:
        print(json.dumps(answer), flush=True)

    def opened(arguments: dict) -> dict:
        nonlocal work
        method = getattr(peer, arguments.pop("work"), None)
        if method is None:
            return {"absent": "PyTorch has no counterpart."}
        try:
            work = method(**arguments)
        except NotImplementedError as error:
            return {"absent": str(error)}
        peer.count_anew()
        if variant == "compiled":
            try:
                peer.timed(work)
            except Exception as error:
                return {"absent": f"PyTorch could not compile it: {reason_of(error)}"}
        return {"done": True}

    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    say(ready=f"torch {torch.__version__}, diffusers {diffusers.__version__}, {name}, {dtype}")
    for line in sys.stdin:
        request = json.loads(line)
        if "open" in request:
            say(**opened(request["open"]))
        elif "run" in request and work is not None:
            say(ms=peer.timed(work), **peer.allocated())
        else:
            work = None
            say(done=True)


if __name__ == "__main__":
    main()
