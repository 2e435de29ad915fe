"""The kinds of files that the fuzz tests damage, and how vaner reads each.

Each kind yields a function that damages a file and reads it as a command would. Everything is made
here: the models are random and have two layers.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.mutations import mutate_bytes, mutate_json, mutate_yaml
from vaner.text.documents import Document, Span

Attempt = Callable[[random.Random], None]
"""Damage a file and read it."""

TEXT = "Metformin is given to 2 patients with type 2 diabetes."
DOCUMENT = Document("a", TEXT, (Span(0, 9, "Chemical", 0.9), Span(45, 53, "Disease", 0.7)))

RECIPES = (
    b"""\
name: ncbi
model:
  backbone: smollm2-135m
  lora: {rank: 8, alpha: 16, targets: [q_proj, v_proj]}
  instruction: {named: '{type} in {dataset}: ', nameless: '{type}: '}
stages:
  - sources:
      - {corpus: NCBI-disease, types: [Disease], nameless_fraction: 0.3, share: 0.5}
      - {dense: open, corpus: NCBI-disease, type_map: {Disease: Disorder}}
    epochs: 3
    learning_rate: 1.0e-3
dev: [{corpus: NCBI-disease, split: devel, limit: 100}]
held_out: [BC5CDR, {corpus: BioRED, split: devel}]
seeds: [1, 2]
""",
    b"""\
name: selector
model: {family: selector, loss: binary, width: 64}
stages: [{sources: [&a {corpus: GENIA, proposals: found.jsonl}], patience: 3}]
dev: [{corpus: GENIA, split: devel, rename: {protein: Protein}}]
""",
    b"""\
name: generator
model: {family: generator, quantization: nf4, max_subwords: 256}
stages:
  - &b {name: first, steps: 10, sampling: temperature, temperature: 3, sources: [{corpus: GENIA}]}
dev: [{corpus: GENIA}]
precision: fp32
""",
)


def make_recipes(folder: Path) -> Attempt:
    """Return an attempt with a recipe, for `vaner train`."""
    from vaner.training.recipe.file import read_recipe

    path = folder / "recipe.yaml"

    def attempt(rng: random.Random) -> None:
        path.write_bytes(mutate_yaml(rng.choice(RECIPES), rng))
        read_recipe(path)

    return attempt


def make_records(folder: Path) -> Attempt:
    """Return an attempt with a calibration, a training record or stored results of a model."""
    from vaner.calibration.calibration import read_calibration
    from vaner.hub.reported_results import read_reported_results
    from vaner.hub.training_record import list_training_splits, read_training_record

    model = Path(__file__).parent.parent / "vaner" / "models" / "biomedical"

    def calibrate() -> None:
        if calibration := read_calibration(folder):
            calibration.undo(calibration.apply(DOCUMENT))
            calibration.unreached_types(["Chemical"], 0.9)

    readers: dict[str, Callable[[], object]] = {
        "calibration.json": calibrate,
        "training.json": lambda: list_training_splits(read_training_record(folder)),
        "results.json": lambda: read_reported_results(folder),
    }

    def attempt(rng: random.Random) -> None:
        name = rng.choice(sorted(readers))
        (folder / name).write_bytes(mutate_json((model / name).read_bytes(), rng))
        readers[name]()

    return attempt


def make_knowledge_bases(folder: Path) -> Attempt:
    """Return an attempt with a knowledge base."""
    from vaner.knowledge.base import KnowledgeBase, write
    from vaner.knowledge.concepts import Concept, Source

    names = ("diabetes", "NIDDM", "gout", "metformin", "aspirin", "CAT")
    concepts = [
        Concept(f"X:{i}", name, ("Disease", "Chemical")[i % 2], (f"{name}s", "x"), "tests")
        for i, name in enumerate(names * 20)
    ]
    path = folder / "base.parquet"
    content = write(concepts, path, name="base", sources=[Source("tests", "CC0")]).path.read_bytes()

    def attempt(rng: random.Random) -> None:
        damaged = bytearray(mutate_bytes(content, rng))
        if rng.random() < 0.5:  # only the description at the end, which is JSON
            start = content.index(b'{"schema"')
            end = content.index(b"}", content.index(b'"fingerprint"', start)) + 1
            about = mutate_json(content[start:end], rng)[: end - start].ljust(end - start)
            damaged = bytearray(content[:start] + about + content[end:])
        path.write_bytes(damaged)
        base = KnowledgeBase(path)
        _ = base.name, base.types, base.sources, base.name_counts, base.fingerprint, len(base)
        _ = base.is_outdated, list(base), list(base.names(base.types[:1]))

    return attempt


def make_manifests(folder: Path) -> Attempt:
    """Return an attempt with the manifest of a knowledge base."""
    import warnings

    from vaner.knowledge.manifest import load, load_shipped

    warnings.simplefilter("ignore")
    contents = [manifest.path.read_bytes() for manifest in load_shipped()]
    path = folder / "base.toml"

    def attempt(rng: random.Random) -> None:
        path.write_bytes(mutate_bytes(rng.choice(contents), rng))
        load(path)

    return attempt


def make_documents(folder: Path) -> Attempt:
    """Return an attempt with a file of documents, in each format that can be written."""
    import warnings

    from vaner.formats import FORMATS, read, write

    warnings.simplefilter("ignore")
    spans = (Span(0, 9, "Chemical", 0.9, identifiers=("MESH:D008687",)), Span(45, 53, "Disease"))
    documents = [Document("1", TEXT, spans), Document("2", "No gout.", (Span(3, 7, "Disease"),))]
    contents: dict[str, bytes] = {}
    for name, format in FORMATS.items():
        if format.is_writable and format.folder_writer is None:
            path = folder / f"sample{format.suffixes[0]}"
            write(documents, path, name)
            contents[name] = path.read_bytes()

    def attempt(rng: random.Random) -> None:
        name = rng.choice(sorted(contents))
        mutate = mutate_json if contents[name].startswith((b"{\n", b"[")) else mutate_bytes
        path = folder / f"damaged{FORMATS[name].suffixes[0]}"
        try:
            path.write_bytes(mutate(contents[name], rng))
        except ValueError:  # several JSON values
            path.write_bytes(mutate_bytes(contents[name], rng))
        list(read(path, name))

    return attempt


def build_backbone(folder: Path) -> Path:
    """Save a random LLaMA with two layers and a tokenizer of bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        [TEXT], trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=512,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


