"""The page in a real browser, and what visitors do to it: wrong files, huge ones, many at once, tabs closed early."""

import http.client
import json
import signal
import subprocess
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable
from concurrent.futures import wait
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file

from s2f.app.page import AS_HEARD
from s2f.app.serving import WAITING

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
PATIENCE = 60_000  # ms


@pytest.fixture
def tab(browser: Any, page: Any):
    """A function that opens the page in a new tab; `asked` holds what it fetched, `said` its complaints."""
    contexts = []

    def _open(**options: Any) -> Any:
        contexts.append(browser.new_context(**options))
        opened = contexts[-1].new_page()
        opened.asked, opened.said = [], []
        opened.on("request", lambda request: opened.asked.append(request.url))
        opened.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.goto(page.url)
        opened.get_by_role("button", name="Draw faces").wait_for(timeout=PATIENCE)
        return opened

    yield _open
    for context in contexts:
        context.close()


def drop(tab: Any, path: Path) -> None:
    tab.locator("input[type=file]").first.set_input_files(str(path))


def draw(tab: Any) -> None:
    tab.get_by_role("button", name="Draw faces").click()
    tab.get_by_text("They are guesses").wait_for(timeout=PATIENCE)


def captions(tab: Any) -> list[str]:
    return [one for one in tab.locator(".caption-label").all_inner_texts() if one.startswith("seed")]


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_voice_is_dropped_faces_seen_guidance_changed_and_all_taken_home(
    tab, page, voice, tmp_path, viewport
) -> None:
    opened = tab(viewport=viewport, accept_downloads=True)
    drop(opened, voice)
    opened.get_by_text("A voice is heard").wait_for(timeout=PATIENCE)
    draw(opened)
    first = captions(opened)
    assert len(first) == 4 and all(one.endswith("w = 1") for one in first)
    opened.locator(".caption-label").first.click()
    slider = opened.get_by_role("spinbutton", name="Guidance").first
    slider.fill("3")
    slider.press("Tab")
    opened.wait_for_timeout(500)
    opened.keyboard.press("Escape")  # closes the large picture
    draw(opened)
    opened.locator(".caption-label", has_text="w = 3").first.wait_for(timeout=PATIENCE)
    with opened.expect_download(timeout=PATIENCE) as download:
        opened.get_by_text("Download the faces").click()
    download.value.save_as(tmp_path / "faces.zip")
    with zipfile.ZipFile(tmp_path / "faces.zip") as archive:
        about = json.loads(archive.read("faces.json"))
        assert {one["guidance"] for one in about["pictures"]} == {3.0} and len(archive.namelist()) == 5
    width = opened.evaluate("document.documentElement.scrollWidth")
    assert width <= viewport["width"] + 1
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith((page.url, "data:", "blob:"))] == []


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_face_of_the_strip_is_in_sight_with_its_guidance(tab, voice, viewport) -> None:
    opened = tab(viewport=viewport)
    drop(opened, voice)
    opened.get_by_text("A voice is heard").wait_for(timeout=PATIENCE)
    opened.get_by_role("button", name="One face at every guidance").click()
    opened.get_by_text("at w = 0 to 4").wait_for(timeout=PATIENCE)
    opened.locator("#strip .caption-label").nth(4).wait_for(timeout=PATIENCE)
    assert opened.locator("#strip .caption-label").all_inner_texts() == [f"w = {w}" for w in range(5)]
    cut_off = "labels => labels.filter(one => one.scrollWidth > one.clientWidth).length"
    assert opened.locator("#strip .caption-label").evaluate_all(cut_off) == 0
    boxes = [one.bounding_box() for one in opened.locator("#strip img").all()]
    assert len(boxes) == 5
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= viewport["width"] for box in boxes)


def test_the_page_is_used_without_a_mouse(tab, voice) -> None:
    opened = tab(viewport=WIDE)
    drop(opened, voice)
    opened.get_by_text("A voice is heard").wait_for(timeout=PATIENCE)
    button = opened.get_by_role("button", name="Draw faces")
    for _ in range(60):
        opened.keyboard.press("Tab")
        if button.evaluate("one => one === document.activeElement"):
            break
    assert button.evaluate("one => one === document.activeElement")
    opened.keyboard.press("Enter")
    opened.get_by_text("They are guesses").wait_for(timeout=PATIENCE)


