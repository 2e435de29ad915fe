"""A Hub on localhost with the functions that pushing and pulling a model needs.

It stores repositories and their commits in memory, requires a token for the same requests as the
real Hub, and can interrupt connections. Large files are uploaded with Git LFS.
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
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml

TOKEN = "hf_of_the_tests"


@dataclass
class Repo:
    """A repository: its files at each commit, the newest last, and the commit of each tag."""

    private: bool = False
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def files(self, revision: str = "main") -> dict[str, bytes]:
        return dict(self.commits)[self.sha(revision)]

    def sha(self, revision: str = "main") -> str:
        """Return the commit of a branch, tag or commit; a KeyError if there is none."""
        known = {sha: sha for sha, _ in self.commits} | self.tags
        return {**known, "main": self.commits[-1][0]}[revision]

    def commit(self, files: dict[str, bytes]) -> str:
        sizes = json.dumps({name: len(content) for name, content in files.items()})
        sha = hashlib.sha1(f"{len(self.commits)}{sizes}".encode()).hexdigest()
        self.commits.append((sha, files))
        return sha


@dataclass
class Hub:
    """The content of the Hub, and the requests it has received.

    Args:
        address: URL of the Hub, for HF_ENDPOINT.
        repos: repositories by name.
        large: content of uploaded large files by SHA-256.
        breaking: how many connections to interrupt, by regular expression of the path.
        requests: method and path of each request.
    """

    address: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    breaking: dict[str, int] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def put(
        self, name: str, files: dict[str, bytes], *, private: bool = False, tag: str = ""
    ) -> Repo:
        """Create a repository with a commit, or add a commit, which may have a tag."""
        repo = self.repos.setdefault(name, Repo(private))
        sha = repo.commit(files)
        if tag:
            repo.tags[tag] = sha
        return repo

    def put_folder(self, name: str, folder: Path, *, private: bool = False, tag: str = "") -> Repo:
        """Add a commit with the files of a folder."""
        paths = [path for path in folder.rglob("*") if path.is_file()]
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        return self.put(name, files, private=private, tag=tag)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> Hub:
        hub: Hub = self.server.hub  # type: ignore[attr-defined]
        return hub

    @property
    def has_token(self) -> bool:
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
        self.hub.requests.append(f"{method} {path}")
        length = int(self.headers.get("content-length") or 0)
        for pattern, left in self.hub.breaking.items():
            if left and re.search(pattern, path):
                self.hub.breaking[pattern] = left - 1
                self.rfile.read(length // 2)
                self.close_connection = True
                return
        body = self.rfile.read(length)
        for route_method, pattern, answer in _ROUTES:
            match = re.fullmatch(pattern, path) if route_method == method else None
            if match:
                answer(self, body, *match.groups())
                return
        self.respond(404, {"error": "no such page"})

    def respond(self, status: int, content: Any, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def repo(self, name: str, *, write: bool = False) -> Repo | None:
        """Return the repository, or send an error and return None."""
        repo = self.hub.repos.get(name)
        if write and not self.has_token:
            self.respond(401, {"error": "Invalid username or password."})
        elif repo is None or (repo.private and not self.has_token):
            self.respond(
                404 if self.has_token else 401,
                {"error": "Repository not found"},
                x_error_code="RepoNotFound",
                x_error_message="Repository not found",
            )
        else:
            return repo
        return None

    def has_revision(self, repo: Repo, revision: str) -> bool:
        """Return whether a repository has a revision; if not, send an error."""
        try:
            repo.sha(revision)
        except KeyError:
            self.respond(
                404, {"error": f"Invalid rev id: {revision}"}, x_error_code="RevisionNotFound"
            )
            return False
        return True

    def create(self, body: bytes) -> None:
        request = json.loads(body)
        if not self.has_token:
            return self.respond(401, {"error": "Invalid username or password."})
        name = f"{request.get('organization') or 'tester'}/{request['name']}"
        exists = name in self.hub.repos
        if not exists:
            private = request.get("visibility") == "private" or bool(request.get("private"))
            self.hub.put(name, {".gitattributes": b"*.safetensors filter=lfs\n"}, private=private)
        content = {"url": f"{self.hub.address}/{name}", "name": name}
        error = {"error": "You already created this model repo"}
        return self.respond(409 if exists else 200, {**content, **(error if exists else {})})

    def validate(self, body: bytes) -> None:
        head = json.loads(body)["content"].split("---")[1]
        try:
            fields = yaml.safe_load(head)
            assert isinstance(fields, dict)
        except (yaml.YAMLError, AssertionError) as error:
            return self.respond(400, {"errors": [{"message": str(error)}], "warnings": []})
        return self.respond(200, {"errors": [], "warnings": []})

    def info(self, _: bytes, name: str, revision: str | None = None) -> None:
        revision = revision or "main"
        if (repo := self.repo(name)) and self.has_revision(repo, revision):
            siblings = [{"rfilename": path} for path in repo.files(revision)]
            self.respond(
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
            self.respond(
                200, [_entry(path, content) for path, content in repo.files(revision).items()]
            )

    def preupload(self, body: bytes, name: str, _: str) -> None:
        if repo := self.repo(name, write=True):
            files = repo.files()
            answers = []
            for file in json.loads(body)["files"]:
                path = file["path"]
                large = path.endswith(".safetensors")
                answer = {
                    "path": path,
                    "uploadMode": "lfs" if large else "regular",
                    "shouldIgnore": False,
                }
                if path in files:
                    answer["oid"] = _entry(path, files[path])["oid"]
                answers.append(answer)
            self.respond(200, {"files": answers})

    def batch(self, body: bytes, name: str) -> None:
        if self.repo(name, write=True):
            objects = []
            for item in json.loads(body)["objects"]:
                upload = {"href": f"{self.hub.address}/lfs/{item['oid']}"}
                exists = item["oid"] in self.hub.large
                objects.append(item if exists else {**item, "actions": {"upload": upload}})
            self.respond(200, {"transfer": "basic", "objects": objects})

    def upload(self, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            return self.respond(422, {"error": "the checksum differs"})
        self.hub.large[oid] = body
        return self.respond(200, {})

    def commit(self, body: bytes, name: str, _: str) -> None:
        repo = self.repo(name, write=True)
        if repo is None:
            return
        files = dict(repo.files())
        for line in body.splitlines():
            record = json.loads(line)
            key, value = record["key"], record["value"]
            if key == "header" and value.get("parentCommit") not in (None, repo.sha()):
                return self.respond(412, {"error": "A commit has happened since."})
            if key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
            elif key == "deletedFile":
                del files[value["path"]]
        sha = repo.commit(files)
        url = f"{self.hub.address}/{name}/commit/{sha}"
        self.respond(200, {"success": True, "commitOid": sha, "commitUrl": url})

    def resolve(self, _: bytes, name: str, revision: str, path: str) -> None:
        repo = self.repo(name)
        if repo is None or not self.has_revision(repo, revision):
            return
        content = repo.files(revision).get(path)
        commit = repo.sha(revision)
        if content is None:
            return self.respond(404, {}, x_error_code="EntryNotFound", x_repo_commit=commit)
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        return self.respond(200, content, etag=etag, x_repo_commit=commit)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def _entry(path: str, content: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": blob}
    if path.endswith(".safetensors"):
        oid = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": oid, "size": len(content), "pointerSize": 130}
        entry["oid"] = oid
    return entry


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
    """Start an empty Hub."""
    empty_hub = Hub()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.hub = empty_hub  # type: ignore[attr-defined]
        server.daemon_threads = True
        empty_hub.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield empty_hub
        server.shutdown()
        thread.join()
