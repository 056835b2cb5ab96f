from s2f.corpus.fetching import asker


def test_who_asks_is_told_by_what_a_host_can_tell_him_by(tmp_path, fetching):
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("of one session")
    names = [
        asker(fetching(**access))
        for access in ({}, {"cookies": f"{cookies}"}, {"proxy": "http://me:a@x:1"}, {"proxy": "http://me:b@x:1"},
                       {"extractor_args": {"youtube": {"player_client": ("web",)}}})
    ]  # fmt: skip
    assert len(set(names)) == len(names) and "me" not in names[2]
    assert asker(fetching(attempts=9, videos_per_hour=7.0, keep="elsewhere")) == names[0]
    cookies.write_text("of another session")
    assert asker(fetching(cookies=f"{cookies}")) not in names
    cookies.unlink()
    assert asker(fetching(cookies=f"{cookies}")) == names[0]
