"""Compares dictionary matching with other libraries: python -m benchmarks.dictionary_matching

A million generated names, and ten megabytes of generated abstracts that contain some of them. Each
program runs in a separate process with one thread: vaner's matcher, pyahocorasick and
ahocorasick-rs with the same lowercase names, and a regular expression that joins names with ``|``.
A million names are far too many for the regular expression: it gets a few hundred, and is compared
with vaner's matcher on the same ones. Times are processor time, so that other processes have little
influence; ratios come from one run. The other programs do less: no word boundaries, no spelling
variants, no types, no identifiers.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).with_suffix(".json")
PROGRAMS = ("vaner", "pyahocorasick", "ahocorasick_rs", "vaner_few", "regex_few")

ROOTS = (
    "cardi nephr hepat neur derm gastr oste arthr my hem leuk lymph pneum thyr aden carcin fibr "
    "angi encephal mening ocul ret ren pulm bronch col enter cyst metr mamm prostat pancre splen "
    "chondr tend kerat phleb arter thromb lip gluc ketal amin meth eth prop but pent hex benz phen "
    "chlor flu brom sulf nitr oxy hydr thi cyan acet"
).split()
ENDINGS = (
    "itis oma osis opathy emia uria algia ectasia plegia ectomy megaly sclerosis trophy plasia "
    "penia genesis lysis ol ine ide ate amide azole mycin cillin statin olol pril mab tinib one"
).split()
MODIFIERS = (
    "acute chronic familial congenital idiopathic juvenile severe primary secondary benign "
    "malignant recurrent autosomal dominant recessive X-linked early-onset progressive atypical "
    "hereditary isolated focal diffuse multiple combined partial transient type syndrome disorder "
    "deficiency tumor cell left right upper lower with acid sodium receptor factor kinase subunit "
    "alpha beta gamma human mouse"
).split()
ENGLISH = (
    "the of and in to a with was were for that by from is as at on or this are be an which we not "
    "these than after between both had has have their it may been patients study results during "
    "compared treatment significantly increased analysis showed group using effects observed"
).split()


def vocabulary(rng: random.Random, number: int = 20_000) -> list[str]:
    words: set[str] = set()
    while len(words) < number:
        middle = rng.choice(["", "o", rng.choice(ROOTS)])
        words.add(f"{rng.choice(ROOTS)}{middle}{rng.choice(ENDINGS)}")
    return sorted(words)


def generate_names(rng: random.Random, words: list[str], number: int) -> list[str]:
    """Generate names of one to seven words, and symbols; 33 characters on average."""
    names: set[str] = set()
    while len(names) < number:
        kind = rng.random()
        if kind < 0.15:
            letters = "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=rng.randint(2, 5)))
            names.add(f"{letters}{rng.randint(1, 999)}")
            continue
        parts = [
            rng.choice(MODIFIERS if rng.random() < 0.45 else words)
            for _ in range(rng.randint(1, 6))
        ]
        if kind < 0.25:
            parts.append(f"({rng.choice(words)})")
        elif kind < 0.35:
            parts.append(f"type {rng.randint(1, 40)}{rng.choice('ABC')}")
        names.add(" ".join(parts))
    return rng.sample(sorted(names), number)


def generate_texts(
    rng: random.Random, words: list[str], names: list[str], characters: int
) -> Iterator[str]:
    """Generate abstracts of about 1,500 characters: English, technical words and names."""
    size = 0
    while size < characters:
        parts: list[str] = []
        for _ in range(rng.randint(100, 300)):
            kind = rng.random()
            parts.append(
                rng.choice(names) if kind < 0.02
                else rng.choice(words if kind < 0.15 else MODIFIERS if kind < 0.25 else ENGLISH)
            )  # fmt: skip
            if rng.random() < 0.08:
                parts[-1] += rng.choice([",", ".", ";", ")"])
        text = " ".join(parts)
        size += len(text)
        yield text


def prepare(folder: Path, number: int, few: int, megabytes: float) -> None:
    from vaner.knowledge.base import write
    from vaner.knowledge.concepts import Concept, Source

    rng = random.Random(0)
    words = vocabulary(rng)
    names = generate_names(rng, words, number)
    texts = list(generate_texts(rng, words, names, int(megabytes * 1e6)))
    source = Source("made-up", "CC0")

    def concepts(some: list[str]) -> Iterator[Concept]:
        for first in range(0, len(some), 3):
            preferred, *synonyms = some[first : first + 3]
            type = "Gene" if preferred[:2].isupper() else "Disease"
            yield Concept(f"X:{first}", preferred, type, tuple(synonyms), source.name)

    for name, some in (("all", names), ("few", names[:few])):
        write(concepts(some), folder / f"{name}.parquet", name=name, sources=[source])
        (folder / f"{name}.txt").write_text("\n".join(some), "utf-8")
    (folder / "texts.txt").write_text("\n".join(texts), "utf-8")
    (folder / "fewer.txt").write_text("\n".join(texts[: len(texts) // 20]), "utf-8")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


def peak() -> float:
    """Return the peak memory in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1e6 if sys.platform == "darwin" else 1e3)


