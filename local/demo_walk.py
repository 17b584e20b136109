"""Plays the demo's story in a real browser: invited on the page, mailed beside it, answered there and from a mail.

The page is also looked at as several of its people, on a phone, in the dark, from right to left, and by keyboard.
"""

import json
from typing import Any

from playwright.sync_api import Browser, Page, expect

import console
from api import call
from browsing import SCREENSHOTS, SIZES, Browsing, Tab
from console import check
from functions import ROOT
from people import EXAMPLE_COMMUNITY, Person, with_role
from story import MAIL_SECONDS

# English comes last: what follows reads it.
LANGUAGES = sorted((path.stem for path in (ROOT / "ui" / "src" / "locales").glob("??.ts")), key="en".__eq__)
RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}
PATIENCE_MILLISECONDS = MAIL_SECONDS * 1000
NEIGHBOUR = "new.neighbour@example.net"  # belongs to nobody the platform knows


class DemoWalk:
    def __init__(self, browser: Browser, described: dict[str, Any]) -> None:
        self._browsing = Browsing(browser, described["demoUrl"], scripts=True)
        self._demo_url, self._docs_url = described["demoUrl"], described["docsUrl"]
        self._graphql_url, self._api_url = described["graphqlUrl"], described["apiUrl"]
        self._people = [Person.from_stack_file(person) for person in described["people"]]
        self._addresses = {person.name.split()[0]: person.email for person in self._people}

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
        self._execute_the_example()
        self._browsing.close()
        console.step("✓ Nothing on the console of the demo's page, the API's reference and GraphiQL")

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
        for language in LANGUAGES:
            tab.page.locator(".tools #language").select_option(language)
            expect(root).to_have_attribute("dir", "rtl" if language in RIGHT_TO_LEFT else "ltr")
            expect(root).to_have_attribute("lang", language)
            tab.shoot(f"demo-{language}", SIZES)
        for theme in ("dark", "light"):
            tab.page.locator(".tools #theme").select_option(theme)
            scheme = root.evaluate("root => getComputedStyle(root).colorScheme")
            check(scheme == theme, f"a page that stays {theme}", scheme)
        tab.page.locator(".tools #theme").select_option("auto")
        console.step(f"✓ … in {len(LANGUAGES)} languages and two themes")

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

    def _execute_the_example(self) -> None:
        """The platform's own mutation, in GraphiQL, which begins with it."""
        self._withdraw_what_the_example_made()
        page = self._browsing.tab(self._graphql_url).page
        execute = page.get_by_role("button", name="Execute query")
        execute.click()
        payload = self._payload(page, "created")
        check(payload["errors"] == [], "the example to invite", payload)
        check(payload["response"]["community"] == {"id": EXAMPLE_COMMUNITY}, "the example's community", payload)
        page.get_by_label("Execute as").select_option(label="Sam Stranger, stranger")
        page.locator(".graphiql-query-editor textarea").focus()
        page.keyboard.press("Control+Enter")
        payload = self._payload(page, "not_a_member")
        check(payload["response"] is None, "nothing for a stranger", payload)
        page.keyboard.press("Tab")
        inside = page.evaluate("document.activeElement.closest('.graphiql-query-editor-wrapper') !== null")
        check(not inside, "that the Tab key leaves the editor", inside)
        self._look_at_graphiql(page, "graphiql")
        page.get_by_role("button", name="Show Documentation Explorer").click()
        explorer = page.locator(".graphiql-doc-explorer")
        for root in ("Query", "Mutation"):
            expect(explorer.get_by_role("link", name=root, exact=True)).to_be_visible()
        self._look_at_graphiql(page, "graphiql-schema")
        console.step("✓ GraphiQL reads the schema, and executes the platform's example as the person who is chosen")

    def _withdraw_what_the_example_made(self) -> None:
        """So that it can be executed anew."""
        token = with_role(self._people, "site_administrator").token
        path = f"/communities/{EXAMPLE_COMMUNITY}/invitations?status=pending"
        for made in call("GET", self._api_url + path, token).json()["invitations"]:
            call("POST", f"{self._api_url}/invitations/{made['id']}/cancel", token)

    def _payload(self, page: Page, word: str) -> Any:
        """What the example came to, once the response has that word in it."""
        expect(page.locator(".result-window")).to_contain_text(word)
        response = page.locator(".result-window .CodeMirror").evaluate("element => element.CodeMirror.getValue()")
        return json.loads(response)["data"]["createCommunityInvitation"]

    def _look_at_graphiql(self, page: Page, name: str) -> None:
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{scheme}.png")
            wide = page.evaluate("document.documentElement.scrollWidth")
            check(wide <= width, f"GraphiQL within {width} pixels", wide)
