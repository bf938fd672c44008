"""The pages an operator works with, looked at and used in a real browser.

`make pictures` makes the documentation's pictures of them anew.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import element_to_be_clickable, text_to_be_present_in_element
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser import chromium, needs_browser
from tests.flows.observing import rows
from tests.flows.serving import Served
from tests.places import ROOT
from tests.sites.sample import SampleSite
from tests.tasks.backfill.archives import article, write_archive

PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1280, 930
ALERTS = ("a run failed", "many feeds fail", "a feed is silent", "quality checks fail")

pytestmark = needs_browser


class Browser:
    """Headless Chromium on Prefect's UI."""

    def __init__(self, driver: webdriver.Chrome, ui: str) -> None:
        self.driver, self.ui = driver, ui

    def open(self, path: str, *texts: str) -> None:
        """The page, once it shows the texts."""
        self.driver.get(f"{self.ui}/v2{path}")
        self.shows(*texts)

    def shows(self, *texts: str) -> None:
        body = (By.TAG_NAME, "body")
        for text in texts:
            try:
                WebDriverWait(self.driver, 60).until(text_to_be_present_in_element(body, text))
            except TimeoutException:
                raise AssertionError(f"{text!r} is not in {self.driver.find_element(*body).text!r}") from None

    def hides(self, *texts: str) -> None:
        """Of the page as it is now."""
        shown = self.driver.find_element(By.TAG_NAME, "body").text.casefold()
        for text in texts:
            assert text.casefold() not in shown, shown

    def find(self, xpath: str) -> WebElement:
        return WebDriverWait(self.driver, 60).until(element_to_be_clickable((By.XPATH, xpath)), xpath)

    def click(self, xpath: str) -> None:
        self._use(xpath, lambda element: element.click())

    def write(self, xpath: str, text: str) -> None:
        """Instead of what the field holds."""
        self._use(xpath, lambda element: element.send_keys(Keys.CONTROL, "a", Keys.NULL, text))
        WebDriverWait(self.driver, 60).until(lambda _: self.attribute(xpath, "value") == text, xpath)

    def attribute(self, xpath: str, name: str) -> str | None:
        values: list[str | None] = []
        self._use(xpath, lambda element: values.append(element.get_attribute(name)))
        return values[0]

    def press(self, *keys: str) -> None:
        """In what has the focus."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def _use(self, xpath: str, use: Callable[[WebElement], object]) -> None:
        """Use the element; once more if the page has replaced it since it was found, as React does while it draws."""

        def used(_: webdriver.Chrome) -> bool:
            use(self.find(xpath))
            return True

        stale = [StaleElementReferenceException]
        WebDriverWait(self.driver, 60, ignored_exceptions=stale).until(used, xpath)

    def picture(self, name: str) -> None:
        """What is to be seen; kept for the documentation where that is wanted."""
        image = Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB")
        assert image.size == (WIDTH, HEIGHT)
        assert len(image.getcolors(WIDTH * HEIGHT) or ()) > 50, "the page is not blank"
        if os.environ.get("PICTURES"):
            PICTURES.mkdir(exist_ok=True)
            image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
                PICTURES / f"{name}.png", optimize=True
            )


def field(label: str, xpath: str) -> str:
    """The form's field below the label."""
    return f"//label[starts-with(normalize-space(), '{label}')]/following::{xpath}[1]"


