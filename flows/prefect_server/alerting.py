"""The alerts: automations of Prefect's that tell each address what went wrong, and a test of them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import yaml
from prefect.client.orchestration import get_client
from prefect.events import Event
from prefect.events.actions import ActionTypes, DoNothing, SendNotification
from prefect.events.clients import get_events_client, get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter, EventResourceFilter
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger
from prefect.exceptions import ObjectNotFound

from flows.prefect_server.alert_addresses import (
    Address,
    Kind,
    add_address,
    delete_blocks,
    find_address,
    known_addresses,
    read_address,
    write_blocks,
)
from tasks.errors import ServerError
from warehouse.masking import mask

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

ALERTS = Path(__file__).parents[1] / "alerts.yaml"
TEST = "newsmill: a test"
ANSWERS = 40.0
"""Seconds that a test waits for what Prefect's server says of it."""

_EXECUTED, _FAILED = "prefect.automation.action.executed", "prefect.automation.action.failed"


@dataclass(frozen=True, slots=True)
class Alert:
    """A row of flows/alerts.yaml."""

    name: str
    description: str
    kind: Kind
    trigger: Mapping[str, Any]
    subject: str
    body: str

    def action(self, address: Address) -> SendNotification:
        """What tells the address.

        A message may have words of a feed's server: nothing in them may be markup of a mail or of a chat, nor ring
        everybody there, as <!channel> and @everyone do.
        """
        return SendNotification(
            type="send-notification",
            block_document_id=address.blocks[self.kind],
            subject=self.subject,
            body=(
                "{% filter replace('<', '‹') | replace('>', '›') | replace('@', '(at)') %}"
                + self.body
                + "{% endfilter %}"
                "{% if flow_run %}\n\n{{ (flow_run | ui_url) or 'flow run ' ~ flow_run.id }}{% endif %}"
            ),
        )

    def automation(self, actions: Sequence[ActionTypes]) -> AutomationCore:
        return AutomationCore.model_validate(
            {"name": self.name, "description": self.description, "trigger": self.trigger, "actions": list(actions)}
        )


def shipped_alerts() -> list[Alert]:
    return [Alert(**row) for row in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["alerts"]]


def tell_address(client: SyncPrefectClient, text: str, name: str | None) -> tuple[Address, bool]:
    """Let each alert tell the address from now on; returns it, and whether it is new. Raises ServerError."""
    read_address(text)
    # of a server that refuses automations, it is told before an address is kept there that nothing would use
    client.read_automations_by_name(TEST)
    address, is_new = add_address(client, text, name)
    connect_alerts(client)
    return address, is_new


def connect_alerts(client: SyncPrefectClient, without: Collection[str] = ()) -> list[Address]:
    """Let each alert tell each address but those `without`; returns the addresses.

    An operator's changes stay: further actions, another text, other thresholds, an automation that is turned off. An
    automation that would tell nobody is deleted, as it would do nothing.
    """
    known = known_addresses(client)
    addresses = write_blocks(client, [address for address in known if address.name not in without])
    left_out = {block for address in known if address.name in without for block in address.blocks.values()}
    for alert in shipped_alerts():
        found = client.read_automations_by_name(alert.name)
        if not found:
            if addresses:
                client.create_automation(alert.automation([alert.action(address) for address in addresses]))
            continue
        first, *others = found
        _connect(client, alert, first, addresses, left_out)
        for other in others:  # `prefect automation create` makes one each time; what does nothing goes
            _connect(client, alert, other, (), left_out)
    return addresses


def _connect(
    client: SyncPrefectClient, alert: Alert, present: Automation, addresses: Sequence[Address], left_out: set[UUID]
) -> None:
    kept = [
        _of_kind(alert, action, addresses) for action in present.actions if _does_something(client, action, left_out)
    ]
    told = {action.block_document_id for action in kept if isinstance(action, SendNotification)}
    actions: list[ActionTypes] = [
        *kept,
        *(alert.action(address) for address in addresses if told.isdisjoint(address.blocks.values())),
    ]
    wanted = alert.automation(actions)
    if not actions:
        client.delete_automation(present.id)
    elif not kept:
        client.update_automation(present.id, wanted.model_copy(update={"enabled": present.enabled}))
    elif actions != present.actions or _waits_in_vain(present, wanted):
        trigger = wanted.trigger if _waits_in_vain(present, wanted) else present.trigger
        values = present.model_dump(mode="json", exclude={"id", "trigger", "actions", "owner_resource"})
        client.update_automation(present.id, AutomationCore(**values, trigger=trigger, actions=actions))


