"""``vaner annotate``: find the mentions in text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaner.cli.batch_annotate import (
    PART_SIZE,
    EngineOption,
    GpusOption,
    PartOptions,
    PartSizeOption,
    ResumePartsOption,
    WorkersOption,
    annotate_in_parts,
)
from vaner.cli.options import (
    DEFAULT_ANNOTATE,
    DEFAULT_LOAD,
    AbbreviationsOption,
    BatchOption,
    CandidatesOption,
    ColumnsOption,
    ConsistencyOption,
    ContextOption,
    CorpusNameOption,
    DeviceOption,
    DtypeOption,
    EncodingOption,
    FilesArgument,
    FormatOption,
    FormOption,
    IdColumnOption,
    InputFormatOption,
    KnowledgeBaseOption,
    LinkOption,
    MinPrecisionOption,
    MinScoreOption,
    ModelOption,
    OutputOption,
    OverlapsOption,
    ProvenanceOption,
    QuantizationOption,
    QuietOption,
    RecursiveOption,
    RevisionOption,
    SelectorOption,
    ShardOption,
    SkipBadOption,
    TextColumnOption,
    TextOption,
    TypesOption,
    split_types,
)
from vaner.errors import VanerError
from vaner.linking.options import LinkOptions
from vaner.recognition.options import AnnotateOptions, LoadOptions


def annotate(
    files: FilesArgument = None,
    text: TextOption = None,
    types: TypesOption = None,
    model: ModelOption = None,
    revision: RevisionOption = None,
    selector: SelectorOption = None,
    corpus: CorpusNameOption = DEFAULT_ANNOTATE.corpus,
    kb: KnowledgeBaseOption = None,
    link: LinkOption = None,
    candidates: CandidatesOption = 0,
    context: ContextOption = False,
    abbreviations: AbbreviationsOption = False,
    recursive: RecursiveOption = False,
    input_format: InputFormatOption = None,
    format: FormatOption = None,
    output: OutputOption = "-",
    encoding: EncodingOption = "utf-8",
    text_column: TextColumnOption = None,
    id_column: IdColumnOption = None,
    columns: ColumnsOption = None,
    overlaps: OverlapsOption = DEFAULT_ANNOTATE.overlaps,
    consistency: ConsistencyOption = DEFAULT_ANNOTATE.consistency,
    min_score: MinScoreOption = DEFAULT_ANNOTATE.min_score,
    min_precision: MinPrecisionOption = DEFAULT_ANNOTATE.min_precision,
    shard: ShardOption = None,
    engine: EngineOption = None,
    workers: WorkersOption = None,
    gpus_per_worker: GpusOption = 0.0,
    part_size: PartSizeOption = None,
    resume: ResumePartsOption = False,
    skip_bad: SkipBadOption = False,
    batch_size: BatchOption = DEFAULT_LOAD.batch_size,
    device: DeviceOption = DEFAULT_LOAD.device,
    quantization: QuantizationOption = None,
    dtype: DtypeOption = None,
    form: FormOption = None,
    provenance: ProvenanceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find the entities in text.

    Documents are written in the order of the input, each as soon as it is annotated. If the command
    is stopped, the output contains everything that was annotated until then.

    Examples:

    `vaner annotate --text "Metformin treats diabetes."`

    `vaner annotate abstracts.pubtator --types Disease --format jsonl -o annotated.jsonl`

    `vaner annotate abstracts.pubtator --kb open --format pubtator -o annotated.pubtator`

    `vaner annotate abstracts.pubtator --link ctd --format concepts -o concepts.tsv`

    `vaner annotate notes.txt --context --format html -o notes.html`

    `vaner annotate abstracts.pubtator --selector runs/selector/seed-1/model -o annotated.jsonl`

    `zcat notes.txt.gz | vaner annotate --input-format lines -o notes.html`

    `vaner annotate pubmed/*.xml.gz --engine ray --format parquet -o annotated --resume`
    """
    from vaner.cluster.annotation_settings import AnnotationSettings

    type_names = split_types(types)
    settings = AnnotationSettings(
        link_options=LinkOptions(kb=kb, link=link, candidates=candidates),
        with_context=context, with_abbreviations=abbreviations, with_provenance=provenance,
        load_options=LoadOptions(
            model=model, revision=revision, selector=selector, device=device,
            batch_size=batch_size, quantization=quantization, dtype=dtype, form=form,
        ),
        annotate_options=AnnotateOptions(
            types=tuple(type_names) if type_names else None, corpus=corpus, overlaps=overlaps,
            consistency=consistency, min_score=min_score, min_precision=min_precision,
        ),
    )  # fmt: skip
    file_options: dict[str, Any] = {
        "output": output, "format": format, "input_format": input_format, "encoding": encoding,
        "skip_bad": skip_bad, "quiet": quiet,
    }  # fmt: skip
    if engine is None:
        if resume or workers or gpus_per_worker or part_size:
            raise VanerError(
                "--resume, --workers, --gpus-per-worker and --part-size require --engine"
            )
        from vaner.cli.stream import AnnotationStream

        named = {"text_column": text_column, "id_column": id_column, "columns": columns}
        stream = AnnotationStream(
            files, text, shard=shard, columns=named, recursive=recursive, **file_options
        )
        stream.check_metadata(abbreviations=abbreviations, provenance=provenance)
        annotator = settings.load(stream.output_format)
        stream.run(annotator, describe_system(annotator.provenance))
        return
    if text is not None or shard is not None:
        raise VanerError("--text and --shard cannot be used with --engine")
    if text_column or id_column or columns or recursive:
        names = "--text-column, --id-column, --columns and --recursive"
        raise VanerError(f"{names} cannot be used with --engine")
    part_options = PartOptions(
        engine=engine, workers=workers, gpus_per_worker=gpus_per_worker,
        part_size=part_size or PART_SIZE, resume=resume,
    )  # fmt: skip
    annotate_in_parts(files, settings, part_options, **file_options)


def describe_system(provenance: Mapping[str, str]) -> str:
    """Return what annotated the text, in a few words for a summary.

    >>> describe_system({"model": "biomedical", "vaner": "0.1.0", "form": "exported, int8"})
    'biomedical (exported, int8)'
    >>> describe_system({"model": "biomedical", "kb": "open", "link": "open"})
    'biomedical and open'
    """
    names = [provenance[name] for name in ("model", "selector", "kb", "link") if name in provenance]
    others = dict.fromkeys(Path(name).name for name in names[1:])
    form = f" ({provenance['form']})" if "form" in provenance else ""
    return f"{names[0]}{form}" + "".join(f" and {name}" for name in others)
