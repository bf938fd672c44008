"""Real servers for lakes to use: PostgreSQL from Debian's packages and an S3 server, each on a loopback port."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.flows.observing import until

PASSWORD = "hush's \\ own"
"""PostgreSQL's password, with characters that a quoting mistake breaks on."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Postgres:
    """A new PostgreSQL server in a temporary folder, run by a user other than root."""

    folder: Path
    binaries: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    databases: int = 0

    def start(self) -> None:
        command = [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), "-h", "127.0.0.1"]
        # -F: no fsync, as the data need not survive a power failure
        self.process = subprocess.Popen(
            [*command, "-p", str(self.port), "-k", "", "-F"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._user(),
        )
        until(self._answers, "PostgreSQL answers")

    def stop(self) -> None:
        """Stop at once; open connections break."""
        if self.process:
            subprocess.run(
                [self.binaries / "pg_ctl", "stop", "-D", self.folder / "data", "-m", "immediate"],
                check=True,
                stdout=subprocess.DEVNULL,
                **self._user(),
            )
            self.process.wait(30)
            self.process = None

    def conninfo(self) -> str:
        """How to connect to a new, empty database, without the password."""
        self.databases += 1
        name = f"news{self.databases}"
        self.run("createdb", name)
        return f"host=127.0.0.1 port={self.port} user=newsmill dbname={name}"

    def run(self, program: str, *arguments: str) -> str:
        """One of PostgreSQL's own commands, against this server."""
        command = [str(self.binaries / program), "-h", "127.0.0.1", "-p", str(self.port), "-U", "newsmill"]
        done = subprocess.run(
            [*command, *arguments],
            env={**os.environ, "PGPASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def make(self) -> None:
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        for path in (self.folder, secret):
            if user := self._user()["user"]:
                shutil.chown(path, user)
        # the machine's own locale setting may name one that is not installed
        options = [
            f"--pwfile={secret}",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--username=newsmill",
            "--auth=scram-sha-256",
        ]
        command = [str(self.binaries / "initdb"), "-D", str(self.folder / "data"), *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **self._user())

    def _answers(self) -> bool:
        assert self.process
        assert self.process.poll() is None, "PostgreSQL ended"
        command = [str(self.binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def _user(self) -> dict[str, Any]:
        """Arguments of subprocess for the user: PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return {"user": None, "cwd": self.folder}
        names = [entry.pw_name for entry in pwd.getpwall()]
        user = "postgres" if "postgres" in names else "nobody"
        return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": [], "cwd": self.folder}


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Skips where PostgreSQL isn't installed."""
    initdbs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not initdbs:
        pytest.skip("PostgreSQL is not installed here: apt-get install postgresql")
    # not in pytest's temporary folder, which only root may enter
    with tempfile.TemporaryDirectory(prefix="newsmill-postgres-") as folder:
        server = Postgres(Path(folder), initdbs[-1].parent)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@dataclass(frozen=True)
class Store:
    """An S3 server."""

    endpoint: str

    def make_bucket(self, name: str) -> None:
        self._ask("PUT", f"/{name}")

    def refuse(self) -> None:
        """Refuse every key from now on."""
        self._ask("POST", "/moto-api/reset-auth", b"0")

    def allow(self) -> None:
        self._ask("POST", "/moto-api/reset-auth", b"inf")

    def keys(self, bucket: str) -> list[str]:
        """The names of the objects in a bucket."""
        listing = self._ask("GET", f"/{bucket}?list-type=2")
        return re.findall(r"<Key>([^<]+)</Key>", listing)

    def settings(self, bucket: str) -> Mapping[str, str]:
        """newsmill's settings for a lake in the bucket, except the catalog."""
        return {
            "data_path": f"s3://{bucket}/lake",
            "s3_endpoint": self.endpoint,
            "s3_key": "sesame",
            "s3_secret": "open",
            "s3_tls": "0",
        }

    def _ask(self, method: str, path: str, data: bytes | None = None) -> str:
        plain = {"Content-Type": "text/plain"}
        request = urllib.request.Request(f"http://{self.endpoint}{path}", data=data, method=method, headers=plain)
        with urllib.request.urlopen(request, timeout=30) as answer:
            body: bytes = answer.read()
        return body.decode()


@contextmanager
def s3_server() -> Iterator[Store]:
    store = Store(f"127.0.0.1:{free_port()}")
    host, _, port = store.endpoint.partition(":")
    command = [sys.executable, "-m", "moto.server", "-H", host, "-p", port]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers() -> bool:
        assert process.poll() is None, "the S3 server ended"
        try:
            store._ask("GET", "/moto-api/")
        except OSError:
            return False
        return True

    try:
        until(answers, "the S3 server answers")
        yield store
    finally:
        process.terminate()
        process.wait(30)
