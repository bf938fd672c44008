"""What the forms offer. tests/flows/prefect_server/test_deploying.py deploys it; test_pages.py uses the form."""

from __future__ import annotations

from typing import Any

from flows.images import images
from flows.ingest import ingest
from flows.pages import pages
from flows.prefect_server.choices import MAX_CHOICES, with_choices

SCHEMA = ingest.parameters.model_dump()


def test_feeds_and_groups_become_lists_to_choose_from() -> None:
    schema = with_choices(SCHEMA, {"feeds": ["quay", "海港"], "groups": []})
    feeds, groups = schema["properties"]["feeds"], schema["properties"]["groups"]
    assert feeds["items"] == {"type": "string", "enum": ["quay", "海港"]}
    assert groups["items"] == {"type": "string"}, "there are none to choose from"
    for form in (feeds, groups):
        assert form["type"] == "array"
        assert "anyOf" not in form
    changed = ("feeds", "groups", "partition")
    others = {name: form for name, form in SCHEMA["properties"].items() if name not in changed}
    assert others.items() <= schema["properties"].items()


def test_no_form_asks_whether_a_field_is_none() -> None:
    """Of these, Prefect's showed "int, None" and 'Property is type "None"'."""
    choices = {"feeds": ["quay"], "groups": ["dailies"], "sources": ["archive"]}
    for flow in (ingest, pages, images):
        for name, form in with_choices(flow.parameters.model_dump(), choices)["properties"].items():
            assert form["type"] != "null", name
            assert "anyOf" not in form, name
            assert form.get("default", 0) is not None, name


def test_each_parameter_is_described() -> None:
    described: dict[str, Any] = with_choices(SCHEMA, {"feeds": ["quay"], "groups": ["dailies"]})["properties"]
    assert len(described) == 8
    assert [name for name, form in described.items() if not form.get("description")] == []


def test_of_very_many_feeds_none_is_offered() -> None:
    many = [f"feed-{number}" for number in range(MAX_CHOICES + 1)]
    feeds = with_choices(SCHEMA, {"feeds": many, "groups": ["dailies"]})["properties"]["feeds"]
    assert feeds["items"] == {"type": "string"}
    assert feeds["description"].endswith(" There are 501 feeds, too many to choose from here.")
