"""Push a model to a repository on the Hugging Face Hub.

A push is one commit: either all files are updated, or nothing has changed. The commit deletes files
of another model that would be loaded with this one. All other files of the repository remain.
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

from vaner.backbones.encoding import TOKENIZER_FILE
from vaner.backbones.file_names import CARD_FILE, RESULTS_FILE, TRAINING_FILE
from vaner.backbones.hub_names import is_hub_id, parse_hub_name
from vaner.calibration.calibration import CALIBRATION_FILE
from vaner.errors import VanerError, library_errors, summarize_error
from vaner.hub.model_card import build_card, merge_cards
from vaner.hub.model_description import ModelDescription, describe
from vaner.hub.reported_results import parse_evaluation

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# If a folder contains `adapter_config.json`, transformers expects a plain backbone in it. So the
# adapter is in a subfolder of the repository, see `vaner.backbones.storage.locate_adapter`.
_ADAPTER = re.compile(r"(?:adapter/)?(adapter_config\.json|adapter_model\.safetensors)")
# All names of model files that vaner writes. Files with these names that the pushed model does not
# have belong to another model.
_MODEL_FILES = re.compile(
    rf"config\.json|{TOKENIZER_FILE}|{RESULTS_FILE}|{TRAINING_FILE}|{CALIBRATION_FILE}"
    r"|(head|layers)\.safetensors"
    r"|model(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json|" + _ADAPTER.pattern
)


class HubError(VanerError):
    """Error of the Hub: it cannot be reached, or it refuses the request."""


RepositoryFiles = Mapping[str, Path | bytes]
"""Path or content of each file, by name in the repository."""


def collect_files(
    folder: Path,
    repo: str,
    *,
    tokenizer: Path | None = None,
    backbone: str | None = None,
    results: Iterable[Path] = (),
    license: str | None = None,
    existing_card: str | None = None,
) -> dict[str, Path | bytes]:
    """Return the files of a repository, including the model card.

    Args:
        folder: Folder of the model.
        repo: Name of the repository, for the card.
        tokenizer: Path of the tokenizer, if it is not in the folder.
        backbone: Name of the backbone on the Hub, if the model uses a local folder.
        results: Outputs of `vaner evaluate --json`, added to the reported results.
        license: License of the model, in the spelling of the Hub; None preserves that of the
            existing card.
        existing_card: Card of the repository; None uses the card of the folder.

    Raises:
        VanerError: If the folder is not a saved model of vaner, or others could not load it.
    """
    if not isinstance(repo, str) or not is_hub_id(repo):
        raise HubError(f"{repo!r} cannot be a repository; give a name such as owner/model")
    stored = describe(folder)
    if any(folder.glob("*.onnx")):
        raise HubError(f"{folder} is an exported model; push the model that it was made from")
    model = _add_results(_with_public_backbone(stored, backbone), folder, results)
    contents: dict[str, Path | bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _MODEL_FILES.fullmatch(name) and path.is_file():
            adapter = _ADAPTER.fullmatch(name)
            contents[f"adapter/{adapter[1]}" if adapter else name] = path
    if TOKENIZER_FILE not in contents:
        if tokenizer is None:
            raise HubError(
                f"{folder}: {TOKENIZER_FILE} is missing; others need it to load the model"
            )
        contents[TOKENIZER_FILE] = tokenizer
    if model.config != stored.config:
        contents["config.json"] = _to_json(model.config, 2)
    name, revision = parse_hub_name(model.backbone)
    base = {"base_model_name_or_path": name, "revision": revision}
    _set_fields(contents, "adapter/adapter_config.json", base)
    if results:
        contents[RESULTS_FILE] = _to_json(model.results, 1)
    if existing_card is None:
        card_file = folder / CARD_FILE
        existing_card = _read_card(card_file) if card_file.is_file() else ""
    card = build_card(model, repo, license)
    contents[CARD_FILE] = (merge_cards(card, existing_card) if existing_card else card).encode()
    return dict(sorted(contents.items()))


def file_sizes(files: RepositoryFiles) -> dict[str, int]:
    """Return the size of each file, in bytes."""
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
    """Push a model to the Hub and return the URL of the repository.

    An existing repository is updated. The handwritten parts of its card and files that are not
    model files are preserved.

    Args:
        folder: Folder of the model.
        repo: Repository: ``name`` or ``owner/name``.
        private: Create a private repository.
        token: Token with write access; None uses ``HF_TOKEN`` or the token of ``hf auth login``.
        message: Commit message.
        tokenizer, backbone, results, license: See `collect_files`.

    Raises:
        HubError: If the Hub cannot be reached or refuses the push.
        VanerError: If the folder is not a saved model of vaner, or others could not load it.
    """
    collect = partial(
        collect_files,
        folder,
        repo,
        tokenizer=tokenizer,
        backbone=backbone,
        results=tuple(results),
        license=license,
    )
    collect()  # raises errors of the model before anything is changed on the Hub
    from huggingface_hub import HfApi, get_token

    if token is None and get_token() is None:
        raise HubError("no token for the Hub: log in with `hf auth login`, or set HF_TOKEN")
    api = HfApi(token=token, library_name="vaner")
    try:
        repo = api.create_repo(repo, private=private or None, exist_ok=True).repo_id
        return _commit(api, repo, collect, private, message or "Model and card by vaner")
    except VanerError:
        raise
    except Exception as error:  # many types: of httpx, the Hub's client, its upload libraries
        raise HubError(_explain(error, repo)) from error


def _commit(
    api: HfApi,
    repo: str,
    collect: Callable[..., dict[str, Path | bytes]],
    private: bool,
    message: str,
) -> str:
    """Update an existing repository in one commit and return its URL."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    info = api.model_info(repo)
    if private and not info.private:
        raise HubError(
            f"{repo} exists and is public; make it private on the Hub, or push without --private"
        )
    names = {sibling.rfilename for sibling in info.siblings or ()}
    card = _download_card(api, repo, info.sha) if CARD_FILE in names else ""
    files = collect(existing_card=card)
    stale = [name for name in sorted(names) if _MODEL_FILES.fullmatch(name) and name not in files]
    commit = api.create_commit(
        repo,
        [
            *(CommitOperationAdd(name, content) for name, content in files.items()),
            *(CommitOperationDelete(name) for name in stale),
        ],
        commit_message=message,
        parent_commit=info.sha,  # of two simultaneous pushes, the second fails
    )
    return str(commit.repo_url)