LORA = {"r": 2, "target_modules": "all-linear"}


def build_tagger(backbone: Path, folder: Path, lora: dict[str, Any] | None) -> Path:
    """Save a random tagger, with an adapter or with all its weights."""
    import torch

    from vaner.tagger.model import VanerForTokenClassification

    types = ["Chemical", "Disease"]
    model = VanerForTokenClassification.from_backbone(
        str(backbone), lora=lora, types=types, corpora={"tiny": types}, max_subwords=128
    )
    torch.nn.init.normal_(model.classifier.weight)
    return _save(model, backbone, folder)


def build_generator(backbone: Path, folder: Path) -> Path:
    """Save a random generator."""
    from vaner.generator.instructions import build_instruction
    from vaner.generator.model import VanerForGeneration

    types = ["DNA", "protein"]
    instruction = build_instruction("GENIA").restrict_to(types).to_dict()
    model = VanerForGeneration.from_backbone(
        str(backbone), lora=LORA, types=types, corpora={"GENIA": types},
        instructions={"GENIA": instruction}, max_subwords=512, style="compact",
    )  # fmt: skip
    return _save(model, backbone, folder)


def build_selector(backbone: Path, folder: Path) -> Path:
    """Save a random selector."""
    from vaner.selector.model import VanerSelector

    instructions = {"Chemical": "Chemical: ", "Disease": "Disease: "}
    model = VanerSelector.from_backbone(
        str(backbone), lora=LORA, max_subwords=128, projection_dim=8, instructions=instructions
    )
    return _save(model, backbone, folder)


def _save(model: Any, backbone: Path, folder: Path) -> Path:
    model.save_pretrained(folder)
    shutil.copyfile(backbone / "tokenizer.json", folder / "tokenizer.json")
    return folder


