"""The small encoder with transformers' token classification, trained like its example script.

``AutoModelForTokenClassification`` and ``Trainer`` with the defaults of ``run_ner.py``: three
epochs, batches of 8, a learning rate that decays to zero, a tag for the first subword of each word,
and the last weights. Only the learning rate is tuned, because the script's default is for larger
encoders. Two options are on for speed: batches of sentences of similar length, and bf16 if the
hardware supports it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from experiments.peers.peer import Tagger, Task, TrainedPeer
from experiments.peers.sentences import Tags
from vaner.backbones.backbone import silence_transformers
from vaner.backbones.locate import locate_backbone
from vaner.text.tags import TagSet
from vaner.training.precision import uses_bf16

RATES = (5e-5, 2e-4)
EPOCHS = 3
BATCH = 8
PRECISION = "auto"
MAX_SUBWORDS = 512  # truncates, as the script does; words beyond are tagged O
IGNORE_INDEX = -100
PAD_MULTIPLE = 8  # row length, as in the script: matrix products are faster


def tune(task: Task) -> dict[str, Any]:
    """Choose the learning rate on devel."""
    scores = {rate: task.devel.f1(_train(task, rate)(task.devel.words)) for rate in RATES}
    best = max(scores, key=scores.__getitem__)
    f1_by_rate = {f"{rate:g}": f1 for rate, f1 in scores.items()}
    return {"learning_rate": best, "chosen_on": f"{task.devel.corpus.name} devel", "f1": f1_by_rate}


def train(task: Task) -> TrainedPeer:
    """Train with the tuned learning rate."""
    settings = {
        **task.settings,  # may come from a machine with another precision
        "epochs": EPOCHS,
        "batch_size": BATCH,
        "precision": "bf16" if uses_bf16(PRECISION) else "fp32",
    }
    return TrainedPeer(_train(task, settings["learning_rate"]), settings)


def _train(task: Task, rate: float) -> Tagger:
    import torch
    from transformers import (
        AutoModelForTokenClassification,
        AutoTokenizer,
        DataCollatorForTokenClassification,
        Trainer,
        set_seed,
    )

    torch.set_num_threads(task.threads)
    set_seed(task.seed)  # before the model, whose head is random
    folder = locate_backbone("minilm-l6", prefer="package").folder
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tags = TagSet(types=task.train.corpus.types)
    with silence_transformers():
        model = AutoModelForTokenClassification.from_pretrained(folder, num_labels=len(tags))
    gold = [tags.indices(sentence.tags) for sentence in task.train.sentences]
    trainer = Trainer(
        model,
        _training_arguments(task, rate),
        train_dataset=add_labels(tokenize(tokenizer, task.train.words), gold),
        data_collator=DataCollatorForTokenClassification(
            tokenizer, pad_to_multiple_of=PAD_MULTIPLE
        ),
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.args.train_sampling_strategy = "random"  # otherwise predictions are reordered too

    def tag(sentences: Sequence[Sequence[str]]) -> list[Tags]:
        torch.set_num_threads(1)
        tagged: list[Tags] = [()] * len(sentences)
        # Sort by length to reduce padding.
        order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
        rows = tokenize(tokenizer, [sentences[i] for i in order])
        scores: Any = trainer.predict(cast(Any, [row.inputs for row in rows])).predictions
        for i, row, best in zip(order, rows, scores.argmax(-1), strict=True):
            indices = dict(zip(row.first.values(), best[list(row.first)], strict=True))
            tagged[i] = tags.names(indices.get(word, 0) for word in range(len(sentences[i])))
        return tagged

    return tag


def _training_arguments(task: Task, rate: float) -> Any:
    import torch
    from transformers import TrainingArguments

    return TrainingArguments(
        output_dir=str(task.folder),
        learning_rate=rate,
        num_train_epochs=EPOCHS,
        per_device_train_batch_size=BATCH,
        per_device_eval_batch_size=BATCH,
        seed=task.seed,
        bf16=uses_bf16(PRECISION),
        train_sampling_strategy="group_by_length",  # half the time of random batches
        use_cpu=not torch.cuda.is_available(),  # otherwise transformers rejects bf16
        save_strategy="no",
        logging_strategy="epoch",
        report_to="none",
        disable_tqdm=True,
    )


class Row(NamedTuple):
    """A tokenized sentence.

    Args:
        inputs: the arguments of the model, each with a value for each of T subwords.
        first: position of the first subword of a word -> index of the word. Words without a subword
            or beyond the maximum length are missing; they are tagged O.
    """

    inputs: dict[str, list[int]]
    first: dict[int, int]


def tokenize(tokenizer: Any, sentences: Sequence[Sequence[str]]) -> list[Row]:
    """Split the words of each sentence into subwords."""
    # The default length of this tokenizer is 128 subwords, which is for sentence embeddings.
    encoded = tokenizer(
        [list(words) for words in sentences],
        is_split_into_words=True, truncation=True, max_length=MAX_SUBWORDS,
    )  # fmt: skip
    return [
        Row({name: encoded[name][i] for name in encoded}, _find_first_subwords(encoded.word_ids(i)))
        for i in range(len(sentences))
    ]


def _find_first_subwords(words: Sequence[int | None]) -> dict[int, int]:
    pairs = enumerate(zip(words, (None, *words), strict=False))
    return {i: word for i, (word, previous) in pairs if word is not None and word != previous}


def add_labels(rows: Sequence[Row], tags: Sequence[Sequence[int]]) -> list[dict[str, list[int]]]:
    """Return the inputs of rows with labels: the tag at a word's first subword, else ignored."""
    examples = []
    for row, row_tags in zip(rows, tags, strict=True):
        labels = [IGNORE_INDEX] * len(row.inputs["input_ids"])
        for position, word in row.first.items():
            labels[position] = row_tags[word]
        examples.append({**row.inputs, "labels": labels})
    return examples
