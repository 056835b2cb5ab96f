import json
import pickle

import pytest
from pydantic import ValidationError

from s2f.params.base import ParamsError, parse
from s2f.params.fetching import FetchingParams

SECRET = "socks5h://me:pass-word@proxy.example.org:1080"


def test_parameters_with_dictionaries_can_be_compared_kept_and_sent(fetching):
    args = {"youtube": {"player_client": ("web", "tv")}}
    one, other = fetching(extractor_args=args), fetching(extractor_args=args)
    assert one == other and hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one
    assert len({one, other, fetching()}) == 2


def test_a_proxys_password_is_shown_nowhere_and_reaches_the_connection(fetching):
    params = fetching(proxy=SECRET)
    assert "pass-word" not in f"{params!r} {params} {params.model_dump_json()} {params.model_dump()}"
    assert params.proxy_url == SECRET
    assert pickle.loads(pickle.dumps(params)).proxy_url == SECRET
    assert fetching().proxy_url is None


@pytest.mark.parametrize("proxy", [SECRET.replace("socks5h", "ftp"), SECRET.replace("1080", "x"), "me:pass-word@x"])
def test_a_wrong_proxy_is_refused_without_showing_it(fetching, proxy):
    content = json.loads(fetching().model_dump_json()) | {"proxy": proxy}
    with pytest.raises(ParamsError, match="proxy is not an address") as caught:
        parse(FetchingParams, content, "params.yaml: fetching")
    assert "pass-word" not in str(caught.value)


def test_bounds_are_in_bytes(fetching):
    assert fetching(max_gb=1.5).max_bytes == 1_500_000_000
    with pytest.raises(ValidationError):
        fetching(max_gb=0.0)
