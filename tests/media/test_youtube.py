"""Real programs under the name of deno: what yt-dlp itself finds is what counts."""

import importlib.util
import subprocess
import sysconfig
from pathlib import Path

import pytest
from yt_dlp.utils._jsruntime import DenoJsRuntime

from s2f.media.youtube import SCRIPTS, check_youtube, deno_version, is_youtube
from s2f.runtime import InputError

WATCH = "https://www.youtube.com/watch?v={youtube_id}"


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without deno; the folder that is all of its PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}")
    path = sysconfig.get_path
    monkeypatch.setattr(sysconfig, "get_path", lambda name: f"{tmp_path}" if name == "scripts" else path(name))
    return tmp_path


def deno(folder, words):
    (folder / "deno").write_text(f"#!/bin/sh\necho '{words}'\n")
    (folder / "deno").chmod(0o755)


@pytest.mark.parametrize(
    ("template", "youtube"),
    [(WATCH, True), ("https://youtu.be/{youtube_id}", True), ("https://m.youtube.com/watch?v={youtube_id}", True),
     ("https://notyoutube.com/{youtube_id}", False), ("file:{source}/youtube.com/{youtube_id}.mp4", False)],
)  # fmt: skip
def test_youtube_is_told_by_the_host(template, youtube):
    assert is_youtube(template) is youtube


def test_what_this_project_installs_is_enough():
    check_youtube(WATCH)
    assert deno_version() == DenoJsRuntime().info.version_tuple[:2]


def test_without_a_runtime_youtube_is_refused_in_a_sentence_and_no_other_site_is(bare):
    with pytest.raises(InputError, match=r"deno, which is neither .*pip install -U 'yt-dlp\[default,deno\]'\.$"):
        check_youtube(WATCH)
    check_youtube("https://example.org/{youtube_id}")
    assert DenoJsRuntime().info is None


@pytest.mark.parametrize("version", ["2.2.9", "2.3.0", "2.10.1", "3.0.0", "1.46.3"])
def test_an_old_runtime_is_refused_as_yt_dlp_refuses_it(bare, version):
    deno(bare, f"deno {version} (stable, release)")
    try:
        check_youtube(WATCH)
        refused = False
    except InputError as error:
        refused = f"here is {version.rsplit('.', 1)[0]}" in str(error)
    assert refused is not DenoJsRuntime().info.supported


def test_a_runtime_that_says_nothing_is_none(bare):
    deno(bare, "")
    with pytest.raises(InputError, match="deno"):
        check_youtube(WATCH)


def test_a_runtime_that_is_installed_or_updated_while_a_process_lives_is_seen(bare):
    for words, version in (("", None), ("deno 2.2.0", (2, 2)), ("deno 2.10.1", (2, 10))):
        deno(bare, words)
        assert deno_version() == version


def test_a_runtime_that_once_did_not_run_is_asked_again_and_one_that_did_is_not(bare, monkeypatch):
    def late(*words, **options):
        raise subprocess.TimeoutExpired("deno", 30)

    deno(bare, "deno 2.3.0")
    with monkeypatch.context() as once:
        once.setattr("s2f.media.youtube.subprocess.run", late)
        assert deno_version() is None
    assert deno_version() == (2, 3)
    monkeypatch.setattr("s2f.media.youtube.subprocess.run", late)
    assert deno_version() == (2, 3)


def test_the_scripts_it_runs_are_needed_too(monkeypatch):
    found = importlib.util.find_spec
    assert found(SCRIPTS) is not None and Path(found(SCRIPTS).origin).is_file()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == SCRIPTS else found(name))
    with pytest.raises(InputError, match="yt-dlp-ejs"):
        check_youtube(WATCH)
