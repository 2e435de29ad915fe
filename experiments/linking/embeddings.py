"""Measures whether names embedded by a small encoder raise the recall of candidates.

    python -m experiments.linking.embeddings --sources FOLDER

The base is a sample of diseases of CTD: the concepts of the gold mentions, and others at random.
Recall@k of the concepts whose names have the most similar trigrams, of those whose names have the
nearest embeddings (MiniLM-L6, mean of the last layer), and of both in turn. Devel splits only.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from experiments.linking.bases import BASES, build_bases, get_gold, get_local, list_gold
from vaner.backbones.locate import locate_backbone
from vaner.corpora.loader import corpora_root
from vaner.knowledge.base import open_base, write
from vaner.knowledge.concepts import Source
from vaner.knowledge.name_forms import canonicalize
from vaner.linking.abbreviations import find_abbreviations
from vaner.linking.name_index import open_index

TYPE = "Disease"
LIMITS = (1, 5, 20)
BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.linking.embeddings")
    parser.add_argument("--sources", type=Path, required=True, help="folder of the bases' sources")
    parser.add_argument("--others", type=int, default=1000, help="concepts drawn at random")
    arguments = parser.parse_args()
    build_bases(arguments.sources)
    mentions = collect_mentions()
    needed = set().union(*mentions.values())
    everything = list(open_base(BASES[TYPE]))
    right = [c for c in everything if get_local(c.identifier) in needed]
    others = [c for c in everything if get_local(c.identifier) not in needed]
    concepts = [*right, *random.Random(0).sample(others, arguments.others)]
    with tempfile.TemporaryDirectory() as folder:
        sources = [Source(name, "") for name in {c.source for c in concepts}]
        path = Path(folder) / "sample.parquet"
        index = open_index(write(concepts, path, name="sample", sources=sources), cache=False)
    queries = list(mentions)
    names = index.get_names(np.arange(len(index)))
    of_names = np.array(index.get_identifiers(index.get_concepts(np.arange(len(index)))))
    by_trigrams = [hits.names for hits in index.search(queries, [TYPE] * len(queries), 100)]
    started = time.process_time()
    embed = load_encoder()
    by_embeddings = np.argsort(-(embed(queries) @ embed(names).T), axis=1)[:, :100]
    result: dict[str, Any] = {
        "names": len(names), "distinct mentions": len(queries),
        "milliseconds to embed a name":
            round(1000 * (time.process_time() - started) / (len(names) + len(queries)), 2),
    }  # fmt: skip
    for kind, ranked in (("trigrams", by_trigrams), ("embeddings", by_embeddings), ("both", None)):
        for limit in LIMITS:
            hits = 0
            for row, query in enumerate(queries):
                orders = [by_trigrams[row], by_embeddings[row]] if ranked is None else [ranked[row]]
                hits += not mentions[query].isdisjoint(take_concepts(orders, of_names, limit))
            result[f"{kind}, recall@{limit}"] = round(hits / len(queries), 4)
    print(json.dumps(result, indent=1))


def collect_mentions() -> dict[str, set[str]]:
    """Return the distinct gold mentions of the devel splits in canonical form, with concepts."""
    mentions: dict[str, set[str]] = {}
    for gold in list_gold(corpora_root(), with_test=False):
        for document in gold.documents if gold.type == TYPE else ():
            text = document.text
            long_forms = {text[a:b]: text[c:d] for a, b, c, d in find_abbreviations(text)}
            for span in document.spans:
                mention = document.mention(span)
                name, concepts = (
                    canonicalize(long_forms.get(mention, mention)),
                    get_gold(span.identifiers),
                )
                if span.type == TYPE and concepts and name:
                    mentions.setdefault(name, set()).update(concepts)
    return mentions


def take_concepts(orders: Sequence[Any], of_names: Any, limit: int) -> set[str]:
    """Return the first concepts of ranked names, taken from the rankings in turn."""
    ranked = (of_names[np.asarray(order)].tolist() for order in orders)
    turns = filter(None, chain.from_iterable(zip_longest(*ranked)))
    return set(map(get_local, list(dict.fromkeys(turns))[:limit]))


def load_encoder() -> Any:
    """Return a function that embeds names as vectors of length 1."""
    folder = locate_backbone("minilm-l6").folder
    tokenizer, model = (
        AutoTokenizer.from_pretrained(folder),
        AutoModel.from_pretrained(folder).eval(),
    )

    def embed(names: Sequence[str]) -> Any:
        order = np.argsort([len(name) for name in names])
        vectors = np.zeros((len(names), model.config.hidden_size), np.float32)
        with torch.inference_mode():
            for first in range(0, len(names), BATCH):
                rows = order[first : first + BATCH]
                batch = tokenizer(
                    [names[row] for row in rows], padding=True, truncation=True, max_length=32,
                    return_tensors="pt",
                )  # fmt: skip
                hidden = model(**batch).last_hidden_state
                mask = batch["attention_mask"][..., None]
                means = (hidden * mask).sum(1) / mask.sum(1)
                vectors[rows] = torch.nn.functional.normalize(means).numpy()
        return vectors

    return embed


if __name__ == "__main__":
    main()
