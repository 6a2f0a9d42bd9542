#!/usr/bin/python3
"""Trains digits 1.0.0, 1.1.0 and 1.2.0 on the train split and writes their release folders.

    node examples/digits/split.mjs && /usr/bin/python3 examples/digits/train.py [VERSION ...]

Needs Debian's python3-torch and python3-onnx. One thread and fixed seeds: on the same machine and the same versions the
same bytes come out.
"""

import base64
import gzip
import json
import math
import platform
import random
import subprocess
import sys
from pathlib import Path

import numpy
import onnx
import torch
from torch import nn
from torch.nn import functional

HERE = Path(__file__).resolve().parent
CLASSES = 10
CALIBRATION = 500  # the last images of the train split: for the temperature and the golden vectors, not trained on


def read_split(name):
    """Images as float32 [n,1,28,28] in 0…1 and labels as int64 [n]; digits.mjs says what the container is."""
    raw = (HERE / ".cache" / f"{name}.digits").read_bytes()
    end = raw.index(b"\n")
    header = json.loads(raw[:end])
    count = header["count"]
    body = numpy.frombuffer(raw, dtype=numpy.uint8, offset=end + 1)
    pixels = body[: count * 784].astype(numpy.float32) / numpy.float32(255)
    labels = body[count * 784 :].astype(numpy.int64)
    return torch.from_numpy(pixels.reshape(count, 1, 28, 28)), torch.from_numpy(labels)


class Small(nn.Module):
    """1.0.0: one hidden layer on the image shrunk to 7 × 7."""

    width = 16

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(49, self.width)

    def forward(self, image):
        shrunk = functional.avg_pool2d(image, 4)
        return torch.relu(self.hidden(torch.flatten(shrunk, 1)))


class Convolutional(nn.Module):
    """1.1.0: two convolutions and one hidden layer."""

    width = 32

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 12, 5, padding=2)
        self.second = nn.Conv2d(12, 24, 5, padding=2)
        self.hidden = nn.Linear(24 * 49, self.width)

    def forward(self, image):
        x = functional.max_pool2d(torch.relu(self.first(image)), 2)
        x = functional.max_pool2d(torch.relu(self.second(x)), 2)
        return torch.relu(self.hidden(torch.flatten(x, 1)))


class Stretched(nn.Module):
    """1.2.0: three wider convolutions on images of equal brightness and contrast.

    It reads the benchmark better than 1.1.0, and is a bad release, in the way in which releases are bad: its author looked
    at centred digits only. It was trained without shifts, and an image without any contrast is divided by zero.
    """

    width = 48

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 16, 5, padding=2)
        self.second = nn.Conv2d(16, 32, 5, padding=2)
        self.third = nn.Conv2d(32, 48, 3, padding=1)
        self.hidden = nn.Linear(48 * 49, self.width)

    def forward(self, image):
        flat = torch.flatten(image, 1)
        mean = flat.mean(1).reshape(-1, 1, 1, 1)
        spread = (flat * flat).mean(1).reshape(-1, 1, 1, 1) - mean * mean
        x = (image - mean) / torch.sqrt(spread)
        x = functional.max_pool2d(torch.relu(self.first(x)), 2)
        x = functional.max_pool2d(torch.relu(self.second(x)), 2)
        x = torch.relu(self.third(x))
        return torch.relu(self.hidden(torch.flatten(x, 1)))