def resident() -> float:
    """Return the memory in use in MB, or the peak if the system does not report it."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return peak()
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").split("\n")


def vaner(folder: Path, names: str = "all", texts: str = "texts") -> dict[str, float]:
    from vaner.knowledge.base import KnowledgeBase
    from vaner.knowledge.matcher import Matcher

    base = KnowledgeBase(folder / f"{names}.parquet")
    Matcher.open(KnowledgeBase(folder / "few.parquet"), cache=False)  # tables of Unicode are made
    before = peak()
    build, _ = timed(lambda: Matcher.open(base))
    built = peak() - before
    opening, matcher = timed(lambda: Matcher.open(base))
    documents = lines(folder / f"{texts}.txt")
    seconds, count = timed(lambda: sum(len(d.spans) for d in matcher.annotate(documents)))
    return {
        "build": build,
        "open": opening,
        "match": seconds,
        "found": count,
        "build_memory": built,
    }


def vaner_open(folder: Path) -> dict[str, float]:
    """Measure the cached matcher in a process that did not build it."""
    from vaner.knowledge.base import KnowledgeBase
    from vaner.knowledge.matcher import Matcher

    before = resident()
    base = KnowledgeBase(folder / "all.parquet")
    opening, matcher = timed(lambda: Matcher.open(base))
    for _ in matcher.annotate(lines(folder / "fewer.txt")):
        pass
    return {"open": opening, "memory": resident() - before}


def pyahocorasick(folder: Path) -> dict[str, float]:
    import ahocorasick

    names = [name.lower() for name in lines(folder / "all.txt")]
    texts = [text.lower() for text in lines(folder / "texts.txt")]
    before = resident()

    def built() -> Any:
        automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        for number, name in enumerate(names):
            automaton.add_word(name, number)
        automaton.make_automaton()
        return automaton

    build, automaton = timed(built)
    memory = resident() - before
    seconds, count = timed(lambda: sum(1 for text in texts for _ in automaton.iter(text)))
    automaton.save(str(folder / "automaton"))
    opening, _ = timed(lambda: ahocorasick.load(str(folder / "automaton"), lambda _: None))
    return {"build": build, "open": opening, "match": seconds, "found": count, "memory": memory}


def ahocorasick_rs(folder: Path) -> dict[str, float]:
    import ahocorasick_rs as library

    names = [name.lower() for name in lines(folder / "all.txt")]
    texts = [text.lower() for text in lines(folder / "texts.txt")]
    before = resident()
    build, automaton = timed(
        lambda: library.AhoCorasick(
            names, matchkind=library.MatchKind.LeftmostLongest, store_patterns=False
        )
    )
    memory = resident() - before
    seconds, count = timed(lambda: sum(len(automaton.find_matches_as_indexes(t)) for t in texts))
    # It cannot be saved: every process builds it.
    return {"build": build, "open": build, "match": seconds, "found": count, "memory": memory}


def vaner_few(folder: Path) -> dict[str, float]:
    return vaner(folder, "few", "fewer")


def regex_few(folder: Path) -> dict[str, float]:
    names = sorted(lines(folder / "few.txt"), key=len, reverse=True)
    texts = lines(folder / "fewer.txt")
    pattern = rf"\b(?:{'|'.join(map(re.escape, names))})(?!\w)"
    build, expression = timed(lambda: re.compile(pattern, re.IGNORECASE))
    seconds, count = timed(lambda: sum(len(expression.findall(text)) for text in texts))
    return {"build": build, "match": seconds, "found": count}


def measure(program: str, folder: Path) -> dict[str, Any]:
    """Run a program in a separate process and return its figures."""
    print(f"{program} …", file=sys.stderr, flush=True)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
    command = [
        sys.executable,
        "-m",
        "benchmarks.dictionary_matching",
        "--one",
        program,
        str(folder),
    ]
    environment = {**os.environ, **threads, "VANER_CACHE": str(folder / "cache")}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    record = json.loads(done.stdout)
    fewer = program.endswith("_few")
    size = (folder / ("fewer.txt" if fewer else "texts.txt")).stat().st_size
    if "match" in record:
        record["megabytes_a_second"] = size / 1e6 / record["match"]
    return {key: float(f"{value:.4g}") for key, value in record.items()}


def ratios(results: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return vaner's figures as multiples of another program's. Less is better."""
    ratios = {}
    for peer, ours in (("pyahocorasick", "vaner"), ("ahocorasick_rs", "vaner"),
                       ("regex_few", "vaner_few")):  # fmt: skip
        shared = [k for k in results[ours] if results[peer].get(k) and k not in ("found", "match")]
        ratios[peer] = {k: float(f"{results[ours][k] / results[peer][k]:.3g}") for k in shared}
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dictionary_matching")
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--few", type=int, default=500, help="names for the regular expression")
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        program, folder = arguments.one
        print(json.dumps(globals()[program](Path(folder))))
        return
    from vaner.utils.provenance import collect_provenance

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("making names and texts …", file=sys.stderr, flush=True)
        prepare(folder, arguments.names, arguments.few, arguments.megabytes)
        results = {program: measure(program, folder) for program in PROGRAMS}
        results["vaner"] |= measure("vaner_open", folder)
    record = {
        "names": arguments.names,
        "few": arguments.few,
        "megabytes": arguments.megabytes,
        "units": "seconds of processor time; megabytes of text; memory in MB, vaner's as it is "
        "in a process that found the matcher in the cache, and build_memory in the one that built",
        "results": results,
        "vaner_as_multiple_of": ratios(results),
        **collect_provenance(),
    }
    text = json.dumps(record, indent=1)
    arguments.output.write_text(f"{text}\n", "utf-8")
    print(text)


if __name__ == "__main__":
    main()
