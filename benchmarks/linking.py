"""Times linking with a million names: python -m benchmarks.linking

A base of a million generated names with three names for each concept, and documents whose mentions
are such names, changed as authors change them: a word left out, added or in another order, a
plural, a wrong letter. Times are processor time of one thread, for a mention with its candidates
ranked. The share of mentions whose concept is among the first 1 and 20 candidates shows what the
index loses by its limits: the mentions are the same at every size.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.dictionary_matching import MODIFIERS, generate_names, peak, timed, vocabulary
from vaner.knowledge.base import KnowledgeBase, write
from vaner.knowledge.concepts import Concept, Source
from vaner.linking.linker import Linker
from vaner.linking.name_index import NameIndex, open_index
from vaner.text.documents import Document, Span
from vaner.utils.provenance import collect_provenance

OUTPUT = Path(__file__).with_suffix(".json")
TYPE = "Disease"
NAMES_PER_CONCEPT = 3
MENTIONS_PER_DOCUMENT = 10
LIMIT = 20  # candidates


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.linking")
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--mentions", type=int, default=2_000)
    parser.add_argument("--cache", type=Path, help="folder that keeps the index for later runs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.cache or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["VANER_CACHE"] = str(folder)
        results = measure(folder, arguments.names, arguments.mentions)
    print(json.dumps(results, indent=1))
    if arguments.names >= 1_000_000:
        record = {**results, **collect_provenance()}
        OUTPUT.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def measure(folder: Path, number: int, mentions: int) -> dict[str, Any]:
    """Return the figures for a base with a number of names."""
    rng = random.Random(0)
    names = generate_names(rng, vocabulary(rng), number)
    path = folder / f"names-{number}.parquet"
    if not path.exists():
        write(make_concepts(names), path, name=path.stem, sources=[Source("made-up", "CC0")])
    base = KnowledgeBase(path)
    building, _ = timed(lambda: open_index(base))
    opening, index = timed(lambda: open_index(base))
    documents = list(make_documents(random.Random(1), names, mentions))
    linker = Linker(index)
    linker.rank(documents[0][0])  # load the weights
    times, ranks = [], []
    for document, concepts in documents:
        start = time.process_time()
        ranked = linker.rank(document, LIMIT)
        times.append((time.process_time() - start) / len(concepts))
        for concept, candidates in zip(concepts, ranked, strict=True):
            found_at = [c.identifier for c in candidates]
            ranks.append(found_at.index(concept) if concept in found_at else LIMIT)
    return {
        "names": number,
        "seconds to build the index": round(building, 1),
        "seconds to open it": round(opening, 2),
        "megabytes of the index": round(measure_size(index) / 1e6),
        "milliseconds per mention": round(1000 * statistics.mean(times), 2),
        "of the slowest twentieth of documents": round(
            1000 * statistics.quantiles(times, n=20)[-1], 2
        ),
        "mentions": len(ranks),
        "concept first": round(sum(rank == 0 for rank in ranks) / len(ranks), 3),
        f"concept among {LIMIT}": round(sum(rank < LIMIT for rank in ranks) / len(ranks), 3),
        "peak megabytes": round(peak()),
    }


def make_concepts(names: list[str]) -> Iterator[Concept]:
    for first in range(0, len(names), NAMES_PER_CONCEPT):
        preferred, *synonyms = names[first : first + NAMES_PER_CONCEPT]
        yield Concept(f"X:{first}", preferred, TYPE, tuple(synonyms), "made-up")


def make_documents(
    rng: random.Random, names: list[str], mentions: int
) -> Iterator[tuple[Document, list[str]]]:
    """Yield documents of several mentions, each with the concepts of its mentions."""
    for _ in range(mentions // MENTIONS_PER_DOCUMENT):
        text, spans, concepts = "", [], []
        for position in rng.sample(range(len(names)), MENTIONS_PER_DOCUMENT):
            mention = vary(rng, names[position])
            spans.append(Span(len(text), len(text) + len(mention), TYPE))
            text += f"{mention}, "
            concepts.append(f"X:{position - position % NAMES_PER_CONCEPT}")
        yield Document("1", text, tuple(spans)), concepts


def vary(rng: random.Random, name: str) -> str:
    """Return a name as an author might write it."""
    words = name.split()
    kind = rng.randrange(6)
    if kind == 0 and len(words) > 2:
        words.pop(rng.randrange(len(words)))
    elif kind == 1:
        words.insert(0, rng.choice(MODIFIERS))
    elif kind == 2:
        words[-1] += "s"
    elif kind == 3 and len(words) > 1:
        rng.shuffle(words)
    elif kind == 4 and len(words[0]) > 5:
        letter = rng.randrange(1, len(words[0]))
        words[0] = words[0][:letter] + words[0][letter + 1 :]
    return " ".join(words)


def measure_size(index: NameIndex) -> int:
    """Return the size of the arrays of an index, in bytes."""
    return sum(array.nbytes for array in index.tables.values())


if __name__ == "__main__":
    main()