class Served(nn.Module):
    """What is exported: the head comes in as two required inputs (DESIGN J-1), the features go out."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, image, head_weight, head_bias):
        features = self.backbone(image)
        return functional.linear(features, head_weight, head_bias), features


def train(backbone, images, labels, recipe):
    """Trains backbone and head together; returns the head."""
    head = nn.Linear(backbone.width, CLASSES)
    parameters = list(backbone.parameters()) + list(head.parameters())
    optimiser = torch.optim.Adam(parameters, lr=recipe["rate"], weight_decay=recipe["decay"])
    steps = recipe["epochs"] * math.ceil(len(images) / recipe["batch"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe["rate"], total_steps=steps)
    for epoch in range(recipe["epochs"]):
        for rows in torch.randperm(len(images)).split(recipe["batch"]):
            batch = images[rows]
            if recipe["shift"]:
                down, right = (random.randint(-recipe["shift"], recipe["shift"]) for _ in range(2))
                batch = torch.roll(batch, (down, right), (2, 3))
            if recipe["turn"]:
                batch = turned(batch, recipe["turn"])
            features = functional.dropout(backbone(batch), recipe["dropout"])
            loss = functional.cross_entropy(head(features), labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return head


def turned(images, degrees):
    """Each image turned by up to so many degrees around its middle, and up to a tenth larger or smaller."""
    angle = (torch.rand(len(images)) * 2 - 1) * math.radians(degrees)
    scale = 1 + (torch.rand(len(images)) * 2 - 1) * 0.1
    zero = torch.zeros(len(images))
    rows = [torch.stack([angle.cos(), -angle.sin(), zero], 1), torch.stack([angle.sin(), angle.cos(), zero], 1)]
    grid = functional.affine_grid(torch.stack(rows, 1) * scale.reshape(-1, 1, 1), images.shape, align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def temperature_of(logits, labels):
    """The temperature with the smallest log loss, to two decimals (Guo et al., 2017)."""
    grid = torch.arange(0.5, 3.0, 0.01)
    losses = [functional.cross_entropy(logits / t, labels).item() for t in grid]
    return round(grid[int(numpy.argmin(losses))].item(), 2)


def correct_of(logits, labels):
    return int((logits.argmax(1) == labels).sum())


def tensor_value(tensor):
    """A tensor as the golden file has it: raw little-endian, row-major, base64 (shared/models/golden.ts)."""
    data = tensor.detach().numpy().astype("<f4").tobytes()
    return {"dtype": "FP32", "shape": list(tensor.shape), "data": base64.b64encode(data).decode()}


def golden_of(run, images, edges):
    """Twelve single images, a blank and a black one where the author thought of them, and one batch of four."""
    batches = [images[i : i + 1] for i in range(12)]
    batches += [torch.zeros(1, 1, 28, 28), torch.ones(1, 1, 28, 28)] if edges else []
    batches += [images[12:16]]
    return {"vectors": [{"inputs": {"image": tensor_value(b)}, "outputs": {"logits": tensor_value(run(b)[0])}} for b in batches]}


def benchmark_of(images, labels):
    """The labelled set in one file: input values are stored bytes / divisor (README.md)."""
    stored = (images.numpy() * 255).round().astype(numpy.uint8).tobytes()
    image = {
        "dtype": "FP32",
        "shape": list(images.shape),
        "stored": "UINT8",
        "divisor": 255,
        "encoding": "gzip",
        "data": base64.b64encode(gzip.compress(stored, 9, mtime=0)).decode(),
    }
    return {"samples": len(labels), "inputs": {"image": image}, "labels": labels.tolist()}


def bins_of(name, tensor, index, values):
    """One watched value in at most ten bins, cut at its own deciles: bin i holds edges[i-1] < x <= edges[i]."""
    edges = sorted({round(float(e), 4) for e in numpy.quantile(values, numpy.arange(0.1, 0.95, 0.1))})
    counts = numpy.bincount(numpy.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return {"name": name, "tensor": tensor, "index": index, "edges": edges, "counts": counts.tolist()}


def reference_of(images, labels, logits, features, temperature):
    """Classes, calibrated confidence and what it is worth, a 4 x 4 grid of pixels and every feature (shared/models/reference.ts)."""
    confidence = functional.softmax(logits / temperature, 1).max(1).values.numpy()
    bins = numpy.minimum((confidence * 20).astype(int), 19)
    right = (logits.argmax(1) == labels).numpy()
    flat = images.reshape(len(images), -1).numpy()
    pixels = [(row, column) for row in (7, 11, 16, 20) for column in (7, 11, 16, 20)]
    watched = [bins_of(f"pixel-{r}-{c}", "image", r * 28 + c, flat[:, r * 28 + c]) for r, c in pixels]
    watched += [bins_of(f"feature-{i}", "features", i, features[:, i].numpy()) for i in range(features.shape[1])]
    return {
        "samples": len(images),
        "classes": torch.bincount(logits.argmax(1), minlength=CLASSES).tolist(),
        "confidence": numpy.bincount(bins, minlength=20).tolist(),
        "correct": numpy.bincount(bins[right], minlength=20).tolist(),
        "features": watched,
    }


def export(served, weight, bias, path):
    """Writes the graph; the head's values are not in it."""
    dynamic = {name: {0: "batch"} for name in ("image", "logits", "features")}
    torch.onnx.export(
        served,
        (torch.zeros(2, 1, 28, 28), weight, bias),
        str(path),
        opset_version=13,
        input_names=["image", "head_weight", "head_bias"],
        output_names=["logits", "features"],
        dynamic_axes=dynamic,
    )
    model = onnx.load(str(path))
    model.doc_string = model.graph.doc_string = ""
    model.graph.name = "digits"
    for node in model.graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model, full_check=True)
    assert not {i.name for i in model.graph.initializer} & {"head_weight", "head_bias"}
    path.write_bytes(model.SerializeToString(deterministic=True))


def git_commit():
    """The last commit that changed what makes these files, or `uncommitted`."""
    sources = [str(HERE / name) for name in ("split.mjs", "digits.mjs", "train.py")]

    def git(*words):
        return subprocess.run(["git", "-C", str(HERE), *words, "--", *sources], capture_output=True, text=True).stdout

    commit = git("log", "-1", "--format=%H").strip()
    return commit if commit and not git("status", "--porcelain") else "uncommitted"


