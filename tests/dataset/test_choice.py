from s2f.dataset.choice import unpicked


def test_a_choice_does_not_depend_on_order_and_stays_when_others_come() -> None:
    ids = [f"clip{index}" for index in range(50)]
    chosen = unpicked(ids, 5)
    assert unpicked(ids[::-1], 5) == chosen
    assert unpicked(ids, 6)[:5] == chosen
    assert len(unpicked(ids[:3], 5)) == 3


def test_a_choice_takes_from_the_whole_of_a_sorted_list() -> None:
    ids = [f"{age:03d}/face" for age in range(100)]
    ages = [int(one[:3]) for one in unpicked(ids, 20)]
    assert ages != sorted(ages) and min(ages) < 25 and max(ages) >= 75