def _damaged_copy(source: Path, target: Path, rng: random.Random) -> Path:
    """Copy a folder of a model and damage one of its files, or remove it."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    # A config has more to go wrong than weights, of which only shapes and names are read.
    files = sorted(path for path in target.iterdir() if path.suffix != ".md")
    path = rng.choice([*files, *[path for path in files if "config" in path.name] * 3])
    _damage(path, rng, 0.02)
    return target


def _damage(path: Path, rng: random.Random, removed: float) -> None:
    """Damage a file, or remove it with a probability."""
    if rng.random() < removed:
        path.unlink()
        return
    mutate = mutate_json if path.suffix == ".json" else mutate_bytes
    path.write_bytes(mutate(path.read_bytes(), rng))


def make_taggers(folder: Path) -> Attempt:
    """Return an attempt with the folder of a tagger, with an adapter or complete, or a backbone."""
    from vaner.annotator import Annotator

    backbone = build_backbone(folder / "backbone")
    adapted = build_tagger(backbone, folder / "adapted", LORA)
    complete = build_tagger(backbone, folder / "complete", None)
    on_copy = build_tagger(build_backbone(folder / "copy"), folder / "on_copy", LORA)
    intact = shutil.copytree(folder / "copy", folder / "intact")

    def attempt(rng: random.Random) -> None:
        kind = rng.randrange(5)
        if kind == 0:  # the backbone of an adapter
            _damaged_copy(intact, folder / "copy", rng)
            damaged = on_copy
        else:
            damaged = _damaged_copy(adapted if kind < 3 else complete, folder / "damaged", rng)
        annotator = Annotator.from_pretrained(damaged, device="cpu")
        list(annotator.annotate([TEXT], corpus=next(iter(annotator.corpora), None)))

    return attempt


def make_generators(folder: Path) -> Attempt:
    """Return an attempt with the folder of a generator."""
    from vaner.annotator import Annotator

    model = build_generator(build_backbone(folder / "backbone"), folder / "generator")

    def attempt(rng: random.Random) -> None:
        damaged = _damaged_copy(model, folder / "damaged", rng)
        list(Annotator.from_pretrained(damaged, device="cpu").annotate(["IL-2 gene."]))

    return attempt


def make_selectors(folder: Path) -> Attempt:
    """Return an attempt with the folder of a selector."""
    from vaner.selector.selector import Selector

    model = build_selector(build_backbone(folder / "backbone"), folder / "selector")

    def attempt(rng: random.Random) -> None:
        damaged = _damaged_copy(model, folder / "damaged", rng)
        list(Selector.from_pretrained(damaged, device="cpu").select([DOCUMENT]))

    return attempt


def make_exported_forms(folder: Path) -> Attempt:
    """Return an attempt with the folder of an exported tagger."""
    from vaner.annotator import Annotator
    from vaner.tagger.onnx_export import export

    backbone = build_backbone(folder / "backbone")
    tagger: Any = Annotator.from_pretrained(
        build_tagger(backbone, folder / "tagger", None), device="cpu"
    ).recognizer
    exported = folder / "exported"
    export(tagger.model, backbone / "tokenizer.json", exported, precision="fp32")

    def attempt(rng: random.Random) -> None:
        damaged = _damaged_copy(exported, folder / "damaged", rng)
        list(Annotator.from_pretrained(damaged).annotate([TEXT]))

    return attempt


SENTENCES = "".join(
    f"{drug}\tB-Chemical\nhelps\tO\nagainst\tO\n{disease}\tB-Disease\n\n"
    for drug in ("Metformin", "Aspirin")
    for disease in ("diabetes", "gout", "asthma", "sepsis")
)


def interrupt_training(backbone: Path, folder: Path) -> Any:
    """Train a tagger until it is interrupted after two checkpoints, and return the recipe.

    Args:
        backbone: folder of the backbone.
        folder: the run is written to its folder ``run``.
    """
    from vaner.training.recipe.schema import Recipe
    from vaner.training.train import train
    from vaner.training.trainer import VanerTrainer

    corpus = folder / "corpus"
    corpus.mkdir()
    for split in ("train", "devel"):
        (corpus / f"{split}.tsv").write_text(SENTENCES, "utf-8")
    stage = {"sources": [{"corpus": str(corpus)}], "epochs": 3, "batch_size": 8}
    model = {"backbone": str(backbone), "instruction": "compact", "max_subwords": 128}
    recipe = Recipe.model_validate({
        "name": "tiny", "model": {**model, "lora": {"rank": 2, "alpha": 4}},
        "stages": [{**stage, "learning_rate": 0.01}],
        "dev": [{"corpus": str(corpus)}], "precision": "fp32",
    })  # fmt: skip
    step, calls = VanerTrainer.training_step, 0

    def interrupted(self: Any, *args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 6:  # in the third epoch
            raise KeyboardInterrupt
        return step(self, *args, **options)

    VanerTrainer.training_step = interrupted  # type: ignore[method-assign]
    try:
        train(recipe, folder / "run", report=lambda _: None)
    except KeyboardInterrupt:
        return recipe
    finally:
        VanerTrainer.training_step = step  # type: ignore[method-assign]
    raise AssertionError("the training was not interrupted")


def make_runs(folder: Path) -> Attempt:
    """Return an attempt with the folder of an interrupted training, for `--resume`."""
    from vaner.training.result import describe_progress
    from vaner.training.train import train

    recipe = interrupt_training(build_backbone(folder / "backbone"), folder)
    run, damaged = folder / "run", folder / "damaged"

    def attempt(rng: random.Random) -> None:
        shutil.rmtree(damaged, ignore_errors=True)
        shutil.copytree(run, damaged)
        files = sorted(path for path in damaged.rglob("*") if path.is_file())
        _damage(rng.choice(files), rng, 0.05)
        describe_progress(damaged)
        train(recipe, damaged, resume=True, report=lambda _: None)

    return attempt


KINDS: Mapping[str, Callable[[Path], Attempt]] = {
    "recipes": make_recipes,
    "records": make_records,
    "knowledge bases": make_knowledge_bases,
    "manifests": make_manifests,
    "documents": make_documents,
    "exported forms": make_exported_forms,
    "taggers": make_taggers,
    "selectors": make_selectors,
    "generators": make_generators,
    "runs": make_runs,
}
"""Kind of input -> a function that prepares a folder and returns an attempt."""
