import pytest
from yt_dlp.networking.exceptions import TransportError
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError

from s2f.media.addresses import Addresses
from s2f.media.answers import failure_of, reason_of
from s2f.media.failures import Failure
from s2f.media.guard import Guard, Refused


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Sign in to confirm you’re not a bot. Use --cookies", "bot_check"),
        ("Private video. Sign in if you've been granted access", "private"),
        ("Join this channel to get access to members-only content", "members_only"),
        ("Sign in to confirm your age. This video may be inappropriate for some users.", "age_restricted"),
        ("The uploader has not made this video available in your country", "geo_blocked"),
        ("Video unavailable. This video has been removed by the uploader", "removed"),
        ("This video is no longer available because the YouTube account has been terminated.", "removed"),
        ("Requested format is not available. Use --list-formats", "no_format"),
        (
            "This content isn't available, try again later. Your session has been rate-limited by YouTube",
            "rate_limited",
        ),
        ("This content isn’t available, try again later.", "rate_limited"),
        ("You have exceeded the rate limit. Try again later", "rate_limited"),
        ("Too Many Requests", "rate_limited"),
        ("This video is processing, try again later.", "network"),
        ("Video unavailable. There is an error on server-side. Try again later.", "network"),
        ("This video's bitrate limits are odd", "network"),
        ("Unable to download API page: The read operation timed out", "timeout"),
        ("This live event will begin in 3 days.", "live"),
        ("m3u8 download detected but ffmpeg could not be found. Please install", "no_format"),
        ("This live stream recording is not available.", "removed"),
        ("This video requires payment to watch.", "members_only"),
        ("This video is only available to Music Premium members", "members_only"),
        ("This video contains content from X, who has blocked it on copyright grounds", "removed"),
        ("something nobody has ever said", "network"),
    ],
)
def test_what_sites_say_becomes_a_reason(words, reason):
    assert reason_of(DownloadError(f"ERROR: [youtube] x: {words}")) == reason


@pytest.mark.parametrize("name", ["rate-limit1", "age-restricted", "members.only", "private_video", "timed-out-0"])
@pytest.mark.parametrize(("words", "reason"), [("HTTP Error 404: Not Found", "removed"), ("HTTP Error 500", "network")])
def test_how_a_video_is_called_says_nothing(name, words, reason):
    assert reason_of(DownloadError(f"ERROR: [generic] {name}: {words} (http://x.org/{name}.mp4)")) == reason


@pytest.mark.parametrize(
    "place", ["'/data/{}/x.mp4'", "/data/{}/x.mp4", "'/data/{}/some more/x.mp4'", "'data/{}/x.mp4'"]
)
@pytest.mark.parametrize("name", ["rate-limit1", "age-restricted", "private_video"])
@pytest.mark.parametrize(
    ("words", "reason"),
    [("unable to open for writing: [Errno 13] Permission denied: {}", "network"),
     ("unable to open {}: No such file", "removed"), ("{}: content isn't available and/or isn't here", "network"),
     ("{}: HTTP Error 429 and/or rate-limited", "rate_limited")],
)  # fmt: skip
def test_how_a_folder_is_called_says_nothing(place, name, words, reason):
    assert reason_of(DownloadError(f"ERROR: {words.format(place.format(name))}")) == reason


def test_the_cause_speaks_where_words_do_not():
    cause = GeoRestrictedError("no")
    assert reason_of(DownloadError("ERROR: no", (type(cause), cause, None))) == "geo_blocked"


def test_the_guards_word_is_heard_through_whatever_yt_dlp_makes_of_it():
    refused = Refused(Failure("unsafe_address", "10.0.0.1 is no place"))
    wrapped = ExtractorError("Unable to download", cause=refused)
    assert failure_of(DownloadError("ERROR", (type(wrapped), wrapped, None)), "x").reason == "unsafe_address"
    guard = Guard(Addresses(("x", 80)), 1, 1)
    guard.refuse(Failure("too_large", "more than 1 bytes"))
    assert failure_of(DownloadError("ERROR: Got error: more than 1 bytes"), "x", guard).reason == "too_large"
    assert failure_of(DownloadError("ERROR: HTTP Error 404"), "x", guard).reason == "removed"


def test_once_time_is_over_everything_is_a_timeout():
    guard = Guard(Addresses(("x", 80)), 1, 1)
    guard.late = True
    for error in (TransportError("reset"), Failure("network", "cut"), KeyError("x")):
        assert failure_of(error, "x", guard).reason == "timeout"


def test_what_is_no_error_of_yt_dlp_was_not_foreseen():
    assert failure_of(KeyError("x"), "x").reason == "internal_error"
    assert failure_of(Failure("live", "on air"), "x").reason == "live"
