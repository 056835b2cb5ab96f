"""`s2f compare` in a real repository of git and DVC, whose one stage copies made-up runs."""

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from ruamel.yaml import YAML

from s2f.cli import revisions
from s2f.cli.main import main

STAGE = """
stages:
  everything:
    cmd: mkdir -p data && cp -r made/${made}/* data/
    params: [made, evaluation]
    outs: [data/measured, data/generated, data/speech_faces]
"""
IDENTITY = {f"GIT_{who}_{what}": "s2f@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def say(folder, *command):
    done = subprocess.run(command, cwd=folder, env=os.environ | IDENTITY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def dvc(folder, *words):
    return say(folder, sys.executable, "-m", "dvc", *words)


def settle(folder, made, **evaluation):
    """Ask for another run, and change how it is judged."""
    params = YAML(typ="safe").load(folder / "made" / "far" / "params.yaml")
    content = {"seed": 7, "made": made, "evaluation": params["evaluation"] | evaluation}
    YAML().dump(content, folder / "params.yaml")


def commit(folder, tag):
    say(folder, "git", "add", "--all")
    say(folder, "git", "commit", "--quiet", "--message", tag)
    say(folder, "git", "tag", tag)


@pytest.fixture(scope="module")
def project(write_run, tmp_path_factory):
    """Tags empty, far and near (at w = 0), and an experiment, bold-oxen, whose data lie in the workspace."""
    folder = tmp_path_factory.mktemp("project")
    write_run(folder / "made" / "far", noise=1.5)
    write_run(folder / "made" / "near", noise=0.2, blur=0.2, seed=1)
    write_run(folder / "made" / "new", noise=0.2, seed=2, networks={"arcface": {"name": "other", "sha256": "o"}})
    (folder / "dvc.yaml").write_text(STAGE)
    (folder / ".gitignore").write_text("/made\n")
    say(folder, "git", "init", "--quiet")
    dvc(folder, "init", "--quiet")
    settle(folder, "far")
    commit(folder, "empty")
    (folder / "s2f").mkdir()
    for made, evaluation in (("far", {}), ("near", {"guidance": 0})):
        (folder / "s2f" / "model.py").write_text(f"# {made}\n")
        settle(folder, made, **evaluation)
        dvc(folder, "repro", "--quiet")
        commit(folder, made)
    dvc(folder, "exp", "run", "--quiet", "--name", "bold-oxen", "--set-param", "made=new")
    return folder


@pytest.fixture
def run(monkeypatch, capfd, project):
    """A function: exit code, standard output and error of `s2f compare …` in the project, or elsewhere."""

    def _run(*words, folder=project, columns=200):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["s2f", "compare", *map(str, words)])
        monkeypatch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit) as end:
            main()
        said = capfd.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return _run


