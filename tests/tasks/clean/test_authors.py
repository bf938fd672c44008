from __future__ import annotations

import pytest

from tasks.clean.authors import clean_names, split_names


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("oda@quay.example (Oda Brandt)", "Oda Brandt"),
        ("oda@quay.harbour (Oda Brandt)", "Oda Brandt"),
        ("Oda Brandt <oda@quay.example>", "Oda Brandt"),
        ("Oda Brandt (oda@quay.example)", "Oda Brandt"),
        ("hidden (oda)", "oda"),
        ("no-reply (Oda)", "Oda"),
        ("nobody@quay.example (oda)", "oda"),
        ("[email protected] (Oda)", "Oda"),
        ("*** (林岸)", "林岸"),
        ("dkb (Oda Brandt)", "Oda Brandt"),
        ("oda (at) quay (dot) example (Oda)", "Oda"),
        ("Oda Brandt (hidden)", "Oda Brandt"),
        ("By Oda Brandt", "Oda Brandt"),
        ("作者：林岸", "林岸"),
        # what only looks like one of these
        ("Oda Brandt (dkb)", "Oda Brandt (dkb)"),
        ("Oda (Quay Wire)", "Oda (Quay Wire)"),
        ("oda (he/him)", "oda (he/him)"),
        ("by the quay", "by the quay"),
        ("Oda at Work", "Oda at Work"),
        ("@oda@quay.example", "@oda@quay.example"),
        ("quay24", "quay24"),
        ("Idris 4", "Idris 4"),
        ("Team Quay & Sons", "Team Quay & Sons"),
        ("None of Us", "None of Us"),
    ],
)
def test_a_name_is_freed_of_addresses_and_masks(given: str, name: str) -> None:
    assert clean_names([given]) == (name,)


@pytest.mark.parametrize(
    "given",
    [
        *("oda@quay.example", "mailto:oda@quay.example", "oda [at] quay.example"),
        *("hidden", "undefined", "null", "None"),
        *("uid:4711", "user_id 4711", "9f2504e0-4f89-41d3-9a0c-0305e82c3301"),
        *("4711", "#4711", "-", "", "https://quay.example/author/oda", "/author/oda", "oda@quay.example (4711)"),
    ],
)
def test_an_address_or_a_number_is_no_name(given: str) -> None:
    assert clean_names([given]) == ()


@pytest.mark.parametrize(
    "given",
    [
        "Oda (oda@quay.example), Ana Reis (ana@quay.example)",
        "oda@quay.example (Oda), ana@quay.example (Ana Reis)",
        "Oda <oda@quay.example>; Ana Reis <ana@quay.example>",
        "Oda oda@quay.example, Ana Reis ana@quay.example",
    ],
)
def test_names_with_an_address_each(given: str) -> None:
    assert clean_names([given]) == ("Oda", "Ana Reis")


def test_a_name_counts_once() -> None:
    assert clean_names(["Oda Brandt", "oda@quay.example (Oda Brandt)", "ODA BRANDT", "林岸"]) == ("Oda Brandt", "林岸")


@pytest.mark.parametrize(
    ("name", "persons"),
    [
        ("Oda Brandt, Ana Reis", ("Oda Brandt", "Ana Reis")),
        ("Oda Brandt, Ana Reis, and Jo O'Neil", ("Oda Brandt", "Ana Reis", "Jo O'Neil")),
        ("Oda von der Brandt und Jean-Luc Gagné", ("Oda von der Brandt", "Jean-Luc Gagné")),
        ("Ana Reis y Rui de Melo", ("Ana Reis", "Rui de Melo")),
        ("Анна Берг и Пётр Мол", ("Анна Берг", "Пётр Мол")),
        ("Oda Brandt & Ana Reis & more", ("Oda Brandt", "Ana Reis")),
        ("O. Brandt, A. Reis, Li, R. Melo, J. Gagné", ("O. Brandt", "A. Reis", "Li", "R. Melo", "J. Gagné")),
        ("林岸、王码头", ("林岸", "王码头")),
        ("林岸，王码头", ("林岸", "王码头")),
        ("Brandt, Oda; Reis, Ana", ("Brandt, Oda", "Reis, Ana")),
        # one author each
        ("Brandt, Oda", ("Brandt, Oda",)),
        ("Oda Brandt, Jr.", ("Oda Brandt, Jr.",)),
        ("Quay and Sons", ("Quay and Sons",)),
        ("Research and Development at the Quay", ("Research and Development at the Quay",)),
        ("Oda Brandt, Senior Editor", ("Oda Brandt, Senior Editor",)),
        ("Oda Brandt / Lisbon", ("Oda Brandt / Lisbon",)),
        ("Harbour Watch, Data & Society", ("Harbour Watch, Data & Society",)),
        ("码头&港口 Quay", ("码头&港口 Quay",)),
    ],
)
def test_persons_in_one_text_are_told_apart(name: str, persons: tuple[str, ...]) -> None:
    assert split_names([name]) == persons


def test_a_person_in_two_texts_counts_once() -> None:
    assert split_names(["Oda Brandt and Ana Reis", "Ana Reis"]) == ("Oda Brandt", "Ana Reis")


@pytest.mark.parametrize("run", ["\u2003" * 40_000, " ()" * 13_000])
def test_long_white_space_in_a_name_is_read_once(run: str) -> None:
    """In the cube of its length, this would take days."""
    assert split_names(clean_names([f"Oda{run} Brandt, Ana{run} Reis"])) == ("Oda Brandt", "Ana Reis")
