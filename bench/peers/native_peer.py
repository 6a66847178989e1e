"""Native onnxruntime on the graphs that the studio makes, one request a line on stdin, one JSON answer a line on stdout.

    python bench/peers/native_peer.py THREADS

Requests: {"open": {"work": METHOD_OF_PEER, "graphs": files by name, ...}}, {"run": true}, {"release": true}. Answers:
{"done": true}, {"ms": milliseconds}, {"absent": why not}, after one {"ready": version}. What lies outside of the graphs
is numpy here, and plain loops in the studio. Inputs are random: time does not depend on them.
"""

import json
import sys
import time
from collections.abc import Callable

import numpy as np
import onnxruntime as ort

Feeds = dict[str, np.ndarray]


class Peer:
    """Methods take the graphs' files and give the work to be timed."""

    def __init__(self, threads: int):
        self.options = ort.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.inter_op_num_threads = 1
        self.random = np.random.default_rng(0)

    def forward(self, graphs: dict[str, str], **_: object) -> Callable[[], object]:
        unet, feeds = self.load(graphs["unet"])
        return lambda: unet.run(None, feeds)

    def decode(self, graphs: dict[str, str], **_: object) -> Callable[[], object]:
        decoder, feeds = self.load(graphs["decoder"])
        return lambda: decoder.run(None, feeds)

    def image(self, graphs: dict[str, str], steps: int, guidance: float, **_: object) -> Callable[[], object]:
        """Text features of prompt and negative prompt, K/V, guided steps, decoder."""
        text, embeds = self.load(graphs["text"])
        unet, feeds = self.load(graphs["unet"])
        decoder, latents_in = self.load(graphs["decoder"])
        (latents_name,) = latents_in
        weights = self.kv_weights(embeds, feeds["kv"])

        def work() -> object:
            features = np.concatenate([text.run(None, embeds)[0] for _ in range(2)])
            kv = features @ weights
            latents = feeds["sample"][:1]
            for _ in range(steps):
                both = np.concatenate([latents, latents])
                negative, positive = unet.run(None, {**feeds, "kv": kv, "sample": both})[0]
                prediction = negative + guidance * (positive - negative)
                latents = 0.98 * latents + 0.02 * prediction
            return decoder.run(None, {latents_name: latents})

        return work

    def training_step(self, graphs: dict[str, str], captions: int, **_: object) -> Callable[[], object]:
        """Text features, K/V, the training graph, gradients of K/V weights and of V*, AdamW."""
        text, embeds = self.load(graphs["text"])
        text_gradient, text_feeds = self.load(graphs["text_gradient"])
        training, feeds = self.load(graphs["training"])
        weights = self.kv_weights(embeds, feeds["kv"])
        first, second = np.zeros_like(weights), np.zeros_like(weights)
        batch = feeds["kv"].shape[0]
        regularisation = text.run(None, embeds)[0]
        gradient_name = next(o.name for o in training.get_outputs() if o.shape == list(feeds["kv"].shape))

        def work() -> None:
            nonlocal first, second, weights
            targets = [text.run(None, embeds)[0] for _ in range(captions)]
            features = np.concatenate([*targets, *[regularisation] * (batch - captions)])
            results = training.run(None, {**feeds, "kv": features @ weights})
            names = [output.name for output in training.get_outputs()]
            d_kv = results[names.index(gradient_name)]
            width, columns = weights.shape
            d_weights = features.reshape(-1, width).T @ d_kv.reshape(-1, columns)
            d_features = d_kv @ weights.T
            for i in range(captions):
                text_gradient.run(None, {**text_feeds, "d_hidden": d_features[i : i + 1]})
            first = 0.9 * first + 0.1 * d_weights
            second = 0.999 * second + 0.001 * d_weights**2
            weights = weights - 3e-6 * first / (np.sqrt(second) + 1e-8)

        return work

    def load(self, file: str) -> tuple[ort.InferenceSession, Feeds]:
        """A session, and something for each of its inputs."""
        session = ort.InferenceSession(file, self.options, providers=["CPUExecutionProvider"])
        feeds = {i.name: self.random.standard_normal(i.shape, dtype=np.float32) for i in session.get_inputs()}
        return session, feeds

    def kv_weights(self, embeds: Feeds, kv: np.ndarray) -> np.ndarray:
        (rows,) = embeds.values()
        return 0.02 * self.random.standard_normal((rows.shape[-1], kv.shape[-1]), dtype=np.float32)


def main() -> None:
    peer = Peer(int(sys.argv[1]))
    work: Callable[[], object] | None = None

    def say(**answer: object) -> None:
        print(json.dumps(answer), flush=True)

    say(ready=f"onnxruntime {ort.__version__}")
    for line in sys.stdin:
        request = json.loads(line)
        if "open" in request:
            arguments = request["open"]
            work = getattr(peer, arguments.pop("work"))(**arguments)
            say(done=True)
        elif "run" in request and work is not None:
            start = time.perf_counter()
            work()
            say(ms=(time.perf_counter() - start) * 1000)
        else:
            work = None
            say(done=True)


if __name__ == "__main__":
    main()
