"""PyTorch eager on the same work, one request a line on stdin, one JSON answer a line on stdout.

    python bench/torch_peer.py UNET_CONFIG_JSON THREADS

Requests: {"work": "forward" | "step", "batch": B}. Answers: {"ms": milliseconds}, after one {"ready": versions}.
The weights are random (time does not depend on them); "step" is forward, masked loss and the gradient of the 32
cross-attention K/V projections and of the text features, everything else frozen, as Custom Diffusion trains.
"""

import json
import sys
import time

import torch
from diffusers import UNet2DConditionModel


def main() -> None:
    config_path, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    with open(config_path, encoding="utf-8") as file:
        config = json.load(file)
    unet = UNet2DConditionModel.from_config(config).eval().requires_grad_(False)
    trained = [p for n, p in unet.named_parameters() if "attn2.to_k" in n or "attn2.to_v" in n]
    size, width = config["sample_size"], config["cross_attention_dim"]
    print(json.dumps({"ready": f"torch {torch.__version__}"}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        batch = request["batch"]
        latents = torch.randn(batch, 4, size, size)
        target = torch.randn_like(latents)
        timesteps = torch.randint(0, 1000, (batch,))
        text = torch.randn(batch, 77, width)
        training = request["work"] == "step"
        for parameter in trained:
            parameter.requires_grad_(training)
            parameter.grad = None
        start = time.perf_counter()
        if training:
            text.requires_grad_(True)
            prediction = unet(latents, timesteps, text).sample
            ((prediction - target) ** 2).mean().backward()
        else:
            with torch.inference_mode():
                unet(latents, timesteps, text)
        print(json.dumps({"ms": (time.perf_counter() - start) * 1000}), flush=True)


if __name__ == "__main__":
    main()