def test_a_wrong_file_is_a_sentence_on_the_page(tab, tmp_path) -> None:
    (tmp_path / "song.wav").write_text("no sound")
    opened = tab(viewport=WIDE)
    drop(opened, tmp_path / "song.wav")
    opened.get_by_text("the recording: ffmpeg cannot read it").wait_for(timeout=PATIENCE)
    assert "/" not in opened.get_by_text("the recording: ffmpeg cannot read it").inner_text()


def predict(page: Any, voice: Path, number: int = 2) -> list[Any]:
    client = Client(page.url, verbose=False)
    wanted = (handle_file(str(voice)), 1, number, [], None, AS_HEARD)
    return list(client.predict(*wanted, api_name="/draw")[1])


def test_twenty_visitors_at_once_and_a_tab_are_all_served_and_memory_returns(tab, page, voice) -> None:
    predict(page, voice)  # so that everything is loaded
    before, found = page.megabytes(), []
    opened = tab(viewport=PHONE)
    drop(opened, voice)
    opened.get_by_text("A voice is heard").wait_for(timeout=PATIENCE)

    def visit() -> None:
        found.append(len(predict(page, voice)))

    visitors = [threading.Thread(target=visit) for _ in range(20)]
    for one in visitors:
        one.start()
    draw(opened)
    assert len(captions(opened)) == 4 and opened.said == []
    for one in visitors:
        one.join(timeout=300)
    assert found == [2] * 20
    assert page.up() and page.megabytes() < before + 150


def test_who_finds_the_queue_full_is_told_and_the_others_are_served(page, voice) -> None:
    client = Client(page.url, verbose=False, max_workers=2 * WAITING)
    wanted = (handle_file(str(voice)), 1, 2, [], None, AS_HEARD)
    jobs = [client.submit(*wanted, api_name="/draw") for _ in range(2 * WAITING)]
    wait(jobs, timeout=300)
    refused = [str(job.exception()) for job in jobs if job.exception()]
    served = [job.result()[1] for job in jobs if not job.exception()]
    assert {len(faces) for faces in served} == {2} and len(served) > WAITING  # one is drawn for beside those that wait
    assert refused and all("Queue is full" in sentence for sentence in refused)
    assert len(predict(page, voice)) == 2


def test_a_file_of_two_gigabytes_that_is_dropped_is_a_sentence_on_the_page(tab, page, voice, tmp_path) -> None:
    predict(page, voice)
    before = page.megabytes()
    with (tmp_path / "day.wav").open("wb") as file:
        file.truncate(2**31)  # a hole: it takes no room
    opened = tab(viewport=WIDE)
    drop(opened, tmp_path / "day.wav")
    opened.get_by_role("status").get_by_text("day.wav: more than 25 MB; cut out some seconds").wait_for(
        timeout=PATIENCE
    )
    assert not [url for url in opened.asked if "upload" in url]
    assert page.up() and page.megabytes() < before + 100
    assert sum(path.stat().st_size for path in page.files()) < 64 * 2**20
    drop(opened, voice)
    opened.get_by_text("A voice is heard").wait_for(timeout=PATIENCE)


def test_a_file_of_two_gigabytes_is_refused_while_it_is_sent(page, voice) -> None:
    predict(page, voice)
    before, files = page.megabytes(), len(page.files())
    most, piece, sent, answer = 0.0, b"\0" * 2**20, 0, None
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=60)
    connection.putrequest("POST", "/gradio_api/upload")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(2**31 + len(head)))
    connection.endheaders(head)
    with suppress(OSError):  # it hangs up
        while sent < 2**11:
            connection.send(piece)
            sent, most = sent + 1, max(most, page.megabytes())
    with suppress(http.client.HTTPException, OSError):
        answer = connection.getresponse().status
    assert answer != 200
    assert sent < 2**10, "all of it was taken"
    assert most < before + 200 and page.up()
    assert sum(path.stat().st_size for path in page.files()) < 64 * 2**20 and len(page.files()) <= files + 1


