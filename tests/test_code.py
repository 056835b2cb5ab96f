import pytest

from s2f.code import code_sha256, meaning


def test_comments_docstrings_and_layout_mean_nothing():
    said = '"""What it is."""\n\ndef f(x):\n    """Doubles."""\n    # because\n    return (x *\n            2)\n'
    assert meaning(said) == meaning("def f(x):\n    return x * 2")


def test_another_number_means_something_else():
    assert meaning("x = 1") != meaning("x = 2")


def test_the_hash_names_real_modules():
    assert code_sha256(("s2f.corpus.splits",)) != code_sha256(("s2f.corpus.plan",))
    with pytest.raises(ModuleNotFoundError):
        code_sha256(("s2f.corpus.nowhere",))
