"""The main job of the product, done with the same HTTP calls that a host platform and a mail reader make.

Every run uses a community of its own, so it can be told again and again.
"""

import json
import re
import time
from typing import Any

import console
from api import call
from people import Person, create_community, with_role

MAIL_SECONDS = 30
NEIGHBOUR = "new.neighbour@example.net"  # belongs to nobody the platform knows


class Story:
    def __init__(self, api_url: str, endpoint_url: str, people: list[Person]) -> None:
        self._api_url = api_url
        self._endpoint_url = endpoint_url
        self._people = people
        self._moderator = with_role(people, "moderator")
        self._ines, self._ivo = [person for person in people if person.role == "invitee"][:2]
        self._community = f"reading-circle-{time.time_ns() // 1_000_000}"
        self._title = f"Reading Circle {time.strftime('%H:%M:%S')}"

    def tell(self) -> None:
        create_community(self._api_url, self._people, self._community, self._title)
        old_mails = {mail["MessageId"] for mail in self._mails()}
        self._send_invitations()
        mails = self._wait_for_invitation_mails(old_mails)
        self._open_link_and_accept(mails[self._ines.email])
        self._accept_over_the_api()
        self._decline_from_the_mail(mails[NEIGHBOUR])
        self._see_all_states()

    def _send_invitations(self) -> None:
        sent = self._call(
            self._moderator,
            "POST",
            f"/communities/{self._community}/invitations",
            {"userIds": [self._ines.user_id, self._ivo.user_id], "emails": [NEIGHBOUR]},
        )
        outcomes = [result["outcome"] for result in sent["results"]]
        self._check(outcomes == ["invited"] * 3, f"{self._moderator.name} invited three people", outcomes)

    def _wait_for_invitation_mails(self, old_mails: set[str]) -> dict[str, dict[str, Any]]:
        wanted = {self._ines.email, self._ivo.email, NEIGHBOUR}
        until = time.monotonic() + MAIL_SECONDS
        arrived: dict[str, dict[str, Any]] = {}
        while wanted - arrived.keys() and time.monotonic() < until:
            time.sleep(0.2)
            arrived = {mail["To"][0]: mail for mail in self._mails() if mail["MessageId"] not in old_mails}
        self._check(wanted <= arrived.keys(), f"Three mails arrived: {', '.join(sorted(arrived))}", sorted(arrived))
        return arrived

    def _open_link_and_accept(self, mail: dict[str, Any]) -> None:
        link = answer_link(mail)
        call("HEAD", link)
        page = call("GET", link).text
        self._check(self._title in page, f"{self._ines.name} opened the link: the page names the community", page)
        status = self._own_invitation(self._ines)["status"]
        self._check(status == "pending", "… and opening it changed nothing", status)
        call("POST", link, form={"answer": "accept"})
        status = self._own_invitation(self._ines)["status"]
        self._check(status == "accepted", f"{self._ines.name} pressed Accept on the page", status)

    def _accept_over_the_api(self) -> None:
        invitation = self._own_invitation(self._ivo)
        accepted = self._call(self._ivo, "POST", f"/invitations/{invitation['id']}/accept")
        self._check(accepted["status"] == "accepted", f"{self._ivo.name} accepted over the API", accepted)

    def _decline_from_the_mail(self, mail: dict[str, Any]) -> None:
        call("POST", answer_link(mail), form={"answer": "decline"})
        console.step(f"✓ {NEIGHBOUR} declined, without an account")

    def _see_all_states(self) -> None:
        listed = self._call(self._moderator, "GET", f"/communities/{self._community}/invitations")["invitations"]
        states = {
            invitation["invitee"].get("displayName") or invitation["invitee"]["email"]: invitation["status"]
            for invitation in listed
        }
        expected = {self._ines.name: "accepted", self._ivo.name: "accepted", NEIGHBOUR: "declined"}
        self._check(states == expected, f"{self._moderator.name} sees: {json.dumps(states)}", states)
        again = self._call(
            self._moderator,
            "POST",
            f"/communities/{self._community}/invitations",
            {"userIds": [self._ines.user_id, self._ivo.user_id]},
        )
        outcomes = [result["outcome"] for result in again["results"]]
        members = f"{self._ines.name} and {self._ivo.name} are members now"
        self._check(outcomes == ["already_member"] * 2, members, outcomes)

    def _own_invitation(self, person: Person) -> dict[str, Any]:
        """The person's invitation to this story's community, as their own list shows it."""
        until = time.monotonic() + 5  # the list is read from an index, which may be a moment behind
        while True:
            listed = self._call(person, "GET", "/me/invitations?limit=100")["invitations"]
            mine = [invitation for invitation in listed if invitation["communityId"] == self._community]
            if mine:
                return mine[0]
            if time.monotonic() > until:
                raise console.Failure(f"{person.name} does not see the invitation to {self._community}")
            time.sleep(0.2)

    def _call(self, person: Person, method: str, path: str, body: Any = None) -> Any:
        return call(method, self._api_url + path, person.token, body).json()

    def _mails(self) -> list[dict[str, Any]]:
        return sent_mails(self._endpoint_url)

    @staticmethod
    def _check(holds: bool, text: str, seen: Any) -> None:
        console.check(holds, text, seen)
        console.step(f"✓ {text}")


def sent_mails(endpoint_url: str) -> list[dict[str, Any]]:
    """Every mail that left through the local SES, oldest first."""
    accounts = call("GET", f"{endpoint_url}/_ministack/ses/messages").json()["messages"]
    return [mail for mails in accounts.values() for mail in mails]


def answer_link(mail: dict[str, Any]) -> str:
    """The link to answer with, as a person would find it in the text of the mail."""
    found = re.search(r"https?://\S+/i/[\w-]+", mail["BodyText"])
    if found is None:
        raise console.Failure(f"no link to answer with in the mail to {mail['To']}:\n{mail['BodyText']}")
    return found[0]