def test_a_body_of_no_announced_length_is_taken_no_further_than_the_limit(page, voice) -> None:
    predict(page, voice)
    before, sent = page.megabytes(), 0
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=60)
    connection.putrequest("POST", "/gradio_api/queue/join")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.putheader("Content-Type", "application/json")
    connection.endheaders()
    piece = b"100000\r\n" + b"1" * 2**20 + b"\r\n"
    with suppress(OSError):
        while sent < 300:
            connection.send(piece)
            sent += 1
    with suppress(http.client.HTTPException, OSError):
        connection.getresponse()
    connection.close()
    assert page.up() and page.megabytes() < before + 150


def test_a_tab_that_is_closed_while_faces_are_drawn_leaves_the_server_to_others(tab, page, voice) -> None:
    predict(page, voice)
    before = page.megabytes()
    for _ in range(5):
        opened = tab(viewport=WIDE)
        drop(opened, voice)
        opened.get_by_text("A voice is heard").wait_for(timeout=PATIENCE)
        opened.get_by_role("button", name="Draw faces").click()
        opened.close()
    started = time.monotonic()
    assert len(predict(page, voice)) == 2 and time.monotonic() - started < 60
    assert page.up() and page.megabytes() < before + 150


def test_with_a_password_nothing_is_shown_without_it(serve: Callable[..., Any], voice) -> None:
    locked = serve(S2F_PASSWORD="open sesame")
    with pytest.raises(Exception, match=r"(?i)auth|login|401"):
        Client(locked.url, verbose=False)
    client = Client(locked.url, auth=("s2f", "open sesame"), verbose=False)
    wanted = (handle_file(str(voice)), 1, 1, [], None, AS_HEARD)
    assert len(client.predict(*wanted, api_name="/draw")[1]) == 1


def test_with_a_certificate_it_is_https_and_lends_a_microphone(serve: Callable[..., Any], browser, tmp_path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-days", "1")
    make = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, *subject)
    subprocess.run(make, check=True, capture_output=True)
    served = serve("--ssl-certfile", certificate, "--ssl-keyfile", key)
    context = browser.new_context(ignore_https_errors=True)
    opened = context.new_page()
    opened.goto(served.url)
    opened.get_by_role("button", name="Draw faces").wait_for(timeout=PATIENCE)
    assert opened.evaluate("isSecureContext && 'getUserMedia' in navigator.mediaDevices")
    context.close()
    with pytest.raises(OSError):
        urllib.request.urlopen(served.url.replace("https", "http"), timeout=20)


def test_nothing_is_left_behind(serve: Callable[..., Any], voice) -> None:
    served = serve()
    predict(served, voice)
    assert any(path.suffix == ".flac" for path in served.files())
    served.process.send_signal(signal.SIGHUP)  # its terminal was closed
    served.process.wait(timeout=30)
    assert [path for path in served.files() if path.suffix in (".flac", ".png", ".zip")] == []


def test_what_a_killed_page_has_left_is_removed_by_the_next(serve: Callable[..., Any], voice, tmp_path) -> None:
    served = serve(TMPDIR=str(tmp_path))
    predict(served, voice)
    served.process.kill()
    served.process.wait(timeout=30)
    assert list(tmp_path.rglob("*.flac"))
    serve(TMPDIR=str(tmp_path))
    assert not list(tmp_path.rglob("voice.flac"))


def test_open_to_others_it_wants_a_password(tiny_pipeline, tmp_path, monkeypatch, capsys) -> None:
    from s2f.cli.main import main

    monkeypatch.delenv("S2F_PASSWORD", raising=False)
    monkeypatch.setattr("sys.argv", ["s2f", "app", "--pipeline", str(tiny_pipeline), "--host", "0.0.0.0"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2 and "or a password as S2F_PASSWORD" in capsys.readouterr().err