def _of_kind(alert: Alert, action: ActionTypes, addresses: Sequence[Address]) -> ActionTypes:
    """The action with the block for the alert's kind: a newsmill before that had one block for all kinds."""
    if isinstance(action, SendNotification):
        for address in addresses:
            if action.block_document_id == address.blocks["info"]:
                return action.model_copy(update={"block_document_id": address.blocks[alert.kind]})
    return action


def _does_something(client: SyncPrefectClient, action: ActionTypes, left_out: set[UUID]) -> bool:
    if isinstance(action, DoNothing):
        return False
    if not isinstance(action, SendNotification):
        return True
    if action.block_document_id in left_out:
        return False
    try:
        client.read_block_document(action.block_document_id, include_secrets=False)
    except ObjectNotFound:
        return False
    return True


def _waits_in_vain(present: Automation, wanted: AutomationCore) -> bool:
    """Whether it waits for none of the alert's events, as an older newsmill's does. Any other trigger is an operator's
    own."""
    expected = _expects(present)
    return bool(expected) and expected.isdisjoint(_expects(wanted))


def _expects(automation: AutomationCore) -> set[str]:
    return set(automation.trigger.expect) if isinstance(automation.trigger, EventTrigger) else set()


def remove_address(client: SyncPrefectClient, names: Sequence[str]) -> list[Address]:
    """Remove the addresses of these names, from the alerts first; returns them. Raises ServerError."""
    known = known_addresses(client)
    removed = [find_address(known, name) for name in dict.fromkeys(names)]
    connect_alerts(client, without=[address.name for address in removed])
    delete_blocks(client, removed)
    return removed


def send_test() -> dict[Address, str | None]:
    """Have Prefect's server tell each address, as it would of a failed run. Returns why it couldn't, or None, for each.

    The server sends, not this process: it may be on another machine, with another network. Raises ServerError.
    """
    with get_client(sync_client=True) as client:
        addresses = connect_alerts(client)
        if not addresses:
            raise ServerError("there is no address for alerts; `newsmill alerts to ADDRESS` names one")
        (automation,) = client.read_automations_by_name(TEST)
    if not automation.enabled:
        raise ServerError(f'the automation "{TEST}" is turned off in Prefect; turn it on there')
    waiting = {
        index: address
        for index, action in enumerate(automation.actions)
        for address in addresses
        if isinstance(action, SendNotification) and action.block_document_id in address.blocks.values()
    }
    return asyncio.run(_send_test(automation.id, waiting))


async def _send_test(automation: UUID, waiting: dict[int, Address]) -> dict[Address, str | None]:
    told: dict[Address, str | None] = {}
    wanted = EventFilter(
        event=EventNameFilter(name=[_EXECUTED, _FAILED]),
        resource=EventResourceFilter(id=[f"prefect.automation.{automation}"]),
    )
    try:
        async with asyncio.timeout(ANSWERS), get_events_subscriber(filter=wanted) as answers:
            async with get_events_client() as events:
                await events.emit(_test_event())
            async for answer in answers:
                index = answer.payload.get("action_index")
                if index in waiting:
                    told[waiting.pop(index)] = _problem(answer)
                if not waiting:
                    break
    except TimeoutError:
        silence = f"Prefect's server did not say within {ANSWERS:g} s that it sent it; see its log"
        told |= dict.fromkeys(waiting.values(), silence)
    return told


def _test_event() -> Event:
    message = "This is a test. An alert has the feeds that fail, with their errors, and the address of the run."
    return Event(
        event="newsmill.alerts.test", resource={"prefect.resource.id": "newsmill.alerts"}, payload={"message": message}
    )


def _problem(answer: Event) -> str | None:
    if answer.event == _EXECUTED:
        return None
    log = " ".join(str(answer.payload.get("notification_log", "")).split())
    return mask(f"{answer.payload.get('reason', 'it failed')}{f': {log}' if log else ''}")