class Page(HTMLParser):
    """What a page loads, and its figure's words."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.label = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        about = dict(attrs)
        self.loads += [about[key] for key in ("src", "href") if about.get(key) and about[key][0] != "#"]
        self.label = about.get("aria-label", "") if tag == "svg" else self.label


def test_two_commits_are_compared_in_words_as_a_page_and_as_one_line_of_json(run, project, tmp_path):
    code, out, _ = run("far", "HEAD", "--json", "--out", tmp_path / "compared")
    *text, last = out.splitlines()
    content, said = json.loads(last), " ".join("\n".join(text).split())
    assert code == 0 and json.loads((tmp_path / "compared" / "compare.json").read_text()) == content
    assert {"age_r", "cosine", "enlarging_cosine_gain"} <= set(content["verdicts"]["better"])
    assert content["commits"] == {
        "a": say(project, "git", "rev-parse", "far"),
        "b": say(project, "git", "rev-parse", "near"),
    }
    assert text[-1].startswith("HEAD is better at ") and "than far" in text[-1]
    assert "N = 40 voices of 40 people and 30 portraits" in text[-1]
    assert "far is taken at w = 1, HEAD at w = 0." in said
    assert "made: far → near" in text and "evaluation.guidance: 1 → 0" in text
    assert "code: 1 file differs" in text and "by one ruler" not in said and "edited" not in said
    assert (tmp_path / "compared" / "compare.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "compared" / "compare.html").read_text()
    seen = Page(page)
    assert text[-1] in page and seen.loads == ["data:,"] and "cosine 0." in seen.label


def test_runs_that_measured_the_same_have_no_figure_nor_keep_an_old_one(run, tmp_path):
    out = tmp_path / "compared"
    out.mkdir()
    (out / "compare.png").write_bytes(b"of a comparison before")
    code, _, _ = run("made/far", "made/far", "--out", out)
    assert code == 0 and sorted(path.name for path in out.iterdir()) == ["compare.html", "compare.json"]


def test_in_80_columns_no_number_is_broken_and_no_line_is_wider(run):
    code, out, _ = run("made/far", "made/near", columns=80)
    lines = out.splitlines()
    assert code == 0 and max(map(len, lines)) <= 80
    rows = [place for place, line in enumerate(lines) if re.match(r"N = \d+ of \d+ +\[", line)]
    assert len(rows) == 8
    number, verdicts = r"−?[0-9.]+", {}
    for place in rows:
        found = re.match(rf"([a-z ]+?) +{number} +{number} +({number}|–) +\S+ +(.+?) *$", lines[place - 1])
        verdicts[found[1]] = found[3]
        intervals = re.findall(rf"\[{number}, {number}\]", lines[place])
        assert len(intervals) == (2 if found[3] == "the same" else 3), lines[place]
    assert verdicts["cosine"] == verdicts["face measures r"] == "better"


def test_a_parameter_that_was_called_otherwise_is_no_change(run, project, tmp_path):
    old = shutil.copytree(project / "made" / "far", tmp_path / "old")
    params = (old / "params.yaml").read_text()
    (old / "params.yaml").write_text(params.replace("guidance:", "craniofacial_guidance:"))
    code, out, _ = run(old, project / "made" / "far")
    assert code == 0 and "No parameter that decides a result differs." in out and "craniofacial_guidance" not in out


def test_an_experiment_has_its_name_and_other_rulers_are_said_first(run, project):
    code, out, _ = run("bold-oxen", "made/near", "--guidance", 0, "--json")
    content = json.loads(out.splitlines()[-1])
    assert code == 0 and content["commits"]["a"] in say(project, "git", "for-each-ref", "refs/exps")
    assert out.startswith("Not judged by one ruler: other networks looked (face embedding other and arc.onnx")
    assert "face mesh none and mesh" in out.splitlines()[0] and "By different rulers, made/near " in out
    assert ["made", "new", "–"] in content["parameters"] and content["code_files"] is None


def test_the_workspace_is_what_lies_there_and_edited_parameters_are_told(run, project):
    before = say(project, "git", "status", "--porcelain")
    code, out, _ = run("made/new", "--guidance", 0)
    assert code == 0 and out.splitlines()[-1].startswith("made/new and workspace measured the same: every headline")
    assert say(project, "git", "status", "--porcelain") == before
    kept = (project / "params.yaml").read_text()
    try:
        settle(project, "new", recall_at=[1, 3], guidance=0)
        code, out, _ = run("made/new", "--json", "--guidance", 0)
    finally:
        (project / "params.yaml").write_text(kept)
    assert code == 0 and "workspace: params.yaml was edited after its data was made (evaluation.recall_at)" in out
    assert json.loads(out.splitlines()[-1])["found_among"] == 3


def test_what_is_no_longer_in_the_cache_is_one_sentence(run, project, tmp_path):
    copy = shutil.copytree(project, tmp_path / "copy", symlinks=True)
    shutil.rmtree(copy / ".dvc" / "cache")
    code, _, said = run("far", "workspace", folder=copy)
    assert code == 2 and said.startswith("error: far: data/") and said.count("\n") == 1
    assert "is not in DVC's cache; `dvc pull`" in said and "`dvc repro`" in said


def test_a_dvc_that_finds_its_database_locked_by_another_is_asked_again(run, monkeypatch):
    asked, real = [], subprocess.run

    def locked_at_first(command, **about):
        if "dvc" not in command:
            return real(command, **about)
        asked.append(command)
        if len(asked) == 1:
            return subprocess.CompletedProcess(command, 255, "", "ERROR: unexpected error - database is locked\n")
        return real(command, **about)

    monkeypatch.setattr(revisions, "PATIENCE_S", 0.0)
    monkeypatch.setattr(revisions.subprocess, "run", locked_at_first)
    code, out, said = run("far", "made/far")
    assert code == 0 and "measured the same" in out, said
    assert asked.count(asked[0]) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nothing",), "nothing: nothing is called so; allowed: a git revision, the name of a DVC experiment"),
        (("empty",), "empty: it has no dvc.lock"),
        (("workspace", "--guidance", 7), "workspace: no face was drawn at w = 7; allowed: 0, 1."),
        (("workspace", "--guidance", "nan"), "--guidance nan is not a finite number"),
        (("workspace", "--out", "dvc.yaml"), "--out dvc.yaml"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(run, words, sentence):
    code, _, said = run(*words)
    assert code == 2 and said.startswith("error: ") and sentence in said and said.count("\n") == 1


def test_outside_of_any_repository_folders_can_be_compared_and_nothing_else(run, project, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    code, out, _ = run(project / "made" / "far", project / "made" / "near", folder=tmp_path)
    assert code == 0 and "is better at" in out and "is commit" not in out
    code, _, said = run("HEAD", project / "made" / "far", folder=tmp_path)
    assert code == 2 and "HEAD: git knows no revision here (fatal: not a git repository" in said
    code, _, said = run("workspace", folder=tmp_path)
    assert code == 2 and "params.yaml: no such file" in said
    shutil.copytree(project / "made" / "far" / "measured", tmp_path / "below" / "bare" / "measured")
    code, _, said = run(tmp_path / "below" / "bare", project / "made" / "far", folder=tmp_path)
    assert code == 2 and "there is no params.yaml in it or beside it" in said


def test_a_git_repository_without_dvc_is_told(run, project, tmp_path):
    say(tmp_path, "git", "init", "--quiet")
    say(tmp_path, "git", "commit", "--quiet", "--allow-empty", "--message", "nothing")
    code, _, said = run("HEAD", project / "made" / "far", folder=tmp_path)
    assert code == 2 and "is not the top folder of a DVC project" in said


def test_a_name_of_two_experiments_is_asked_back(run, project, tmp_path):
    copy = shutil.copytree(project, tmp_path / "copy", symlinks=True, ignore=shutil.ignore_patterns("cache", "data"))
    for tag in ("empty", "far"):
        base = say(copy, "git", "rev-parse", tag)
        say(copy, "git", "update-ref", f"refs/exps/{base[:2]}/{base[2:]}/twice", tag)
    code, _, said = run("twice", folder=copy)
    assert code == 2 and "twice: 2 experiments are called so; allowed: one's hash" in said


def test_help_teaches(run):
    code, out, _ = run("--help")
    assert code == 0 and "s2f compare HEAD~1 HEAD" in out
    assert "beyond luck" in " ".join(out.split()) and "20 people or more" in " ".join(out.split())
