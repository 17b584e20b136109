"""Opens the links of really sent mails in a real browser and looks at every page that an invitee may see.

The demo's page comes first: see `demo_walk`. From then on JavaScript is off. Each page is held against what a person
should see on it, at the width of a phone and of a desktop, in light and in dark, and is left as a screenshot in
.local/screenshots/. So are the mails, also as they look where a program keeps less of them. Every run uses a community
of its own. The network's settings are changed for a few seconds, and put back.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Error, sync_playwright

import console
import stack
from api import call
from browsing import INVISIBLE, PLATFORM, SCREENSHOTS, SIZES, Browsing, Tab
from console import check
from demo_walk import DemoWalk
from deployment import LocalSession
from people import Person, create_community, put, with_role
from prepare import install_hint
from story import MAIL_SECONDS, answer_link, sent_mails

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
MAC_BROWSERS = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]
GUESTS = (
    "accepts",
    "types",
    "taps",
    "blocks",
    "late",
    "withdrawn",
    "unsubscribes",
    "unwelcome",
    "member",
    "inactive",
    "unlucky",
    "signs-in",
    "deutsch",
    "arabic",
)
LOCALES = {"deutsch": "de", "arabic": "ar"}
SIGN_IN = {
    "de": ("Zum Antworten anmelden", "Mit einem anderen Konto anmelden"),
    "ar": ("تسجيل الدخول للرد", "تسجيل الدخول بحساب آخر"),
}
BOTH = ("Accept invitation", "Decline invitation")
MESSAGE = (
    "%sender% wants you in %community%!\n\nBring a red torch, see https://torches.example.com/red and "
    "<script>alert('nothing')</script>.\n" + "Ooh" * 60 + "\n" + "The meadow is very, very dark. " * 20
)
COMMUNITY_COPIES = 8  # records of one community, see docs/table.md


def as_sent(html: str) -> str:
    return html


def without_style_sheet(html: str) -> str:
    """As Gmail shows it in some accounts."""
    return re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def as_word_keeps_it(html: str) -> str:
    """Roughly as Word shows it, which draws the mails of classic Outlook.

    Words stay breakable: one that no line holds makes Word's table wider, and nothing that survives copying helps it.
    """

    def kept(tag: re.Match[str]) -> str:
        name, before, styles = tag.groups()
        dropped = {"border-radius", "display", "table-layout"}
        dropped |= set() if name == "td" else {"padding"}
        dropped |= set() if name == "table" else {"max-width"}
        styles = ";".join(style for style in styles.split(";") if style.split(":")[0] not in dropped)
        return f'<{name}{before} style="{styles}"'

    html = re.sub(r' (class|dir)="(?!rtl|ltr)[^"]*"', "", without_style_sheet(html))
    html = re.sub(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", r"\1", html, flags=re.DOTALL)
    return re.sub(r'<(\w+)([^>]*) style="([^"]*)"', kept, html)


MAIL_STATES: dict[str, tuple[Callable[[str], str], tuple[str, ...]]] = {
    "as-sent": (as_sent, tuple(SIZES)),
    "without-style-sheet": (without_style_sheet, tuple(SIZES)),
    "in-word": (as_word_keeps_it, ("desktop",)),
}


class Walk:
    """From page to page, with an invitation for each."""

    def __init__(self, browser: Browser, described: dict[str, Any]) -> None:
        self._browser = browser
        self._website = described["demoUrl"]
        self._browsing = Browsing(browser, self._website)
        self._api_url, self._endpoint_url = described["apiUrl"], described["endpointUrl"]
        self._mailbox_url, self._table = described["mailboxUrl"], described["tableName"]
        self._database = LocalSession(self._endpoint_url).client("dynamodb")
        self._people = [Person.from_stack_file(person) for person in described["people"]]
        self._administrator, self._owner = (with_role(self._people, role) for role in ("site_administrator", "owner"))
        self._run = str(time.time_ns() // 1_000_000)
        self._community = f"stargazers-{self._run}"
        self._title = f"Stargazers {time.strftime('%H:%M:%S')}"
        self._newcomer, self._passer_by = (f"{who}-{self._run}@example.net" for who in ("newcomer", "passer-by"))
        self._invitations: dict[str, str] = {}
        self._links: dict[str, str] = {}
        self._shots = 0

    def go(self) -> None:
        self._invite()
        self._open_the_mail_and_accept()
        self._look_at_mails()
        self._use_the_keyboard()
        self._use_a_phone()
        self._decline_and_block()
        self._meet_dead_ends()
        self._meet_refusals()
        self._unsubscribe()
        self._register()
        self._sign_in()
        self._speak_german()
        self._speak_arabic()
        self._meet_trouble()
        self._browsing.close()
        console.step("✓ Nothing on the browser's console all the way, and nothing was loaded but pages")

    # What happened before: a community, its guests, their mails.

    def _invite(self) -> None:
        create_community(self._api_url, self._people, self._community, self._title)
        self._put_community()
        for guest in GUESTS:
            self._put_guest(guest)
        plain = [self._id(guest) for guest in GUESTS if guest != "taps"]
        self._send({"userIds": plain}, plain)
        self._send({"userIds": [self._id("taps")], "message": MESSAGE}, [self._id("taps")])
        addresses = [self._newcomer, self._passer_by]
        self._send({"emails": addresses}, addresses)
        self._wait_for_mails()
        console.step(f"✓ {self._owner.name} invited {len(self._links)} people, each got a mail with a link")

    def _put_community(self, **changes: Any) -> None:
        community = {
            "title": self._title,
            "url": f"{PLATFORM}/{self._community}",
            "description": "We meet on the dark meadow when the sky is clear.\nBeginners welcome, we share telescopes.",
            "rulesUrl": f"{PLATFORM}/{self._community}/rules",
            "memberCount": 1284,
            "visibility": "public",
            "enrolment": "open",
        }
        self._put(f"/directory/communities/{self._community}", {**community, **changes})

    def _put_guest(self, guest: str, **changes: Any) -> None:
        user = {
            "displayName": f"Guest who {guest}",
            "email": self._address(guest),
            "emailVerified": True,
            "locale": LOCALES.get(guest),
        }
        self._put(f"/directory/users/{self._id(guest)}", {**user, **changes})

    def _id(self, guest: str) -> str:
        return f"guest-{guest}-{self._run}"

    def _address(self, guest: str) -> str:
        return f"{guest}-{self._run}@example.net"

    def _send(self, body: dict[str, Any], recipients: list[str]) -> None:
        results = self._call("POST", f"/communities/{self._community}/invitations", body)["results"]
        outcomes = [result["outcome"] for result in results]
        check(set(outcomes) == {"invited"}, "everyone is invited", outcomes)
        self._invitations |= {to: result["invitation"]["id"] for to, result in zip(recipients, results, strict=True)}

    def _wait_for_mails(self) -> None:
        wanted = {self._address(guest): self._id(guest) for guest in GUESTS}
        wanted |= {address: address for address in (self._newcomer, self._passer_by)}
        until = time.monotonic() + MAIL_SECONDS
        while missing := {address: name for address, name in wanted.items() if name not in self._links}:
            check(time.monotonic() < until, f"every mail within {MAIL_SECONDS} seconds", f"none to {list(missing)}")
            time.sleep(0.3)
            mails = [mail for mail in sent_mails(self._endpoint_url) if mail["To"][0] in missing]
            self._links |= {missing[mail["To"][0]]: answer_link(mail) for mail in mails}

    # What people do with their mails.

    def _open_the_mail_and_accept(self) -> None:
        mailbox = self._browsing.tab(self._mailbox_url)
        row = mailbox.page.get_by_role("row").filter(has_text=self._address("accepts"))
        row.get_by_role("link").click()
        in_the_mail = mailbox.page.frame_locator("iframe[sandbox]").get_by_role("link", name="Accept Invitation")
        in_the_mail.wait_for()
        mailbox.page.screenshot(path=SCREENSHOTS / "00-mail-desktop-light.png", full_page=True)
        tab = self._browsing.tab_that_opens(in_the_mail.click)
        link = self._links[self._id("accepts")]
        check(tab.page.url == f"{link}?intent=accept", "the mail's link in a tab of its own", tab.page.url)
        console.step("✓ The mail was opened in the mailbox; its Accept link opened the page in a tab of its own")

        tab.open(tab.page.url)
        self._sees_the_offer(tab)
        check(tab.stands_out() == ["Accept invitation"], "Accept stands out", tab.stands_out())
        self._shoot(tab, "offer", "the offer names sender, community, message and expiry; Accept stands out")
        tab.open(f"{link}?intent=decline")
        self._sees_the_offer(tab)
        check(tab.stands_out() == ["Decline invitation"], "Decline stands out", tab.stands_out())
        self._shoot(tab, "offer-to-decline", "from the mail's Decline link: the same offer, Decline stands out")
        self._check_status("pending", self._id("accepts"))
        console.step("✓ … and opening them changed nothing")

        slow_tabs = [self._browsing.tab(link) for _ in range(2)]
        tab.press("button", "Accept invitation")
        self._sees_the_welcome(tab)
        self._shoot(tab, "accepted", "Accept was pressed: welcome, and a way onward")
        self._check_status("accepted", self._id("accepts"))
        tab.press("link", f"Go to {self._title}")
        check(tab.page.url == f"{PLATFORM}/{self._community}", "the community's own page", tab.page.url)
        console.step("✓ … which leads to the community, without telling it the link")

        slow_tabs[0].press("button", "Accept invitation")
        self._sees_the_welcome(slow_tabs[0])
        slow_tabs[1].press("button", "Decline invitation")
        already = ("You have already accepted", "was accepted before", "you can leave the community on")
        slow_tabs[1].sees(*already, status=410)
        self._check_status("accepted", self._id("accepts"))
        console.step("✓ In tabs left open, Accept succeeds once more and Decline comes too late")
        tab.open(link)
        tab.sees(*already, status=410, links=(f"Go to {self._title}",))
        self._shoot(tab, "already-accepted", "opened once more, the link says: already accepted")

    def _look_at_mails(self) -> None:
        mails = {mail["To"][0]: mail["BodyHtml"] for mail in sent_mails(self._endpoint_url)}
        tab = self._browsing.tab("about:blank")
        for guest in ("accepts", "taps", *LOCALES):
            for state, (change, sizes) in MAIL_STATES.items():
                tab.page.set_content(change(mails[self._address(guest)]))
                text = f"the mail to {self._id(guest)}, {state.replace('-', ' ')}, is readable"
                self._shoot(tab, f"mail-{guest}-{state}", text, sizes)
        tab.page.set_content(mails[self._address("taps")])
        copied = tab.page.evaluate("getSelection().selectAllChildren(document.body), getSelection().toString()")
        check("https://torches.example.com/red" in copied, "an address that is copied as it was written", copied)
        check(not INVISIBLE.search(copied), "nothing invisible in what is copied", copied)
        dead = tab.page.locator("a[href*=torches]").count()
        check(dead == 0, "an address in a message that is not a link", tab.page.content())
        console.step("✓ … and an address in a message is no link, but can be copied")

    def _sees_the_offer(self, tab: Tab) -> None:
        tab.sees(
            f"Join {self._title}",
            f"{self._owner.name} has invited you to join the {self._title} community.",
            f"About {self._title}",
            "We meet on the dark meadow",
            "1,284 members",
            "Nothing happens until you press a button.",
            "The invitation expires on",
            buttons=BOTH,
            links=(self._owner.name, self._title, "Rules of the community"),
        )

    def _sees_the_welcome(self, tab: Tab) -> None:
        tab.sees(
            f"Welcome to {self._title}",
            f"You have accepted the invitation and are now a member of the {self._title} community.",
            links=(f"Go to {self._title}",),
        )

    def _use_the_keyboard(self) -> None:
        tab = self._tab("types")
        tab.tab_to("checkbox", self._no_more)
        tab.press("checkbox", self._no_more, how="Enter")
        self._sees_the_offer(tab)
        self._check_status("pending", self._id("types"))
        console.step("✓ By keyboard: Enter on the check box answers nothing")
        tab.open(self._links[self._id("types")])
        tab.tab_to("button", "Accept invitation")
        self._shoot(tab, "keyboard-focus", "Tab leads to Accept, and the focus is visible")
        tab.press("button", "Accept invitation", how="Enter")
        self._sees_the_welcome(tab)
        self._check_status("accepted", self._id("types"))
        console.step("✓ … Enter accepts")

    def _use_a_phone(self) -> None:
        """By touch, for a guest whose invitation has a long and strange message."""
        width, height = SIZES["phone"]
        screen: dict[str, Any] = {"viewport": {"width": width, "height": height}, "device_scale_factor": 3}
        phone = Browsing(self._browser, self._website, is_mobile=True, has_touch=True, **screen)
        link = self._links[self._id("taps")]
        tab = phone.tab(link)
        tab.sees(
            f"Join {self._title}",
            f"{self._owner.name} writes:",
            f"{self._owner.name} wants you in {self._title}!",
            "see https://torches.example.com/red and <script>alert('nothing')</script>.",
            buttons=BOTH,
        )
        dead = tab.page.locator("a[href*=torches]").count()
        check(dead == 0, "an address in a message that is not a link", tab.page.content())
        view = tab.page.evaluate("[innerWidth, visualViewport.scale]")
        check(view == [width, 1], "a page that fits a phone's screen without zooming", view)
        self._shoot(self._tab("taps"), "personal-message", "a personal message, long words and all, stays plain text")
        tab.press("button", "Decline invitation", how="tap")
        tab.sees("Invitation declined", f"You have declined the invitation to the {self._title} community.")
        phone.close()
        self._check_status("declined", self._id("taps"))
        console.step("✓ On a phone, by touch: the page fits without zooming, Decline was tapped")
        tab = self._tab("taps")
        tab.sees("You have already declined", "ask the person who invited you for a new invitation", status=410)
        self._shoot(tab, "already-declined", "opened once more, the link says: already declined")

    def _decline_and_block(self) -> None:
        tab = self._tab("blocks", "?intent=decline")
        tab.page.get_by_label(self._no_more).check()
        tab.press("button", "Decline invitation")
        tab.sees("Invitation declined", "and will get no more invitations from it")
        self._shoot(tab, "declined-and-blocked", "the box was ticked, Decline pressed: declined for good")
        self._check_unavailable("blocks")

    # Invitations that cannot be answered any more.

    def _meet_dead_ends(self) -> None:
        late = f"INVITATION#{self._invitations[self._id('late')]}"
        self._edit(late, "INVITATION", "body.expiresAt", {"N": str(int(time.time() * 1000) - 1000)})
        self._dead_end("late", "expired", "This invitation has expired", "ask the person who invited you")
        self._call("POST", f"/invitations/{self._invitations[self._id('withdrawn')]}/cancel")
        self._dead_end("withdrawn", "cancelled", "This invitation was withdrawn", "ask the person who invited you")

        link = self._links[self._id("types")]
        broken = self._browsing.tab(link[:-1] + ("A" if link[-1] != "A" else "B"))
        broken.sees("This link does not work", "open the link from the mail again, or copy it whole", status=404)
        self._shoot(broken, "wrong-link", "a wrong link finds nothing and says what to do")

    def _dead_end(self, guest: str, state: str, heading: str, what_to_do: str) -> None:
        tab = self._tab(guest)
        tab.sees(heading, what_to_do, status=410)
        self._shoot(tab, state, f"“{heading}”, says the page, and what to do")

    # Offers that turn out, at the press of Accept in a tab left open from before, to stand no more.

    def _meet_refusals(self) -> None:
        tab = self._tab("member")
        self._put(f"/directory/communities/{self._community}/members/{self._id('member')}", {"role": "member"})
        self._refusal(tab, "already-member", "You are already a member", "do not need this invitation", status=410)
        self._check_status("cancelled", self._id("member"))
        tab = self._tab("inactive")
        self._put_guest("inactive", active=False)
        active_again = "When your account is active again, open the link in your invitation mail once more."
        self._refusal(tab, "inactive", "Your account is not active", active_again)
        self._check_status("pending", self._id("inactive"))
        tab = self._tab("unwelcome")
        self._put_community(allowInvitations=False)
        self._refusal(tab, "not-allowed", f"{self._title} takes no invitations", "Nothing has changed for you.")
        self._check_status("pending", self._id("unwelcome"))
        tab = self._tab("unwelcome")
        decline = ("Decline invitation",)
        tab.sees(f"Join {self._title}", "This invitation cannot be accepted at the moment.", buttons=decline)
        self._shoot(tab, "declining", "… and opened by then, the page offers to decline alone")
        self._put_community()

    def _refusal(self, tab: Tab, state: str, heading: str, text: str, status: int = 403) -> None:
        tab.press("button", "Accept invitation")
        tab.sees(heading, text, status=status)
        self._shoot(tab, state, f"Accept was pressed too late: “{heading}”")

    def _unsubscribe(self) -> None:
        link = self._links[self._id("unsubscribes")].replace("/i/", "/u/")
        address = self._address("unsubscribes")
        mails = [mail["BodyText"] for mail in sent_mails(self._endpoint_url) if address in mail["To"]]
        check(any(link in mail for mail in mails), "the mail has a link that stops further mail", mails)
        tab = self._browsing.tab(link)
        asked = f"No more invitations from {self._title}?"
        tab.sees(asked, "nobody can invite you", "other communities are not affected", buttons=("Stop invitations",))
        self._check_status("pending", self._id("unsubscribes"))
        self._shoot(tab, "unsubscribe", "the mail's other link asks before it stops further invitations")
        tab.press("button", "Stop invitations")
        tab.sees("No more invitations", f"You will get no more invitations to the {self._title} community.")
        self._shoot(tab, "unsubscribed", "… and confirms that it did")
        self._check_status("declined", self._id("unsubscribes"))
        self._check_unavailable("unsubscribes")

    # People without an account, and the way through the platform.

    def _register(self) -> None:
        with self._settings(registrationUrl=None):
            tab = self._tab(self._passer_by)
            decline = ("Decline invitation",)
            masked = "sent to p…@e….net"
            needs = ("you need an account", "To decline, you need no account.", masked, "Sign out there first")
            tab.sees(f"Join {self._title}", *needs, buttons=decline)
            self._shoot(tab, "registration-elsewhere", "for an address without account, the page says how to register")
            tab.press("button", "Decline invitation")
            tab.sees("Invitation declined")
            self._shoot(tab, "declined", "… and Decline works without an account")
            self._check_status("declined", self._passer_by)
        link = self._links[self._newcomer]
        with self._settings(registrationUrl=f"{PLATFORM}/register?from=invitation", supportEmail="help@example.org"):
            tab = self._tab(self._newcomer)
            links = ("Register and accept", "Sign in with another account")
            tab.sees(f"Join {self._title}", "the invitation waits for you", buttons=decline, links=links)
            footer = tab.page.get_by_role("contentinfo").inner_text()
            check("help@example.org" in footer, "whom to ask", footer)
            self._shoot(tab, "registration", "with a registration page, Accept leads there")
            tab.press("link", "Register and accept")
            address = urlsplit(tab.page.url)
            asked = {"from": ["invitation"], "return_to": [link]}
            check((address.path, parse_qs(address.query)) == ("/register", asked), f"a way back to {link}", address)
        newcomer = {"displayName": "Nell Newcomer", "email": self._newcomer, "emailVerified": True}
        self._put(f"/directory/users/{self._newcomer}", newcomer)
        tab.open(parse_qs(address.query)["return_to"][0])
        self._sees_the_offer(tab)
        tab.press("button", "Accept invitation")
        self._sees_the_welcome(tab)
        self._check_status("accepted", self._newcomer)
        console.step("✓ … and back: registered meanwhile, the newcomer accepts with the same link")

    def _sign_in(self) -> None:
        slow_tab = self._tab("signs-in")
        with self._settings(emailLinkResponse="sign_in", registrationUrl=f"{PLATFORM}/sign-in"):
            tab = self._tab("signs-in")
            wanted = "invitations are answered by people who are signed in"
            expected = (f"Join {self._title}", wanted, "sent to s…@e….net")
            another = "Sign in with another account"
            tab.sees(*expected, links=("Sign in to answer", another))
            self._shoot(tab, "sign-in", "where links only lead to signing in, nothing is answered here")
            tab.press("link", another)
            address = urlsplit(tab.page.url)
            asked = {"prompt": ["select_account"], "return_to": [f"{PLATFORM}/{self._community}"]}
            check((address.path, parse_qs(address.query)) == ("/sign-in", asked), "a way to another account", address)
            console.step("✓ … who is signed in as somebody else is led to another account and back")
            for guest, language in LOCALES.items():
                translated = self._tab(guest)
                title = translated.page.get_by_role("heading", level=1).inner_text()
                translated.sees(title, f"{guest[0]}…@e….net", links=SIGN_IN[language], language=language)
                self._shoot(translated, f"sign-in-{guest}", f"… the same in {guest}")
            slow_tab.press("button", "Accept invitation")
            slow_tab.sees(*expected, status=403, links=("Sign in to answer",))
            self._check_status("pending", self._id("signs-in"))
            console.step("✓ … not even in a tab left open from before")

    def _speak_german(self) -> None:
        tab = self._tab("deutsch")
        german = ("Einladung annehmen", "Einladung ablehnen")
        tab.sees(f"Einladung: {self._title}", "1.284 Mitglieder", buttons=german, language="de")
        self._shoot(tab, "offer-german", "a guest who chose German reads German, whatever the browser asks for")
        german_browsing = Browsing(self._browser, self._website, locale="de-AT")
        tab = german_browsing.tab(f"{self._api_url}/i/wrong")
        tab.sees("Dieser Link funktioniert nicht", status=404, language="de")
        self._shoot(tab, "wrong-link-german", "who is unknown reads the language of the browser")
        german_browsing.close()

    def _speak_arabic(self) -> None:
        tab = self._tab("arabic")
        buttons = ("قبول الدعوة", "رفض الدعوة")
        tab.sees(f"الانضمام إلى {self._title}", "1,284 عضوًا", buttons=buttons, language="ar")
        direction = tab.page.locator("html").get_attribute("dir")
        check(direction == "rtl", "a page that runs from right to left", direction)
        self._shoot(tab, "offer-arabic", "a guest who chose Arabic reads Arabic, from right to left")

    def _meet_trouble(self) -> None:
        """A record that does not read stands for whatever can go wrong on our side."""

        def edit_title(title: dict[str, str]) -> None:
            for copy in range(COMMUNITY_COPIES):
                self._edit(f"COMMUNITY#{self._community}#{copy}", "COMMUNITY", "title", title)

        edit_title({"N": "0"})
        try:
            tab = self._tab("unlucky")
            tab.sees("That did not work", "try again in a minute", status=503, links=("Try again",))
            self._shoot(tab, "trouble", "trouble on our side: says so and offers to try again")
        finally:
            edit_title({"S": self._title})
        tab.press("link", "Try again")
        self._sees_the_offer(tab)
        console.step("✓ … which works once the trouble is over")

    # What all of this is made of.

    @property
    def _no_more(self) -> str:
        return f"If I decline: no more invitations from {self._title}"

    def _tab(self, guest: str, query: str = "") -> Tab:
        name = self._id(guest) if guest in GUESTS else guest
        return self._browsing.tab(self._links[name] + query)

    def _shoot(self, tab: Tab, state: str, text: str, sizes: Iterable[str] = SIZES) -> None:
        self._shots += 1
        tab.shoot(f"{self._shots:02}-{state}", sizes)
        console.step(f"✓ {text[0].upper()}{text[1:]}")

    def _check_status(self, wanted: str, name: str) -> None:
        status = self._call("GET", f"/invitations/{self._invitations[name]}")["status"]
        check(status == wanted, f"an invitation that is {wanted}", status)

    def _check_unavailable(self, guest: str) -> None:
        body = {"userIds": [self._id(guest)]}
        outcome = self._call("POST", f"/communities/{self._community}/invitations", body)["results"][0]["outcome"]
        check(outcome == "unavailable", "nobody can be invited who does not want it", outcome)
        console.step("✓ … and the community cannot invite this guest again")

    def _edit(self, pk: str, sk: str, path: str, value: dict[str, str]) -> None:
        """Changes a record behind the service's back."""
        names = {f"#{index}": name for index, name in enumerate(path.split("."))}
        self._database.update_item(
            TableName=self._table,
            Key={"pk": {"S": pk}, "sk": {"S": sk}},
            ConditionExpression="attribute_exists(pk)",
            UpdateExpression=f"SET {'.'.join(names)} = :value",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":value": value},
        )

    @contextmanager
    def _settings(self, **changes: Any) -> Iterator[None]:
        """The network's settings, changed for a moment."""
        before = call("GET", f"{self._api_url}/directory/settings", self._administrator.token).json()
        self._put("/directory/settings", {**before, **changes})
        try:
            yield
        finally:
            self._put("/directory/settings", before)

    def _put(self, path: str, body: dict[str, Any]) -> None:
        put(self._api_url, self._administrator, path, body)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        return call(method, self._api_url + path, self._owner.token, body).json()


def running_stack() -> dict[str, Any]:
    try:
        return stack.LocalStack(stack.LOCAL).describe()
    except console.Failure:
        stack.run()
        return stack.LocalStack(stack.LOCAL).describe()


def find_browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS + MAC_BROWSERS)), None)
    if found is None:
        raise console.Failure(f"Missing: Chromium\n  {install_hint('chromium', 'brew install --cask chromium')}")
    return found


def main() -> None:
    executable = find_browser()
    described = running_stack()
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable)
        try:
            DemoWalk(browser, described).go()
            Walk(browser, described).go()
        except Error as error:
            raise console.Failure(str(error)) from error
        finally:
            browser.close()
    taken = len(list(SCREENSHOTS.iterdir()))
    console.step(f"Done. {taken} screenshots are in {SCREENSHOTS.relative_to(stack.LOCAL.parent)}/.")


if __name__ == "__main__":
    console.exit_with(main)
