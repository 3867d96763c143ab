"""A document's password stands in no topic, file or log, and its failed pages can be replayed all the same."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pymupdf
import pytest

from streams.kafka.replay import Replayer, stored_letters
from streams.kafka.topics import TopicNames
from streams.messages.seal import Seal
from streams.settings import Settings
from tests.integration.harness import ROOT, Topics, WorkerProcess, eventually, everything_on, produce

pytestmark = pytest.mark.timeout(180)
PASSWORD, TOKEN = "quux-8842-sesame", "token-5573-of-the-api"


def locked_pdf() -> bytes:
    document = pymupdf.open()
    for number in range(2):
        document.new_page(width=300, height=200).insert_text((40, 60), f"This is page number {number}.")
    return bytes(document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=PASSWORD, no_new_id=True))


def files_with(secret: str, folder: Path) -> list[Path]:
    files = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return [file for file in files if file.is_file() and secret.encode() in file.read_bytes()]


async def test_a_password_stands_in_no_topic_file_or_log_and_the_letter_can_be_replayed(
    settings: Settings, topics: Topics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = TopicNames.of(settings)
    answers = ""
    monkeypatch.setenv("INKSTREAM_API_TOKEN", TOKEN)
    bearer = {"authorization": f"Bearer {TOKEN}"}
    talkative = settings.model_copy(update={"log_level": "DEBUG"})
    with WorkerProcess(talkative, module="tests.integration.faults.worker_with_bad_pages") as worker:
        address = settings.data_dir / "api"
        await eventually(lambda: asyncio.sleep(0, address.exists()), 60, worker.log)
        async with httpx.AsyncClient(base_url=address.read_text().strip(), timeout=30, headers=bearer) as client:
            form = {"options": json.dumps({"password": PASSWORD})}
            sent = await client.post("/files", files={"file": ("a.pdf", locked_pdf())}, data=form)
            assert sent.status_code == 202, sent.text
            await produce(settings, names.pages, b'{"options": {"password": "%s"}}' % PASSWORD.encode(), key=b"x/0")

            async def two_letters() -> bool:
                return len(await topics.dead_letters()) == 2

            await eventually(two_letters, 60, worker.log)
            await eventually(lambda: _answers(client, sent.json()["documents"][0]["document_id"]), 30, worker.log)
            query = {"sql": "SELECT * FROM documents"}
            signed_in = await client.post("/login", data={"token": TOKEN}, headers={"authorization": ""})
            assert signed_in.status_code == 303
            answers = str(signed_in.headers)
            answers += sent.text + (await client.post("/query", json=query)).text
    forged = await everything_on(settings)
    clear = forged[names.pages].count(PASSWORD.encode())
    assert clear == 2, "only what the forger wrote (once as it is, once in its repr)"
    assert {topic for topic, content in forged.items() if PASSWORD.encode() in content} == {names.pages}
    show = [sys.executable, "-m", "streams", "dead-letters"]
    kafka = ["--broker", str(settings.broker), "--prefix", settings.topic_prefix]
    stored = [letter async for letter in stored_letters(settings)]
    for letter in stored:
        done = await asyncio.to_thread(
            subprocess.run, [*show, "show", str(letter.offset), *kafka], capture_output=True, text=True, cwd=ROOT
        )
        assert done.returncode == 0
        answers += done.stdout + done.stderr
    assert "payload_base64: " in answers
    assert PASSWORD not in answers
    assert files_with(PASSWORD, tmp_path) == files_with(TOKEN, tmp_path) == []
    assert not [topic for topic, content in forged.items() if TOKEN.encode() in content] and TOKEN not in answers
    own = next(letter.letter for letter in stored if letter.letter.document_id is not None)
    async with Replayer(settings) as replayer:
        await replayer.replay(own)

    async def read() -> bool:
        return (await topics.pages())[
            (sent.json()["documents"][0]["document_id"], 1)
        ].text == "This is page number 1."

    with WorkerProcess(settings) as worker:
        await eventually(read, 60, worker.log)


async def test_a_client_of_ones_own_sends_a_token_and_a_clear_password_is_logged_once(
    settings: Settings, topics: Topics
) -> None:
    raw_files = TopicNames.of(settings).raw_files
    sent = {"token.pdf": Seal.of(settings).seal(PASSWORD), "1.pdf": PASSWORD, "2.pdf": PASSWORD}
    for name, password in sent.items():
        headers = {"path": name.encode(), "options": json.dumps({"password": password}).encode()}
        await produce(settings, raw_files, locked_pdf(), headers=headers)

    async def all_read() -> bool:
        return sum(page.exception is None for page in (await topics.pages()).values()) == 2 * len(sent)

    with WorkerProcess(settings) as worker:
        await eventually(all_read, 60, worker.log)
    log = worker.log.read_text()
    assert log.count("its password can be read by whoever may read the topic") == 1
    assert PASSWORD not in log


async def _answers(client: httpx.AsyncClient, document: str) -> bool:
    return (await client.get(f"/pages/{document}/0")).status_code == 200
