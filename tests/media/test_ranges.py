import itertools
import random

import pytest

from s2f.media import ranges
from s2f.media.failures import Failure
from s2f.media.ranges import BLOCK, Changed, NotWorthIt, Piece, RangedFile

CONTENT = random.Random(0).randbytes(20 * BLOCK + 12_345)


class Server:
    """Sends any part of CONTENT, and remembers which."""

    def __init__(self, most=1 << 30):
        self.asked, self.most, self.version = [], most, "1"

    def ask(self, start, stop):
        self.asked.append((start, stop))
        return Piece(CONTENT[start : min(stop, start + self.most)], len(CONTENT), self.version)


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def file(server, tmp_path):
    return RangedFile(server.ask, server.ask(0, BLOCK), tmp_path / "film")


def test_what_is_read_is_what_the_server_has(file):
    for start, stop in ((0, 10), (5 * BLOCK - 3, 5 * BLOCK + 3), (len(CONTENT) - 5, len(CONTENT)), (100, 9 * BLOCK)):
        assert file.read(start, stop) == CONTENT[start:stop]


def test_nothing_is_fetched_twice_and_holes_stay_holes(file, server):
    file.read(10 * BLOCK, 10 * BLOCK + 5)
    file.read(10 * BLOCK + 1, 10 * BLOCK + 5)
    file.read(0, 100)
    assert server.asked == [(0, BLOCK), (10 * BLOCK, 11 * BLOCK)]
    assert file.fetched == 2 * BLOCK
    content = file.path.read_bytes()
    assert len(content) == len(CONTENT) and content[2 * BLOCK : 10 * BLOCK] == bytes(8 * BLOCK)
    assert file.holds(10 * BLOCK) and not file.holds(11 * BLOCK)


def test_more_is_fetched_at_once_where_reading_goes_on(file, server):
    for block in range(1, 12):
        file.read(block * BLOCK, (block + 1) * BLOCK)
    lengths = [(stop - start) // BLOCK for start, stop in server.asked]
    assert lengths == [1, 4, 8]


def test_a_filled_file_is_the_whole_file_without_asking_again(file, server):
    file.read(7 * BLOCK, 8 * BLOCK)
    file.fill()
    assert file.path.read_bytes() == CONTENT
    assert file.fetched == len(CONTENT)
    asked = sorted(server.asked)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(asked))


def test_a_server_may_send_less_than_it_was_asked_for(tmp_path):
    server = Server(most=10_000)
    file = RangedFile(server.ask, server.ask(0, BLOCK), tmp_path / "film")
    assert file.read(3 * BLOCK - 5, 4 * BLOCK) == CONTENT[3 * BLOCK - 5 : 4 * BLOCK]
    file.fill()
    assert file.path.read_bytes() == CONTENT


def test_a_budget_ends_what_is_not_worth_it_and_not_the_filling(file):
    file.budget = 5 * BLOCK
    with pytest.raises(NotWorthIt):
        for block in range(1, 20, 2):
            file.read(block * BLOCK, block * BLOCK + 1)
    assert file.fetched <= 5 * BLOCK
    file.fill()
    assert file.path.read_bytes() == CONTENT


def test_so_do_too_many_requests(file, monkeypatch):
    monkeypatch.setattr(ranges, "MOST_REQUESTS", 4)
    with pytest.raises(NotWorthIt):
        for block in range(19, 0, -2):
            file.read(block * BLOCK, block * BLOCK + 1)
    file.fill()
    assert file.path.read_bytes() == CONTENT


def test_another_version_of_the_file_is_not_mixed_in(file, server):
    server.version = "2"
    with pytest.raises(Changed):
        file.fill()


def test_a_length_that_no_disk_holds_is_too_large(tmp_path):
    with pytest.raises(Failure) as caught:
        RangedFile(lambda start, stop: None, Piece(b"x", 10**18, ""), tmp_path / "film")
    assert caught.value.reason == "too_large"
    assert not (tmp_path / "film").exists()
