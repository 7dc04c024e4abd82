"""Storage that is killed half way through an upload, or takes requests and never answers: nothing is half-done, and the
same call completes once storage is back (K-5)."""

from __future__ import annotations

import hashlib
import io
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from assurance.harness.dao.parties import Wallet, World
from datadao.crypto.envelope import Envelope
from datadao.errors import StoreUnavailable
from datadao.messages.submission import Submission
from datadao.storage import store as module
from datadao.storage.store import Store

PROBE = "sha256/write-once"

KEYS = {"access_key_id": "test", "secret_access_key": "test", "region": "us-east-1"}
DATA = hashlib.shake_128(b"a contribution").digest(3 * module.SMALL)


class Server:
    """A local S3 server in a process of its own, which can be killed. What it held is gone then."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        names = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        self.client = boto3.client("s3", endpoint_url=self.endpoint, **names)
        for _ in range(600):
            try:
                self.client.create_bucket(Bucket="dao")
                return
            except (BotoCoreError, ClientError):
                time.sleep(0.1)
        raise TimeoutError("the S3 server does not start")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def objects(self) -> list[str]:
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket="dao").get("Contents", ())]


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.kill()


def store_at(endpoint: str) -> Store:
    return Store("s3://dao", endpoint=endpoint, http=True, timeout=1, **KEYS)


def test_contribute__storage_killed_during_the_upload__nothing_is_handed_in_and_again_completes(
    world: World, alice: Wallet, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.store = store_at(server.endpoint)
    signed: list[object] = []
    read, whole = 0, module._unchanged

    def dying(*file: object) -> Iterator[bytes]:
        nonlocal read
        for chunk in whole(*file):
            read += len(chunk)
            if read > len(DATA) // 2 and server.process.poll() is None:
                assert server.objects() == [PROBE], "an object is there when all of it is"
                server.kill()
            yield chunk

    def sign(message: object) -> bytes:
        signed.append(message)
        return alice(message)

    with monkeypatch.context() as patched:
        patched.setattr(module, "_unchanged", dying)
        with pytest.raises(StoreUnavailable, match="run the same call again"):
            world.contribute(DATA, alice, signer=sign)
    assert len(DATA) // 2 < read, "it died half way, not before"
    assert signed == [], "and nothing was signed, so nothing can be handed in"

    server.start()
    submission: Submission = world.contribute(DATA, alice, signer=sign)
    assert len(signed) == 1
    envelope = Envelope.decode(world.store.get(submission.envelope_hash, Envelope.LIMIT))
    assert envelope.file_hash == submission.file_hash
    target = world.home / "sealed"
    world.store.get_file(submission.file_hash, target)
    assert hashlib.sha256(target.read_bytes()).digest() == submission.file_hash
    assert len(server.objects()) == 2, "the file and its envelope"


def test_store__storage_takes_requests_and_never_answers__gives_up_by_name() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        host, port = silent.getsockname()
        store = store_at(f"http://{host}:{port}")
        for attempt in (
            lambda: store.put_bytes(b"x"),
            lambda: store.put_file(io.BytesIO(DATA)),
            lambda: store.get(bytes(32)),
            lambda: store.has(bytes(32)),
            lambda: list(store.names("bundles")),
        ):
            with pytest.raises(StoreUnavailable):
                attempt()
