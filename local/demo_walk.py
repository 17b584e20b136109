"""Plays the demo's story in a real browser: invited on the page, mailed beside it, answered there and from a mail.

The page is also looked at as several of its people, on a phone, in the dark, from right to left, and by keyboard.
"""

from typing import Any

from playwright.sync_api import Browser, Page, expect

import console
from browsing import SCREENSHOTS, SIZES, Browsing, Tab
from console import check
from story import MAIL_SECONDS

LANGUAGES = {"de": "ltr", "ar": "rtl", "en": "ltr"}
PATIENCE_MILLISECONDS = MAIL_SECONDS * 1000
NEIGHBOUR = "new.neighbour@example.net"  # belongs to nobody the platform knows


class DemoWalk:
    def __init__(self, browser: Browser, described: dict[str, Any]) -> None:
        self._browsing = Browsing(browser, described["demoUrl"], scripts=True)
        self._demo_url, self._docs_url = described["demoUrl"], described["docsUrl"]
        self._addresses = {person["name"].split()[0]: person["email"] for person in described["people"]}

    def go(self) -> None:
        expect.set_options(timeout=PATIENCE_MILLISECONDS)
        tab = self._browsing.tab(self._demo_url)
        self._start_over(tab.page)
        self._switch_by_keyboard(tab.page)
        self._invite(tab, "Milan", self._addresses["Ines"], NEIGHBOUR)
        self._accept_on_the_page(tab)
        self._decline_from_the_mail(tab.page)
        self._see_what_became_of_it(tab)
        self._look_in_every_language(tab)
        self._try_a_call()
        self._browsing.close()
        console.step("✓ Nothing on the console of the demo's page, nor of the API's reference")

    def _start_over(self, page: Page) -> None:
        page.get_by_role("button", name="Start over").click()
        expect(page.locator("p.hint")).to_have_text("A fresh community: nobody has been invited yet.")
        expect(page.get_by_text("No mail yet.")).to_be_visible()
        console.step("✓ The demo's page starts over with a fresh community")

    def _switch_by_keyboard(self, page: Page) -> None:
        page.get_by_role("radio", name="Milan").focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("radio", name="Mei")).to_be_checked()
        expect(page.locator("main > #manage")).to_be_hidden()
        expect(page.locator("main > #invite")).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("radio", name="Ines")).to_be_checked()
        expect(page.locator("main > #invite")).to_be_hidden()
        console.step("✓ The arrow keys lead from person to person, and each sees what is theirs")

    def _become(self, page: Page, name: str) -> None:
        page.get_by_role("radio", name=name).check(force=True)  # the label around it is what is pressed

    def _invite(self, tab: Tab, name: str, *addresses: str) -> None:
        self._become(tab.page, name)
        composer = tab.page.locator("invitation-composer")
        for address in addresses:
            composer.get_by_role("combobox").fill(address)
            composer.get_by_role("combobox").press("Enter")
        tab.shoot("demo-invite", SIZES)
        composer.get_by_role("button", name=f"Send {len(addresses)} invitations").click()
        for address in addresses:
            self._await_mail(tab.page, self._name_of(address))
        tab.shoot("demo-invited", SIZES)
        console.step(f"✓ {name} invited {len(addresses)} people, and their mails arrived beside the page")

    def _name_of(self, address: str) -> str:
        return next((name for name, known in self._addresses.items() if known == address), address)

    def _await_mail(self, page: Page, name: str) -> None:
        mail = page.locator(".mailbox #mails button").filter(has_text=name).first
        expect(mail).to_be_visible()
        mail.click()
        expect(mail).to_have_attribute("aria-pressed", "true")

    def _accept_on_the_page(self, tab: Tab) -> None:
        self._become(tab.page, "Ines")
        expect(tab.page.locator("invitation-badge")).to_contain_text("1")
        tab.shoot("demo-inbox", SIZES)
        tab.page.locator("invitation-inbox").get_by_role("button", name="Accept").click()
        expect(tab.page.locator("p.hint")).to_contain_text("You belong to the community now")
        expect(tab.page.locator("invitation-badge")).not_to_contain_text("1")
        console.step("✓ Ines accepted on the page, and the badge counts nothing any more")

    def _decline_from_the_mail(self, page: Page) -> None:
        self._await_mail(page, NEIGHBOUR)
        link = page.frame_locator(".mailbox iframe").get_by_role("link", name="Decline Invitation")
        answer = self._browsing.tab_that_opens(link.click).page
        answer.get_by_role("button", name="Decline invitation").click()
        expect(answer.get_by_role("heading", level=1)).to_have_text("Invitation declined")
        answer.close()
        console.step("✓ The neighbour declined from the mail")

    def _see_what_became_of_it(self, tab: Tab) -> None:
        self._become(tab.page, "Milan")
        manager = tab.page.locator("invitation-manager")
        manager.get_by_role("tab", name="Answered").click()
        for status in ("accepted", "declined"):
            expect(manager.get_by_text(status).first).to_be_visible()
        tab.shoot("demo-manage", SIZES)
        console.step("✓ Milan sees who accepted and who declined")

    def _look_in_every_language(self, tab: Tab) -> None:
        root = tab.page.locator("html")
        for language, direction in LANGUAGES.items():
            tab.page.locator(".tools #language").select_option(language)
            expect(root).to_have_attribute("dir", direction)
            expect(root).to_have_attribute("lang", language)
            tab.shoot(f"demo-{language}", SIZES)
        for theme in ("dark", "light"):
            tab.page.locator(".tools #theme").select_option(theme)
            scheme = root.evaluate("root => getComputedStyle(root).colorScheme")
            check(scheme == theme, f"a page that stays {theme}", scheme)
        tab.page.locator(".tools #theme").select_option("auto")
        console.step("✓ … in three languages and two themes")

    def _try_a_call(self) -> None:
        """In the API's reference, as one person."""
        page = self._browsing.tab(self._docs_url).page
        page.set_default_timeout(PATIENCE_MILLISECONDS)  # it takes its time to draw the contract
        page.get_by_label("Try calls as").select_option(label="Ines Ibarra, invitee")
        operation = page.locator("#operations-Answering-listMyInvitations")
        expect(operation).to_be_visible()
        operation.get_by_role("button").first.click()
        operation.get_by_role("button", name="Execute").click()
        expect(operation.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
        page.screenshot(path=SCREENSHOTS / "reference-desktop-light.png")
        console.step("✓ The API's reference makes a call as the person who is chosen")