@pytest.fixture(scope="module")
def browser(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        yield Browser(driver, served.ui)


def test_the_deployments_and_a_run_with_its_result(served: Served, browser: Browser, site: SampleSite) -> None:
    served.newsmill.registry(site.feeds_toml())
    run = served.run("ingest/ingest", real=True, force=True)
    assert served.finished(run) == "Completed"
    page = "/deployments?page=1&sort=NAME_ASC&limit=25"
    browser.open(page, "ingest", "backfill-archive", "backfill-wayback", "maintain")
    # the first where the other ones are long
    browser.find("//*[normalize-space()='1 schedules' or normalize-space()='At 03:37 AM']")
    browser.picture("deployments")

    browser.open(f"/runs/flow-run/{run}?tab=Logs", "ingest all feeds", "Completed", "harbour-dead failed after")
    browser.open(f"/runs/flow-run/{run}?tab=Artifacts", "ingest-progress-feeds", "ingest-feeds")
    browser.picture("run")

    artifacts = served.artifacts(run)
    browser.open(f"/artifacts/artifact/{artifacts['ingest-summary']['id']}", "1 feed failed", "404 Not Found")
    browser.open(f"/artifacts/artifact/{artifacts['ingest-feeds']['id']}", "harbour-dead", "404 Not Found", "images")
    browser.picture("result")

    browser.open("/concurrency-limits?tab=global", "newsmill-writer", "newsmill-host-127.0.0.1")


def test_the_automations_say_what_they_do(served: Served, browser: Browser) -> None:
    browser.open("/automations", "a run has died", "Change state of a flow run")
    browser.hides("do nothing", *ALERTS)
    assert served.newsmill("alerts", "to", "json://127.0.0.1:9/hook", "--name", "desk").returncode == 0
    browser.open("/automations", *ALERTS, "newsmill-alerts-desk")
    browser.picture("alerts")
    assert served.newsmill("alerts", "remove", "desk").returncode == 0


def test_the_ingest_form_offers_the_feeds(served: Served, browser: Browser) -> None:
    deployment = served.deployment("ingest/ingest")["id"]
    browser.open(
        f"/deployments/deployment/{deployment}/run",
        "Ids of the feeds to ingest",
        "Groups of feeds to ingest",
        "Ask feeds that are backing off",
    )
    browser.click("//button[@aria-label='Select feeds']")
    for feed in ("harbour-en", "harbour-zh"):
        browser.click(f"//*[@role='option'][normalize-space()='{feed}']")
    browser.shows("harbour-en", "harbour-zh", "harbour-world", "harbour-brief", "harbour-dead")
    browser.picture("ingest")


def test_the_backfill_form_brings_articles(served: Served, browser: Browser, tmp_path: Path) -> None:
    files = {f"quay/{number}.md": article(number) for number in range(1, 8)}
    archive = write_archive(tmp_path / "archive", files)
    deployment = served.deployment("backfill/backfill-archive")["id"]
    browser.open(
        f"/deployments/deployment/{deployment}/run",
        "A folder, zip, tar or git repository",
        "The first day that is wanted",
        "every version that every article ever had",
    )
    where = field("Where", "textarea")
    browser.write(where, "/srv/archive")
    browser.picture("backfill")
    browser.write(where, str(archive))
    assert browser.attribute(field("Publish", "button[@role='switch']"), "aria-checked") == "true"
    assert browser.attribute(field("Dry run", "button[@role='switch']"), "aria-checked") == "false"
    browser.click(field("Versions", "button[normalize-space()='newest']"))
    browser.find("//*[@role='option'][normalize-space()='all']")
    browser.click("//*[@role='option'][normalize-space()='newest']")
    browser.click(field("Until", "button[contains(., 'Pick a date')]"))
    browser.write("//input[@aria-label='Date (yyyy-MM-dd)']", "2031-05-17")
    browser.press(Keys.ENTER, Keys.ESCAPE)
    wanted = {"deployments": {"id": {"any_": [deployment]}}, "limit": 50}
    # before the page is submitted: other tests run the deployment, too
    earlier = {run["id"] for run in served.ask("/flow_runs/filter", **wanted)}

    def submitted(driver: webdriver.Chrome) -> bool:
        return any(run["id"] not in earlier for run in served.ask("/flow_runs/filter", **wanted))

    for _ in range(3):  # while the server's database is busy the page says so, and one presses again
        browser.click("//button[normalize-space()='Submit']")
        with suppress(TimeoutException):
            WebDriverWait(browser.driver, 30).until(submitted)
            break
    (run,) = [run for run in served.ask("/flow_runs/filter", **wanted) if run["id"] not in earlier]
    asked = run["parameters"]["wanted"]
    assert asked["where"] == str(archive)
    assert asked["until"] == "2031-05-17"
    assert asked.get("versions", "newest") == "newest"
    assert served.finished(run["id"]) == "Completed", served.logs(run["id"])
    assert rows(
        served.newsmill.published, "SELECT count(*) FROM clean.articles WHERE feed_id = 'quay' AND source = 'archive'"
    ) == [(7,)]