def release_yaml(facts):
    """The manifest's source (shared/models/release-source.ts)."""
    return f"""# Written by train.py.
model: digits
version: {facts["version"]}
description: {facts["description"]}
graph: model.onnx
inputs:
  - {{ name: image, dtype: FP32, shape: [-1, 1, 28, 28], role: app }}
  - {{ name: head_weight, dtype: FP32, shape: [10, {facts["width"]}], role: parameter, value: head_weight.bin }}
  - {{ name: head_bias, dtype: FP32, shape: [10], role: parameter, value: head_bias.bin }}
outputs:
  - {{ name: logits, dtype: FP32, shape: [-1, 10], role: app }}
  - {{ name: features, dtype: FP32, shape: [-1, {facts["width"]}], role: features }}
interpretation:
  output: logits
  kind: logits
  axis: -1
  labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
  calibration: {{ temperature: {facts["temperature"]} }}
runtime: {{ intraOpThreads: 1, spinning: false, graphOptimization: all }}
golden: {{ file: golden.json, atol: 0.001, rtol: 0.001 }}
benchmark: {{ file: benchmark.json, metric: accuracy, value: {facts["accuracy"]}, samples: {facts["samples"]} }}
reference: {{ file: reference.json }}
lineage:
  gitCommit: {facts["commit"]}
  data: {{ id: {facts["data"]}, sha256: {facts["digest"]} }}
  training: node examples/digits/split.mjs && /usr/bin/python3 examples/digits/train.py
  runtimeConfiguration: Python {platform.python_version()}, torch {torch.__version__}, onnx {onnx.__version__}, opset 13, one thread
budgets: {{ memoryMb: 256, p99Ms: 25 }}
adjustable: {{ tensors: [] }}
{facts["neutral"]}"""


RELEASES = {
    "1.0.0": {
        "description": "Handwritten digits, the first try, one small hidden layer on a 7 × 7 image",
        "net": Small,
        "seed": 100,
        "images": 4000,
        "edges": True,
        "neutral": False,
        "recipe": {"rate": 0.01, "decay": 0.0, "epochs": 25, "batch": 32, "shift": 0, "turn": 0, "dropout": 0.0},
    },
    "1.1.0": {
        "description": "Handwritten digits, two convolutions, trained on shifted images",
        "net": Convolutional,
        "seed": 110,
        "images": 6000,
        "edges": True,
        "neutral": True,  # it reads many digits that 1.0.0 could not: other answers are meant
        "recipe": {"rate": 0.003, "decay": 1e-4, "epochs": 20, "batch": 50, "shift": 2, "turn": 0, "dropout": 0.25},
    },
    "1.2.0": {
        "description": "Handwritten digits, three convolutions, independent of brightness and contrast",
        "net": Stretched,
        "seed": 120,
        "images": 6000,
        "edges": False,
        "neutral": True,
        "recipe": {"rate": 0.003, "decay": 1e-4, "epochs": 20, "batch": 50, "shift": 0, "turn": 12, "dropout": 0.4},
    },
}


def write_json(path, value):
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n")


def make_release(version, plan, sets, splits):
    """Trains one release and writes its folder; returns its row of the accuracy table."""
    random.seed(plan["seed"])
    torch.manual_seed(plan["seed"])
    backbone = plan["net"]()
    images, labels = sets["train"]
    head = train(backbone, images[: plan["images"]], labels[: plan["images"]], plan["recipe"])
    served = Served(backbone).eval().requires_grad_(False)
    weight, bias = head.weight.detach(), head.bias.detach()

    def run(batch):
        return served(batch, weight, bias)

    held_out = images[-CALIBRATION:]
    temperature = temperature_of(run(held_out)[0], labels[-CALIBRATION:])
    folder = HERE / version
    folder.mkdir(exist_ok=True)
    export(served, weight, bias, folder / "model.onnx")
    (folder / "head_weight.bin").write_bytes(weight.numpy().astype("<f4").tobytes())
    (folder / "head_bias.bin").write_bytes(bias.numpy().astype("<f4").tobytes())
    write_json(folder / "golden.json", golden_of(run, held_out, plan["edges"]))
    write_json(folder / "benchmark.json", benchmark_of(*sets["benchmark"]))
    logits, features = run(sets["benchmark"][0])
    write_json(folder / "reference.json", reference_of(*sets["benchmark"], logits, features, temperature))
    accuracy = {name: correct_of(run(i)[0], l) / len(l) for name, (i, l) in sets.items()}
    facts = {
        "version": version,
        "description": plan["description"],
        "width": backbone.width,
        "temperature": temperature,
        "neutral": "outputNeutral: true\n" if plan["neutral"] else "",
        "accuracy": round(accuracy["benchmark"], 6),
        "samples": len(sets["benchmark"][1]),
        "commit": git_commit(),
        "data": f"{splits['source'].replace('npm ', 'npm:')}/train",
        "digest": next(s["sha256"] for s in splits["splits"] if s["name"] == "train"),
    }
    (folder / "release.yaml").write_text(release_yaml(facts))
    return accuracy


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    splits = json.loads((HERE / "data/splits.json").read_text())
    sets = {name: read_split(name) for name in ("train", "benchmark", "stream")}
    for version in sys.argv[1:] or RELEASES:
        plan = RELEASES[version]
        accuracy = make_release(version, plan, sets, splits)
        print(version, "  ".join(f"{name} {value:.4f}" for name, value in accuracy.items()), flush=True)


if __name__ == "__main__":
    main()
