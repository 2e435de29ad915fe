"""A Hub on localhost: as much of the real one as pushing and pulling a model takes.

It keeps repositories with their commits in memory, wants a token for what the real one wants one
for, and breaks connections off where it is told to. Large files go the way of Git LFS.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml

TOKEN = "hf_of_the_tests"


@dataclass
class Repo:
    """A repository: its files as of each commit, newest last."""

    private: bool = False
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)

    def files(self, revision: str = "main") -> dict[str, bytes]:
        found = {sha: files for sha, files in self.commits}
        return self.commits[-1][1] if revision == "main" else found[revision]

    def sha(self, revision: str = "main") -> str:
        return self.commits[-1][0] if revision == "main" else revision

    def commit(self, files: dict[str, bytes]) -> str:
        named = json.dumps({name: len(content) for name, content in files.items()})
        sha = hashlib.sha1(f"{len(self.commits)}{named}".encode()).hexdigest()
        self.commits.append((sha, files))
        return sha


@dataclass
class Hub:
    """The stand-in, and what was asked of it.

    Args:
        address: for HF_ENDPOINT.
        repos: name -> repository.
        large: SHA-256 -> content of uploaded large files.
        breaking: regular expression of paths whose connection is broken off -> how often.
        asked: method and path of each request.
    """

    address: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    breaking: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, name: str, files: dict[str, bytes], *, private: bool = False) -> Repo:
        """A repository that is there."""
        repo = self.repos.setdefault(name, Repo(private))
        repo.commit(files)
        return repo


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> Hub:
        found: Hub = self.server.hub  # type: ignore[attr-defined]
        return found

    @property
    def known(self) -> bool:
        return self.headers.get("authorization") == f"Bearer {TOKEN}"

    def do_GET(self) -> None:
        self.handle_any("GET")

    def do_HEAD(self) -> None:
        self.handle_any("HEAD")

    def do_POST(self) -> None:
        self.handle_any("POST")

    def do_PUT(self) -> None:
        self.handle_any("PUT")

    def handle_any(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{method} {path}")
        length = int(self.headers.get("content-length") or 0)
        for pattern, left in self.hub.breaking.items():
            if left and re.search(pattern, path):
                self.hub.breaking[pattern] = left - 1
                self.rfile.read(length // 2)  # in the middle of it
                self.close_connection = True
                return
        body = self.rfile.read(length)
        for own, pattern, answer in _ROUTES:
            found = re.fullmatch(pattern, path) if own == method else None
            if found:
                answer(self, body, *found.groups())
                return
        self.tell(404, {"error": "no such page"})

    def tell(self, status: int, content: Any, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def repo(self, name: str, *, write: bool = False) -> Repo | None:
        """The repository, or None once the client was told why not."""
        found = self.hub.repos.get(name)
        if write and not self.known:
            self.tell(401, {"error": "Invalid username or password."})
        elif found is None or (found.private and not self.known):
            self.tell(
                404 if self.known else 401,
                {"error": "Repository not found"},
                x_error_code="RepoNotFound",
                x_error_message="Repository not found",
            )
        else:
            return found
        return None

    def create(self, body: bytes) -> None:
        wanted = json.loads(body)
        if not self.known:
            return self.tell(401, {"error": "Invalid username or password."})
        name = f"{wanted.get('organization') or 'tester'}/{wanted['name']}"
        there = name in self.hub.repos
        if not there:
            private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
            self.hub.put(name, {".gitattributes": b"*.safetensors filter=lfs\n"}, private=private)
        found = {"url": f"{self.hub.address}/{name}", "name": name}
        error = {"error": "You already created this model repo"}
        return self.tell(409 if there else 200, {**found, **(error if there else {})})

    def validate(self, body: bytes) -> None:
        head = json.loads(body)["content"].split("---")[1]
        try:
            fields = yaml.safe_load(head)
            assert isinstance(fields, dict)
        except (yaml.YAMLError, AssertionError) as error:
            return self.tell(400, {"errors": [{"message": str(error)}], "warnings": []})
        return self.tell(200, {"errors": [], "warnings": []})

    def info(self, _: bytes, name: str, revision: str | None = None) -> None:
        if repo := self.repo(name):
            revision = revision or "main"
            siblings = [{"rfilename": path} for path in repo.files(revision)]
            self.tell(
                200,
                {
                    "id": name,
                    "modelId": name,
                    "sha": repo.sha(revision),
                    "private": repo.private,
                    "siblings": siblings,
                    "tags": [],
                    "downloads": 0,
                    "likes": 0,
                },
            )

    def tree(self, _: bytes, name: str, revision: str) -> None:
        if repo := self.repo(name):
            self.tell(
                200, [_entry(path, content) for path, content in repo.files(revision).items()]
            )

    def preupload(self, body: bytes, name: str, _: str) -> None:
        if repo := self.repo(name, write=True):
            there = repo.files()
            answers = []
            for file in json.loads(body)["files"]:
                path = file["path"]
                large = path.endswith(".safetensors")
                answer = {
                    "path": path,
                    "uploadMode": "lfs" if large else "regular",
                    "shouldIgnore": False,
                }
                if path in there:
                    answer["oid"] = _entry(path, there[path])["oid"]
                answers.append(answer)
            self.tell(200, {"files": answers})

    def batch(self, body: bytes, name: str) -> None:
        if self.repo(name, write=True):
            objects = []
            for wanted in json.loads(body)["objects"]:
                upload = {"href": f"{self.hub.address}/lfs/{wanted['oid']}"}
                there = wanted["oid"] in self.hub.large
                objects.append(wanted if there else {**wanted, "actions": {"upload": upload}})
            self.tell(200, {"transfer": "basic", "objects": objects})

    def upload(self, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            return self.tell(422, {"error": "not what was announced"})
        self.hub.large[oid] = body
        return self.tell(200, {})

    def commit(self, body: bytes, name: str, _: str) -> None:
        repo = self.repo(name, write=True)
        if repo is None:
            return
        files = dict(repo.files())
        for line in body.splitlines():
            one = json.loads(line)
            key, value = one["key"], one["value"]
            if key == "header" and value.get("parentCommit") not in (None, repo.sha()):
                return self.tell(412, {"error": "A commit has happened since."})
            if key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
            elif key == "deletedFile":
                del files[value["path"]]
        sha = repo.commit(files)
        url = f"{self.hub.address}/{name}/commit/{sha}"
        self.tell(200, {"success": True, "commitOid": sha, "commitUrl": url})

    def resolve(self, _: bytes, name: str, revision: str, path: str) -> None:
        repo = self.repo(name)
        if repo is None:
            return
        content = repo.files(revision).get(path)
        commit = repo.sha(revision)
        if content is None:
            return self.tell(404, {}, x_error_code="EntryNotFound", x_repo_commit=commit)
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        return self.tell(200, content, etag=etag, x_repo_commit=commit)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _entry(path: str, content: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    found: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": blob}
    if path.endswith(".safetensors"):
        oid = hashlib.sha256(content).hexdigest()
        found["lfs"] = {"oid": oid, "size": len(content), "pointerSize": 130}
        found["oid"] = oid
    return found


_NAME = r"([\w.-]+/[\w.-]+)"
_ROUTES = [
    ("POST", "/api/repos/create", _Handler.create),
    ("POST", "/api/validate-yaml", _Handler.validate),
    ("GET", f"/api/models/{_NAME}", _Handler.info),
    ("GET", f"/api/models/{_NAME}/revision/(.+)", _Handler.info),
    ("GET", f"/api/models/{_NAME}/tree/([^/]+)", _Handler.tree),
    ("POST", f"/api/models/{_NAME}/preupload/(.+)", _Handler.preupload),
    ("POST", f"/api/models/{_NAME}/commit/(.+)", _Handler.commit),
    ("POST", f"/{_NAME}.git/info/lfs/objects/batch", _Handler.batch),
    ("PUT", "/lfs/([0-9a-f]+)", _Handler.upload),
    ("GET", f"/{_NAME}/resolve/([^/]+)/(.+)", _Handler.resolve),
    ("HEAD", f"/{_NAME}/resolve/([^/]+)/(.+)", _Handler.resolve),
]


@pytest.fixture
def hub() -> Iterator[Hub]:
    """An empty Hub."""
    found = Hub()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.hub = found  # type: ignore[attr-defined]
        server.daemon_threads = True
        found.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()
