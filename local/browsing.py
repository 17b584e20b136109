"""A person's browser, and a critical eye on what it shows: on a phone and a desktop, in light and dark."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, Route

import console
import stack
from console import check

SCREENSHOTS = stack.LOCAL / "screenshots"
SIZES = {
    "narrowest": (320, 568),  # what a desktop's width is at 400 % zoom
    "phone": (390, 844),
    "desktop": (1280, 800),
}
PLATFORM = "https://community.example.org"  # stands for the host platform; this script responds for it
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
Role = Literal["button", "checkbox", "link"]
HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}


# What a person would trip over: things that stick out, text too faint to read, buttons too small to hit.
LAYOUT_FAULTS = """() => {
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`${root.scrollWidth} px wide in ${root.clientWidth}`);
  const rgb = color => color.match(/[\\d.]+/g).map(Number);
  const luminance = color => rgb(color).slice(0, 3).map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = element => {
    const color = getComputedStyle(element).backgroundColor;
    return rgb(color)[3] === 0 && element.parentElement ? ground(element.parentElement) : color;
  };
  for (const element of document.body.querySelectorAll('*')) {
    const box = element.getBoundingClientRect();
    if (!box.width) continue;
    const name = `${element.tagName} "${element.textContent.trim().slice(0, 40)}"`;
    if (box.right > root.clientWidth + .5 || box.left < -.5) faults.push(`${name} sticks out`);
    if (element.matches('button, .button') && box.height < 44) faults.push(`${name} is ${box.height} px high`);
    if ([...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim())) {
      const [dark, light] = [getComputedStyle(element).color, ground(element)].map(luminance).sort((a, b) => a - b);
      const contrast = (light + .05) / (dark + .05);
      if (contrast < 4.5) faults.push(`${name} has a contrast of ${contrast.toFixed(2)}`);
    }
  }
  return faults;
}"""


class Browsing:
    """A person's browser and all that it complains about: without JavaScript, as far as `scripts` are not wanted."""

    def __init__(self, browser: Browser, website: str, *, scripts: bool = False, **options: Any) -> None:
        width, height = SIZES["desktop"]
        options = {"viewport": {"width": width, "height": height}, "locale": "en-GB", **options}
        self._website = website  # is this project's own, and loads its own files
        self._context = browser.new_context(java_script_enabled=scripts, **options)
        self._context.set_default_timeout(10_000)
        self._complaints: list[str] = []
        self._context.on("console", self._hear)
        self._context.on("weberror", lambda error: self._complaints.append(str(error.error)))
        if not scripts:
            self._context.on("request", self._watch)
        self._context.route(f"{PLATFORM}/**", self._respond_for_the_platform)

    def tab(self, url: str) -> "Tab":
        tab = Tab(self._context.new_page())
        tab.open(url)
        return tab

    def tab_that_opens(self, click: Callable[[], None]) -> "Tab":
        """The tab that a click opens besides the one it was made in."""
        with self._context.expect_page() as opened:
            click()
        opened.value.wait_for_load_state()
        return Tab(opened.value)

    def close(self) -> None:
        check(not self._complaints, "nothing on the browser's console, and nothing loaded but pages", self._complaints)
        self._context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        """Violations of the CSP and all other errors are told on the console."""
        # So is every page that has an error's status; `Tab.sees` checks the status.
        told = message.type in ("error", "warning")
        if told and not message.text.startswith("Failed to load resource: the server responded"):
            self._complaints.append(f"{message.location['url']}: {message.text}")

    def _watch(self, request: Request) -> None:
        if request.resource_type != "document" and not request.url.startswith(self._website):
            self._complaints.append(f"{request.url}: a {request.resource_type} is loaded")

    def _respond_for_the_platform(self, route: Route) -> None:
        if "referer" in route.request.all_headers():
            self._complaints.append(f"{route.request.url}: hears where its visitor comes from")
        route.fulfill(content_type="text/html", body="<!doctype html><title>The platform</title><h1>The platform</h1>")


class Tab:
    """A page, and a critical eye on what it shows."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._response: Response | None = None

    def open(self, url: str) -> None:
        self._response = self.page.goto(url)

    def press(self, role: Role, name: str, how: str = "click") -> None:
        """Presses what has this role and name with a click, a tap of a finger, or a key. Another page comes."""
        control = self.page.get_by_role(role, name=name, exact=True)
        with self.page.expect_navigation() as navigation:
            {"click": control.click, "tap": control.tap}.get(how, lambda: control.press(how))()
        self._response = navigation.value

    def tab_to(self, role: Role, name: str) -> None:
        """Walks there with the keyboard alone, and sees where the focus is."""
        control = self.page.get_by_role(role, name=name, exact=True)
        for _ in range(15):
            self.page.keyboard.press("Tab")
            if control.evaluate("element => element === document.activeElement"):
                outline = control.evaluate("element => getComputedStyle(element).outlineStyle")
                return check(outline != "none", f"the focus on “{name}” can be seen", outline)
        raise console.Failure(f"Fifteen times Tab did not lead to “{name}”")

    def sees(
        self,
        heading: str,
        *texts: str,
        status: int = 200,
        buttons: tuple[str, ...] = (),
        links: tuple[str, ...] = (),
        language: str = "en",
    ) -> None:
        """Holds the page against what a person should see on it."""
        page, main, response = self.page, self.page.get_by_role("main"), self._response
        assert response
        seen = main.inner_text()
        check(response.status == status, f"status {status}", f"{response.status}: {seen}")
        headings = page.get_by_role("heading", level=1).all_inner_texts()
        check(headings == [heading], f"one heading, “{heading}”", headings)
        title = INVISIBLE.sub("", page.title())  # which keep a name in the title from moving what is around it
        check(title.startswith(f"{heading} · "), f"a title that begins with “{heading}”", title)
        spoken = page.locator("html").get_attribute("lang")
        check(spoken == language, f"a page in the language {language}", spoken)
        for text in texts:
            check(text in seen, f"“{text}” on the page", seen)
        named = tuple(main.get_by_role("button").all_inner_texts())
        check(named == buttons, f"the buttons {buttons}", named)
        for link in links:
            check(main.get_by_role("link", name=link, exact=True).count() == 1, f"a link “{link}”", main.inner_html())
        headers = response.headers
        for name, value in HEADERS.items():
            check(headers.get(name) == value, f"the header {name}: {value}", headers)
        policy = headers.get("content-security-policy", "")
        check(policy.startswith("default-src 'none'; style-src 'sha256-"), "a strict CSP", policy)
        scripts = page.locator("script, img, iframe, link, object, [style]").count()
        check(scripts == 0, "no script, image, frame or foreign style", page.content())

    def stands_out(self) -> list[str]:
        """The buttons that catch the eye: filled, not merely framed."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('button, .button')]
              .filter(e => e.checkVisibility() && getComputedStyle(e).backgroundColor
                !== getComputedStyle(document.querySelector('main')).backgroundColor)
              .map(e => e.textContent.trim())"""
        )

    def shoot(self, name: str, sizes: Iterable[str]) -> None:
        """Takes the page in at every size, in light and dark, and leaves screenshots."""
        for size in sizes:
            width, height = SIZES[size]
            self.page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme=scheme)
                faults = self.page.evaluate(LAYOUT_FAULTS)
                check(not faults, f"{name} to be readable at {width} pixels in {scheme}", faults)
                if size != "narrowest":
                    self.page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{scheme}.png", full_page=True)
        self.page.emulate_media(color_scheme="light")
