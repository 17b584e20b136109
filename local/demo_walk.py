"""Plays the demo's story in a real browser: invited from the page, mailed beside it, accepted on the page and from a mail.

The page is also looked at as each kind of person, on a phone, in the dark, from right to left, and by keyboard.
"""

from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

import console
from browsing import SCREENSHOTS, SIZES, Browsing, Tab
from console import check
from story import MAIL_SECONDS

LANGUAGES = {"en": "ltr", "de": "ltr", "ar": "rtl"}


class DemoWalk:
    def __init__(self, browser: Browser, described: dict[str, Any]) -> None:
        self._browsing = Browsing(browser, described["demoUrl"], scripts=True)
        self._demo_url, self._docs_url = described["demoUrl"], described["docsUrl"]
        self._people = {person["name"]: person for person in described["people"]}

    def go(self) -> None:
        tab = self._browsing.tab(self._demo_url)
        self._start_over(tab.page)
        self._switch_by_keyboard(tab.page)
        self._look_at_everyone(tab)
        self._look_at_every_language(tab)
        self._try_a_call()
        self._browsing.close()
        console.step("✓ Nothing on the console of the demo's page, nor of the API's reference")

    def _start_over(self, page: Page) -> None:
        page.get_by_role("button", name="Start over").click()
        expect(page.get_by_role("status").filter(has_text="A fresh community")).to_be_visible()
        expect(page.get_by_text("No mail yet.")).to_be_visible()
        self._elements_are_there(page)
        console.step("✓ The demo's page starts over with a fresh community")

    @staticmethod
    def _elements_are_there(page: Page) -> None:
        names = page.eval_on_selector_all(
            "[data-element]", "places => places.map(place => place.dataset.element)"
        )
        undefined = page.evaluate("names => names.filter(name => !customElements.get(name))", names)
        check(not undefined, "every element to be defined by the deployed bundle", undefined)

    def _become(self, page: Page, name: str) -> None:
        page.get_by_role("radio", name=name).check(force=True)

    def _switch_by_keyboard(self, page: Page) -> None:
        page.get_by_role("radio", name="Milan").focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("radio", name="Mei")).to_be_checked()
        expect(page.get_by_role("region", name="Keep track")).to_be_hidden()
        expect(page.get_by_role("region", name="Invite people")).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("radio", name="Ines")).to_be_checked()
        expect(page.get_by_role("region", name="Invite people")).to_be_hidden()
        console.step("✓ The arrow keys lead from person to person, and each sees what is theirs")

    def _look_at_everyone(self, tab: Tab) -> None:
        for name in ("Ines", "Mei", "Milan"):
            self._become(tab.page, name)
            tab.page.wait_for_load_state("networkidle")
            tab.shoot(f"demo-{name.lower()}", SIZES)

    def _look_at_every_language(self, tab: Tab) -> None:
        for language, direction in LANGUAGES.items():
            tab.page.locator("#language").select_option(language)
            root = tab.page.locator("html")
            expect(root).to_have_attribute("dir", direction)
            expect(root).to_have_attribute("lang", language)
            tab.shoot(f"demo-{language}", SIZES)
        tab.page.locator("#language").select_option("en")
        for theme in ("dark", "light"):
            tab.page.locator("#theme").select_option(theme)
            scheme = tab.page.evaluate("getComputedStyle(document.documentElement).colorScheme")
            check(scheme == theme, f"a page that stays {theme}", scheme)
        tab.page.locator("#theme").select_option("auto")
        console.step("✓ … in three languages and two themes")

    def _try_a_call(self) -> None:
        """In the API's reference, as one person."""
        page = self._browsing.tab(self._docs_url).page
        page.get_by_label("Try calls as").select_option(label="Ines Ibarra, invitee")
        operation = page.locator("#operations-Answering-listMyInvitations")
        operation.get_by_role("button").first.click()
        operation.get_by_role("button", name="Execute").click()
        answer = operation.locator(".live-responses-table .response-col_status").last
        expect(answer).to_contain_text("200")
        page.screenshot(path=SCREENSHOTS / "reference-desktop-light.png")
        console.step("✓ The API's reference makes a call as the person who is chosen")