def _with_public_backbone(model: ModelDescription, backbone: str | None) -> ModelDescription:
    """Return the model with a backbone that others can load.

    Raises:
        HubError: If the model needs the weights of a backbone in a local folder.
    """
    if backbone is not None:
        return _set_backbone(model, backbone, "hub")
    if model.config.get("backbone_origin") != "folder":
        return model
    if model.needs_backbone:
        raise HubError(
            f"the model needs its backbone, which is a local folder ({model.backbone}); "
            "give the backbone's name on the Hub",
            argument="backbone",
        )
    return _set_backbone(model, Path(model.backbone).name, "folder")


def _set_backbone(model: ModelDescription, backbone: str, origin: str) -> ModelDescription:
    """Return the model with another backbone name, without paths of this machine."""
    inner = {**(model.config.get("backbone_config") or {}), "_name_or_path": backbone}
    fields = {"backbone": backbone, "backbone_origin": origin, "backbone_config": inner}
    return replace(model, config={**model.config, **fields})


def _add_results(
    model: ModelDescription, folder: Path, results: Iterable[Path]
) -> ModelDescription:
    """Return the model with the results of evaluation files added.

    Raises:
        VanerError: If a file has no results, or those of another model.
    """
    reported = dict(model.results)
    for path in results:
        try:
            with library_errors(path, "not the output of `vaner evaluate --json`"):
                record = json.loads(path.read_text("utf-8"))
            reported.update(parse_evaluation(record))
        except VanerError as error:
            prefix = "" if str(path) in str(error) else f"{path}: "
            raise VanerError(f"{prefix}{error}") from None
        if "selector" in record or not _is_same_model(record.get("model"), folder):
            evaluated = ", ".join(
                f"{kind} {record[kind]}"
                for kind in ("knowledge_base", "model", "selector")
                if kind in record
            )
            raise VanerError(
                f"{path}: has the results of {evaluated}; expected those of model {folder}"
            )
        form = str(record.get("form", ""))
        if form.startswith("exported"):
            raise VanerError(
                f"{path}: has the results of another form of the model ({form}); evaluate again "
                "with --form pytorch"
            )
    return replace(model, results=reported)


def _is_same_model(name: object, folder: Path) -> bool:
    """Return whether the name of a model in a command, a folder or embedded name, is this one."""
    if not isinstance(name, str):
        return False
    is_embedded = folder.parent.resolve() == Path(str(files("vaner") / "models")).resolve()
    return Path(name).resolve() == folder.resolve() or (is_embedded and name == folder.name)


def _set_fields(contents: dict[str, Path | bytes], name: str, fields: Mapping[str, Any]) -> None:
    """Set fields of a JSON file, if it exists and has other values."""
    path = contents.get(name)
    if isinstance(path, Path):
        stored = json.loads(path.read_text("utf-8"))
        if {**stored, **fields} != stored:
            contents[name] = _to_json({**stored, **fields}, 2)


def _to_json(content: Any, indent: int) -> bytes:
    return (json.dumps(content, indent=indent, ensure_ascii=False) + "\n").encode()


def _download_card(api: HfApi, repo: str, revision: str | None) -> str:
    return _read_card(Path(api.hf_hub_download(repo, CARD_FILE, revision=revision)))


def _read_card(path: Path) -> str:
    with library_errors(path, "not a readable model card"):
        return path.read_text("utf-8")


def _explain(error: BaseException, repo: str) -> str:
    """Return the message for a failed push."""
    causes = list(_iter_causes(error))
    status = next((code for code in map(_get_status, causes) if code is not None), None)
    reason = summarize_error(next((cause for cause in causes if str(cause).strip()), error))
    if status in (401, 403):
        return f"{repo}: the Hub does not allow the push with this token ({reason})"
    if status == 412:
        return f"{repo}: the repository was changed during the push; push again"
    if status is not None and status < 500:
        return f"{repo}: the Hub refused the push ({reason})"
    if any(type(cause).__name__ == "OfflineModeIsEnabled" for cause in causes):
        return f"{repo}: cannot push, because HF_HUB_OFFLINE is set"
    return (
        f"{repo}: the push was interrupted ({reason}); the repository has not changed. Push again: "
        "uploaded files are not uploaded twice"
    )


def _iter_causes(error: BaseException | None) -> Iterable[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _get_status(error: BaseException) -> int | None:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None
