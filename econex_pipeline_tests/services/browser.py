"""Chromium without a window, driven as a person drives it; what it shows is kept under `build/screenshots`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from econex_pipeline.orchestration.home import repository

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DRIVER = "chromedriver"
SCREENSHOTS = repository() / "build" / "screenshots"
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1800,1200",
)
PATIENCE_S = 120.0

Found = TypeVar("Found")


def programs() -> tuple[str, str] | None:
    """Browser and driver of this machine; None where one is missing."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    driver = shutil.which(DRIVER)
    return (browser, driver) if browser and driver else None


class Browser:
    """A browser at the pages of one address.

    Parameters
    ----------
    address : str
        Address that paths are taken from.
    """

    def __init__(self, address: str) -> None:
        found = programs()
        if found is None:
            raise FileNotFoundError(f"{DRIVER} and one of {', '.join(BROWSERS)} are needed")
        options = webdriver.ChromeOptions()
        options.binary_location = found[0]
        for argument in QUIET:
            options.add_argument(argument)
        self.address = address
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(found[1]))
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.driver.quit()

    def open(self, path: str) -> None:
        """Go to a page."""
        self.driver.get(path if path.startswith("http") else self.address + path)

    def picture(self, name: str) -> Path:
        """Keep what is shown now."""
        path = SCREENSHOTS / f"{name}.png"
        self.driver.save_screenshot(str(path))
        return path

    def until(self, found: Callable[[], Found | None], what: str) -> Found:
        """Wait until something is found; where it is not in time, keep a picture of what is shown instead."""
        ignored = [StaleElementReferenceException, ElementClickInterceptedException]
        try:
            return WebDriverWait(self.driver, PATIENCE_S, ignored_exceptions=ignored).until(lambda _: found() or False)
        except Exception as error:
            raise AssertionError(f"not seen within {PATIENCE_S:g} s: {what}; see {self.picture('not_seen')}") from error

    def all(self, xpath: str) -> list[WebElement]:
        """Give what is shown now of an XPath."""
        return [entry for entry in self.driver.find_elements(By.XPATH, xpath) if entry.is_displayed()]

    def see(self, xpath: str) -> WebElement:
        """Wait until something is shown; give the first."""
        return self.until(lambda: next(iter(self.all(xpath)), None), xpath)

    def click(self, xpath: str) -> None:
        """Wait until something is shown and can be clicked, and do."""

        def clicked() -> bool:
            enabled = [entry for entry in self.all(xpath) if entry.is_enabled()]
            if enabled:
                enabled[-1].click()
            return bool(enabled)

        self.until(clicked, xpath)

    def type(self, xpath: str, text: str) -> None:
        """Put a text in a field instead of what stands there."""
        field = self.see(xpath)
        field.click()
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text, Keys.TAB)

    def run(self, script: str, *values: Any) -> Any:
        """Run a line of JavaScript in the page."""
        return self.driver.execute_script(script, *values)
