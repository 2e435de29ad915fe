"""The small encoder under transformers' own token classification, as its example script trains it.

``AutoModelForTokenClassification`` and ``Trainer`` with the defaults of ``run_ner.py``: three
epochs, batches of 8, a learning rate that falls to zero, a tag for the first sub-word of each word,
the last weights kept. Only the rate is chosen: the script's is made for larger encoders. Two of its
options are on, for speed: batches of sentences of like length, and bf16 where the hardware
multiplies it fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from experiments.peers.peer import Learnt, Tagger, Task
from experiments.peers.sentences import Tags
from vaner.backbones.backbone import silence_transformers
from vaner.backbones.locate import locate_backbone
from vaner.text.tags import TagSet
from vaner.training.trainer import bf16

RATES = (5e-5, 2e-4)
EPOCHS = 3
BATCH = 8
PRECISION = "auto"
LONGEST = 512  # sub-words; what lies beyond is cut off, as the script does, and tagged O
IGNORED = -100
EIGHT = 8  # rows are padded to a multiple of it, as by the script: matrix products go faster then


def settle(task: Task) -> dict[str, Any]:
    """Choose the learning rate on devel."""
    found = {rate: task.devel.f1(_train(task, rate)(task.devel.words)) for rate in RATES}
    best = max(found, key=found.__getitem__)
    shown = {f"{rate:g}": f1 for rate, f1 in found.items()}
    return {"learning_rate": best, "chosen_on": f"{task.devel.corpus.name} devel", "f1": shown}


def learn(task: Task) -> Learnt:
    """Train at the learning rate that was settled."""
    settings = {
        **task.settings,  # of another machine, perhaps, which had another precision
        "epochs": EPOCHS,
        "batch_size": BATCH,
        "precision": "bf16" if bf16(PRECISION) else "fp32",
    }
    return Learnt(_train(task, settings["learning_rate"]), settings)


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
    set_seed(task.seed)  # before the model: its head is drawn at random
    folder = locate_backbone("minilm-l6", prefer="package").folder
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tags = TagSet(types=task.train.corpus.types)
    with silence_transformers():
        model = AutoModelForTokenClassification.from_pretrained(folder, num_labels=len(tags))
    gold = [tags.indices(sentence.tags) for sentence in task.train.sentences]
    trainer = Trainer(
        model,
        _arguments(task, rate),
        train_dataset=labelled(rows(tokenizer, task.train.words), gold),
        data_collator=DataCollatorForTokenClassification(tokenizer, pad_to_multiple_of=EIGHT),
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.args.train_sampling_strategy = "random"  # else it predicts in another order, too

    def tag(sentences: Sequence[Sequence[str]]) -> list[Tags]:
        torch.set_num_threads(1)
        found: list[Tags] = [()] * len(sentences)
        # By length, so that little is padded.
        order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
        read = rows(tokenizer, [sentences[i] for i in order])
        scores: Any = trainer.predict(cast(Any, [row.inputs for row in read])).predictions
        for i, row, best in zip(order, read, scores.argmax(-1), strict=True):
            own = dict(zip(row.first.values(), best[list(row.first)], strict=True))
            found[i] = tags.names(own.get(word, 0) for word in range(len(sentences[i])))
        return found

    return tag


def _arguments(task: Task, rate: float) -> Any:
    import torch
    from transformers import TrainingArguments

    return TrainingArguments(
        output_dir=str(task.folder),
        learning_rate=rate,
        num_train_epochs=EPOCHS,
        per_device_train_batch_size=BATCH,
        per_device_eval_batch_size=BATCH,
        seed=task.seed,
        bf16=bf16(PRECISION),
        train_sampling_strategy="group_by_length",  # half the time of what it takes at random
        use_cpu=not torch.cuda.is_available(),  # else bf16 is refused there
        save_strategy="no",
        logging_strategy="epoch",
        report_to="none",
        disable_tqdm=True,
    )


class Row(NamedTuple):
    """A sentence as the model reads it.

    Args:
        inputs: the model's arguments, among them T sub-words.
        first: position of the first sub-word of a word -> the word's index. A word that has no
            sub-word, or lies beyond the longest row, is missing: it cannot be told from O.
    """

    inputs: dict[str, list[int]]
    first: dict[int, int]


def rows(tokenizer: Any, sentences: Sequence[Sequence[str]]) -> list[Row]:
    """Cut words into sub-words, each sentence a row."""
    # The tokenizer comes with 128 sub-words a row, for sentence vectors: the length must be said.
    read = tokenizer(
        [list(words) for words in sentences],
        is_split_into_words=True, truncation=True, max_length=LONGEST,
    )  # fmt: skip
    return [
        Row({name: read[name][i] for name in read}, _first(read.word_ids(i)))
        for i in range(len(sentences))
    ]


def _first(words: Sequence[int | None]) -> dict[int, int]:
    before = (None, *words)
    both = enumerate(zip(words, before, strict=False))
    return {i: word for i, (word, last) in both if word is not None and word != last}


def labelled(read: Sequence[Row], tags: Sequence[Sequence[int]]) -> list[dict[str, list[int]]]:
    """The rows with the tag of each word at its first sub-word, and `IGNORED` elsewhere."""
    found = []
    for row, own in zip(read, tags, strict=True):
        labels = [IGNORED] * len(row.inputs["input_ids"])
        for place, word in row.first.items():
            labels[place] = own[word]
        found.append({**row.inputs, "labels": labels})
    return found
