from __future__ import annotations

import pytest

from tasks.parse.authors import read_authors


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Oda", ["Oda"]),
        (["Oda", "Ana"], ["Oda", "Ana"]),
        ({"name": "Oda", "email": "oda@quay.example"}, ["Oda"]),
        ({"email": "oda@quay.example"}, ["oda@quay.example"]),
        ({"twitter": "oda"}, ["oda"]),
        ([{"name": "Oda"}, "Ana", {"url": "https://quay.example/"}, None, 4711], ["Oda", "Ana", "4711"]),
        ({"oda": {"name": "Oda Brandt"}, "ana": {"name": "Ana Reis", "bio": ["x"]}}, ["Oda Brandt", "Ana Reis"]),
        ([[["Oda"]]], ["Oda"]),
        ({"name": {"first": "Oda"}}, []),
        ({"name": ""}, []),
        (None, []),
        (4711, []),
        (True, []),
    ],
)
def test_whatever_shape_authors_have(value: object, names: list[str]) -> None:
    assert list(read_authors(value)) == names


def test_nesting_is_bounded() -> None:
    value: object = "Oda"
    for _ in range(5000):
        value = [value]
    assert list(read_authors(value)) == []
