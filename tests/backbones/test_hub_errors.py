"""A repository that cannot be used: the message has the real reason, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import huggingface_hub
import pytest
from huggingface_hub.errors import (
    GatedRepoError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from vaner.annotator import Annotator
from vaner.backbones.locate import locate_backbone
from vaner.errors import ModelError
from vaner.models import locate


def fail_with(monkeypatch: pytest.MonkeyPatch, error_class: Any) -> None:
    """Let downloads fail, as they do if nothing is cached."""

    def download(repo: str, *, local_files_only: bool = False, **_: Any) -> str:
        if local_files_only:
            raise LocalEntryNotFoundError("not cached")
        response = httpx.Response(401, request=httpx.Request("GET", f"https://hub/{repo}"))
        raise error_class("401 Client Error. (Request ID: x)", response=response)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)


@pytest.mark.parametrize(
    ("error_class", "reason"),
    [
        (GatedRepoError, "me/model is gated: accept its license at huggingface.co/me/model, and"),
        (RepositoryNotFoundError, "there is no repository me/model, or it is private: log in"),
        (RevisionNotFoundError, "me/model has no branch, tag or commit main"),
    ],
)
def test_reason_of_a_refusal(
    monkeypatch: pytest.MonkeyPatch, error_class: Any, reason: str
) -> None:
    fail_with(monkeypatch, error_class)
    for load in (locate_backbone, locate.locate_model):
        with pytest.raises(ModelError, match=reason):
            load("me/model")


@pytest.mark.parametrize("cause", [httpx.ConnectError("[Errno -2] Name not known"), None])
def test_a_hub_that_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch, cause: Exception | None
) -> None:
    def download(repo: str, **_: Any) -> str:
        raise LocalEntryNotFoundError("An error happened. Retry.") from cause

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    reason = "me/model is not in the cache, and the Hub cannot be reached"
    reason += r" \(\[Errno -2\] Name not known\)" if cause else r"(\)|$)"
    for load in (locate_backbone, locate.locate_model):
        with pytest.raises(ModelError, match=reason):
            load("me/model")


def test_repository_without_safetensors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: str(tmp_path))
    with pytest.raises(ModelError, match="me/model has no safetensors files, and nothing is unpic"):
        locate_backbone("me/model")


@pytest.mark.parametrize(
    ("name", "options"), [("me/model@v1", {}), ("me/model", {"revision": "v1", "token": "t"})]
)
def test_revision_and_token_reach_the_hub(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []

    def download(repo: str, *, allow_patterns: Any, **received: Any) -> str:
        calls.append((repo, received))
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        Annotator.from_pretrained(name, device="cpu", **options)  # type: ignore[arg-type]
    assert calls[0] == ("me/model", {"revision": "v1", **options})


def test_revision_of_a_model_that_is_not_on_the_hub(tiny_model: Path) -> None:
    for name in ("biomedical", tiny_model):
        with pytest.raises(ModelError, match="is not on the Hub, and has no revision v1"):
            Annotator.from_pretrained(name, revision="v1")


def test_unknown_option_is_not_swallowed(tiny_model: Path) -> None:
    with pytest.raises(
        TypeError, match="has no option revison; the options are: backbone, cache_dir"
    ):
        Annotator.from_pretrained(tiny_model, revison="v1")
