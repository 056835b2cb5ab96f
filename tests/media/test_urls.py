import pytest

from s2f.media.failures import Failure
from s2f.media.urls import check_cookies, check_template, check_video_id, video_path, video_url
from s2f.runtime import InputError

YOUTUBE = "https://www.youtube.com/watch?v={youtube_id}"


@pytest.mark.parametrize("good", ["-1nRm4tQL0A", "--help", "head027.mp4", "id10621_4IrzgonbcPs_0000002", "_"])
def test_ids_of_videos_pass(good):
    assert video_url(YOUTUBE, "", good) == f"https://www.youtube.com/watch?v={good}"


@pytest.mark.parametrize(
    "hostile",
    ["", ".", "..", "../etc/passwd", "a/b", "a\\b", "a b", "a\n", "a\0b", "a&list=1", "a;rm", "$(x)", "é", "x" * 200,
     "http://10.0.0.1/", "%2e%2e", "{source}", ".hidden", "a?b", "a#b", "١٢"],
)  # fmt: skip
def test_what_is_no_id_is_refused_as_a_bad_row(hostile):
    with pytest.raises(Failure) as caught:
        check_video_id(hostile)
    assert caught.value.reason == "bad_row"


@pytest.mark.parametrize("scheme", ["ftp://x/{youtube_id}", "data:{youtube_id}", "{youtube_id}", "concat:{youtube_id}"])
def test_other_schemes_are_refused_in_one_sentence(scheme):
    with pytest.raises(InputError, match="allowed: file, http, https"):
        check_template(scheme)


def test_a_local_folder_may_have_any_name(tmp_path):
    url = video_url("file:{source}/{youtube_id}.mp4", str(tmp_path / "50% of #1? yes"), "-x")
    assert url == f"file://{tmp_path}/50%25%20of%20%231%3F%20yes/-x.mp4"


def test_the_file_behind_a_url_is_the_one_it_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert video_path("file:{source}/{youtube_id}.mp4", "50% of #1", "-x") == tmp_path / "50% of #1" / "-x.mp4"
    assert video_path(YOUTUBE, "", "-x") is None


@pytest.mark.parametrize(
    "template", ["http://{youtube_id}/x", "https://{youtube_id}.example.org/", "http:///{youtube_id}"]
)
def test_a_list_may_not_choose_the_host(template):
    with pytest.raises(InputError, match="allowed: one that is written out"):
        check_template(template)


def test_cookies_must_be_a_netscape_file(tmp_path):
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("# Netscape HTTP Cookie File\n.example.org\tTRUE\t/\tTRUE\t0\ta\tsecret\n")
    bad.write_text('[{"name": "a", "value": "secret"}]')
    check_cookies(None)
    check_cookies(str(good))
    for path in (bad, tmp_path / "gone.txt", tmp_path):
        with pytest.raises(InputError, match=r"fetching\.cookies") as caught:
            check_cookies(str(path))
        assert "secret" not in str(caught.value)


def test_what_is_no_url_is_refused_in_one_sentence():
    with pytest.raises(InputError, match="is no URL"):
        check_template("http://[{youtube_id}")
