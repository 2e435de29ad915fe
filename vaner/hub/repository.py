"""A model on the Hugging Face Hub: what is pushed there, and how.

A push is one commit: it is all there, or nothing has changed. Files that another model left, and
that would be read with this one, are deleted by it; everything else there stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.backbones.file_names import RESULTS_FILE, TRAINING_FILE
from vaner.calibration.calibration import CALIBRATION_FILE
from vaner.errors import VanerError, summarize_error
from vaner.hub.model_card import build_card, merge_cards
from vaner.hub.model_description import ModelDescription, describe
from vaner.hub.reported_results import parse_evaluation

if TYPE_CHECKING:
    from huggingface_hub import HfApi

CARD_FILE = "README.md"
TOKENIZER_FILE = "tokenizer.json"
# Beside an `adapter_config.json` transformers looks for a bare backbone: see
# `vaner.backbones.storage.locate_adapter`.
_ADAPTER = re.compile(r"(?:adapter/)?(adapter_config\.json|adapter_model\.safetensors)")
# All names that files of a model of ours have: those of another model are taken for stale.
_OURS = re.compile(
    rf"config\.json|{TOKENIZER_FILE}|{RESULTS_FILE}|{TRAINING_FILE}|{CALIBRATION_FILE}"
    r"|(head|layers)\.safetensors"
    r"|model(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json|" + _ADAPTER.pattern
)


class HubError(VanerError):
    """The Hub cannot be reached, or does not allow what is asked for."""


RepositoryFiles = Mapping[str, Path | bytes]
"""Name in the repository -> what is in the file, or where it lies."""


def collect_files(
    folder: Path,
    repo: str,
    *,
    tokenizer: Path | None = None,
    backbone: str | None = None,
    results: Iterable[Path] = (),
    license: str | None = None,
    there: str | None = None,
) -> dict[str, Path | bytes]:
    """The files that a repository gets, the card among them.

    Args:
        folder: of the model.
        repo: the repository, which the card names.
        tokenizer: the tokenizer, where there is none in the folder.
        backbone: name of the backbone on the Hub, in place of a folder here.
        results: files of `vaner evaluate --json`, whose figures the model states from then on.
        license: of the model, in the Hub's spelling; if None, that of the card that is there.
        there: the card that is there already; that of the folder if None.

    Raises:
        VanerError: where it is no model of ours, or nobody else could load it.
    """
    model = _scored(_named(describe(folder), backbone), folder, results)
    found: dict[str, Path | bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _OURS.fullmatch(name) and path.is_file():
            adapter = _ADAPTER.fullmatch(name)
            found[f"adapter/{adapter[1]}" if adapter else name] = path
    if TOKENIZER_FILE not in found:
        if tokenizer is None:
            raise HubError(f"{folder}: {TOKENIZER_FILE} is missing, and others would need it")
        found[TOKENIZER_FILE] = tokenizer
    _rename(found, "config.json", model.config)
    _rename(found, "adapter/adapter_config.json", {"base_model_name_or_path": model.backbone})
    if results:
        found[RESULTS_FILE] = _json(model.figures, 1)
    own = folder / CARD_FILE
    old = there if there is not None else own.read_text("utf-8") if own.is_file() else ""
    new = build_card(model, repo, license)
    found[CARD_FILE] = (merge_cards(new, old) if old else new).encode()
    return dict(sorted(found.items()))


def file_sizes(files: RepositoryFiles) -> dict[str, int]:
    """How large each file is, in bytes."""
    return {
        name: len(content) if isinstance(content, bytes) else content.stat().st_size
        for name, content in files.items()
    }


def push(
    folder: Path,
    repo: str,
    *,
    private: bool = False,
    token: str | None = None,
    message: str | None = None,
    tokenizer: Path | None = None,
    backbone: str | None = None,
    results: Iterable[Path] = (),
    license: str | None = None,
) -> str:
    """Put a model on the Hub, and give its address.

    A repository that exists is updated: of its card all that a person wrote stays, and so does
    every file that is none of ours.

    Args:
        folder: of the model.
        repo: the repository: ``name``, or ``owner/name``.
        private: for a new repository: only its owner sees it.
        token: to write with; that of ``HF_TOKEN`` or of ``hf auth login`` if None.
        message: of the commit.
        tokenizer: see `collect_files`.
        backbone: see `collect_files`.
        results: see `collect_files`.
        license: see `collect_files`.

    Raises:
        HubError: where the Hub cannot be reached or refuses.
        VanerError: where it is no model of ours, or nobody else could load it.
    """
    made = partial(
        collect_files,
        folder,
        repo,
        tokenizer=tokenizer,
        backbone=backbone,
        results=tuple(results),
        license=license,
    )
    made()  # what is wrong with it is told before anything is changed
    from huggingface_hub import HfApi, get_token

    if token is None and get_token() is None:
        raise HubError("no token for the Hub: log in with `hf auth login`, or set HF_TOKEN")
    api = HfApi(token=token, library_name="vaner")
    try:
        repo = api.create_repo(repo, private=private or None, exist_ok=True).repo_id
        return _commit(api, repo, made, private, message or "Model and card by vaner")
    except VanerError:
        raise
    except Exception as error:  # of httpx, of the Hub's client, of what it uploads with: one line
        raise HubError(_reason(error, repo)) from error


def _commit(
    api: HfApi,
    repo: str,
    made: Callable[..., dict[str, Path | bytes]],
    private: bool,
    message: str,
) -> str:
    """Change a repository that is there, in one commit, and give its address."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    known = api.model_info(repo)
    if private and not known.private:
        raise HubError(
            f"{repo} exists and is public: make it private on the Hub, or push without that"
        )
    names = {one.rfilename for one in known.siblings or ()}
    there = _card_there(api, repo, known.sha) if CARD_FILE in names else ""
    files = made(there=there)
    stale = [name for name in sorted(names) if _OURS.fullmatch(name) and name not in files]
    done = api.create_commit(
        repo,
        [
            *(CommitOperationAdd(name, content) for name, content in files.items()),
            *(CommitOperationDelete(name) for name in stale),
        ],
        commit_message=message,
        parent_commit=known.sha,  # two pushes at once: the later one is told
    )
    return str(done.repo_url)


