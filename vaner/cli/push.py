"""``vaner push``: publish a model on the Hugging Face Hub."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.cli.messages import print_message, print_result
from vaner.display.text import align_columns

if TYPE_CHECKING:
    from vaner.hub.repository import RepositoryFiles


def push(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="Folder of a model, or name of an embedded model."),
    ],
    repo: Annotated[
        str, typer.Argument(metavar="REPO", help="Repository on the Hub: owner/name, or just name.")
    ],
    private: Annotated[
        bool, typer.Option("--private", help="Make a new repository private.")
    ] = False,
    results: Annotated[
        list[Path] | None,
        typer.Option(
            help="Results file of vaner evaluate --json for the model card; may be repeated. "
            "Example: --results test.json",
            show_default=False,
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="Name of the backbone on the Hub, if the model was trained with a local folder. "
            "Example: --backbone meta-llama/Llama-2-7b-hf",
            show_default=False,
        ),
    ] = None,
    license: Annotated[
        str | None,
        typer.Option(
            help="License of the model, under its Hub identifier. Default: the license in the "
            "existing card, if there is one. Example: --license cc-by-4.0",
            show_default=False,
        ),
    ] = None,
    message: Annotated[str | None, typer.Option("--message", "-m", help="Commit message.")] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Only print the files with their sizes, and the model card."
        ),
    ] = False,
) -> None:
    """Publish a model on the Hugging Face Hub, with a model card made from its files.

    Log in with `hf auth login`, or set HF_TOKEN. An existing repository is updated in one commit.
    The text that people have added to its model card is preserved, and so are other files.

    Examples:

    `vaner evaluate --model runs/ncbi/seed-1/model --corpus NCBI-disease --json test.json`

    `vaner push runs/ncbi/seed-1/model me/ncbi --results test.json --dry-run`

    `vaner push runs/ncbi/seed-1/model me/ncbi --results test.json --private`
    """
    from vaner.backbones.encoding import TOKENIZER_FILE
    from vaner.hub.repository import collect_files
    from vaner.hub.repository import push as push_folder

    folder = _folder(model)
    tokenizer = None if (folder / TOKENIZER_FILE).is_file() else _tokenizer(folder)
    result_files = tuple(results or ())
    if dry_run:
        _show(
            collect_files(
                folder,
                repo,
                tokenizer=tokenizer,
                backbone=backbone,
                results=result_files,
                license=license,
            )
        )
        return
    _prepare()
    url = push_folder(
        folder, repo, private=private, message=message, tokenizer=tokenizer, backbone=backbone,
        results=result_files, license=license,
    )  # fmt: skip
    print_result(url)
    print_message(f"to use the model, run: vaner annotate --model {repo}")


def _folder(model: str) -> Path:
    if Path(model).is_dir():
        return Path(model)  # without the import below, which takes seconds
    from vaner.models.locate import locate_model

    return locate_model(model)


def _tokenizer(folder: Path) -> Path:
    from vaner.hub.push import find_tokenizer_file

    return find_tokenizer_file(folder)


def _show(files: RepositoryFiles) -> None:
    """Print the files with their sizes in bytes, and the model card."""
    from vaner.backbones.file_names import CARD_FILE
    from vaner.hub.repository import file_sizes

    sizes = file_sizes(files)
    rows = [*sizes.items(), ("total", sum(sizes.values()))]
    print_result(align_columns(((name, f"{size:,}") for name, size in rows), right=(1,)))
    card = files[CARD_FILE]
    print_result("\n" + (card.decode() if isinstance(card, bytes) else card.read_text("utf-8")))


def _prepare() -> None:
    """Hide the log of the Hub client, and its progress bars if there is no terminal."""
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # read at import
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()