def _named(model: ModelDescription, backbone: str | None) -> ModelDescription:
    """The model on a backbone that others can find.

    Raises:
        HubError: where it needs a backbone that lies in a folder here.
    """
    if backbone is not None:
        return _on(model, backbone, "hub")
    if model.config.get("backbone_origin") != "folder":
        return model
    if model.on_backbone:
        raise HubError(
            f"the model needs its backbone, which is a folder here ({model.backbone}); "
            "give the backbone's name on the Hub",
            argument="backbone",
        )
    return _on(model, Path(model.backbone).name, "folder")


def _on(model: ModelDescription, backbone: str, origin: str) -> ModelDescription:
    """The model with another name for its backbone, and no folder of this machine left in it."""
    inner = {**(model.config.get("backbone_config") or {}), "_name_or_path": backbone}
    named = {"backbone": backbone, "backbone_origin": origin, "backbone_config": inner}
    return replace(model, config={**model.config, **named})


def _scored(model: ModelDescription, folder: Path, results: Iterable[Path]) -> ModelDescription:
    """The model with figures that were kept elsewhere.

    Raises:
        VanerError: where a file has none, or those of another model.
    """
    figures = dict(model.figures)
    for path in results:
        try:
            record = json.loads(path.read_text("utf-8"))
            figures.update(parse_evaluation(record))
        except (OSError, ValueError, VanerError) as error:
            raise VanerError(f"{path}: {error}") from None
        of = record.get("model")
        if "selector" in record or not _is(of, folder):
            scored = ", ".join(
                f"{kind} {record[kind]}"
                for kind in ("knowledge_base", "model", "selector")
                if kind in record
            )
            raise VanerError(f"{path}: has the figures of {scored}, not of model {folder} alone")
        if "form" in record and not any(folder.glob("*.onnx")):
            raise VanerError(
                f"{path}: has the figures of another form of the model ({record['form']}), which "
                "was taken as it is exported; score it with its export out of the way"
            )
    return replace(model, figures=figures)


def _is(name: object, folder: Path) -> bool:
    """Whether a model that was named in a command, by its folder or embedded name, is this one."""
    if not isinstance(name, str):
        return False
    shipped = folder.parent.resolve() == Path(str(files("vaner") / "models")).resolve()
    return Path(name).resolve() == folder.resolve() or (shipped and name == folder.name)


def _rename(files: dict[str, Path | bytes], name: str, fields: Mapping[str, Any]) -> None:
    """Set fields of a JSON file that is to be pushed, where they have other values."""
    path = files.get(name)
    old = json.loads(path.read_text("utf-8")) if isinstance(path, Path) else fields
    content = {**old, **fields}
    if content != old:
        files[name] = _json(content, 2)


def _json(content: Any, indent: int) -> bytes:
    return (json.dumps(content, indent=indent, ensure_ascii=False) + "\n").encode()


def _card_there(api: HfApi, repo: str, revision: str | None) -> str:
    path = api.hf_hub_download(repo, CARD_FILE, revision=revision)
    return Path(path).read_text("utf-8")


def _reason(error: BaseException, repo: str) -> str:
    """What a user is told of a failed push."""
    causes = list(_causes(error))
    status = next((s for s in map(_status, causes) if s is not None), None)
    reason = summarize_error(next((cause for cause in causes if str(cause).strip()), error))
    if status in (401, 403):
        return f"{repo}: the Hub does not allow it with this token ({reason})"
    if status == 412:
        return f"{repo}: somebody else changed it meanwhile; push again"
    if status is not None and status < 500:
        return f"{repo}: the Hub refused ({reason})"
    if any(type(cause).__name__ == "OfflineModeIsEnabled" for cause in causes):
        return f"{repo}: the Hub is not asked, as HF_HUB_OFFLINE is set"
    return (
        f"{repo}: the push broke off ({reason}); nothing was changed there. Push again: what was "
        "uploaded before is not uploaded twice"
    )


def _causes(error: BaseException | None) -> Iterable[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int | None:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None
