"""Communities, people and invitations for fuzzing to reach: ids, links and cursors that exist, made anew as they go."""

import random
import re
from dataclasses import dataclass, field
from typing import Any

import stack
from api import call
from people import Person, create_community, put, with_role
from story import sent_mails

EXPENDABLE = 6  # users who may be changed and removed


@dataclass
class Playground:
    api_url: str
    endpoint_url: str
    people: list[Person]
    name: str
    communities: list[str] = field(default_factory=list)
    invitations: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)

    @classmethod
    def of_running_stack(cls, name: str) -> "Playground":
        described = stack.LocalStack(stack.LOCAL).describe()
        people = [Person.from_stack_file(person) for person in described["people"]]
        return cls(described["apiUrl"], described["endpointUrl"], people, name)

    @property
    def expendable_users(self) -> list[str]:
        return [f"{self.name}-user-{number}" for number in range(EXPENDABLE)]

    @property
    def expendable_community(self) -> str:
        return f"{self.name}-gone"

    def settings(self) -> Any:
        return self._call("GET", "/directory/settings", "site_administrator").json()

    def restore_settings(self, settings: Any) -> None:
        self._call("PUT", "/directory/settings", "site_administrator", settings)

    def refresh(self, turn: int) -> None:
        """Makes what an earlier turn has used up: people who went, invitations that were answered."""
        administrator = with_role(self.people, "site_administrator")
        for number, user in enumerate(self.expendable_users):
            email = f"{user}@example.org" if number % 2 else None
            body = {"displayName": f"Fay {number}", **({"email": email, "emailVerified": True} if email else {})}
            put(self.api_url, administrator, f"/directory/users/{user}", body)
        self.communities = [f"{self.name}-open-{turn}", f"{self.name}-closed-{turn}"]
        for community in [*self.communities, self.expendable_community]:
            create_community(self.api_url, self.people, community, "Fuzzy Gardeners")
        member, invitees = with_role(self.people, "member"), self._invitees()
        for person in invitees:
            put(self.api_url, administrator, f"/directory/users/{member.user_id}/connections/{person.user_id}")
        open_one, closed_one = self.communities
        closed = {"title": "Closed Gardeners", "visibility": "public", "enrolment": "closed"}
        put(self.api_url, administrator, f"/directory/communities/{closed_one}", closed)
        addresses = [f"{self.name}.{turn}.{number}@example.net" for number in range(4)]
        ids = [person.user_id for person in invitees]
        self._invite("moderator", open_one, {"userIds": ids + self.expendable_users[:4], "emails": addresses})
        self._invite("member", closed_one, {"userIds": ids})
        self.invitations, self.cursors = [], []
        for community in self.communities:
            listed = self._call("GET", f"/communities/{community}/invitations?limit=100", "owner").json()["invitations"]
            self.invitations += [invitation["id"] for invitation in listed]
            for role in ("owner", "moderator"):
                first = self._call("GET", f"/communities/{community}/invitations?limit=1", role).json()
                self.cursors.append(first["nextCursor"])
        for person in invitees[:1]:
            first = call("GET", f"{self.api_url}/me/invitations?limit=1", person.token).json()
            self.cursors += [first["nextCursor"]] if "nextCursor" in first else []
        mails = " ".join(
            mail["BodyText"]
            for mail in sent_mails(self.endpoint_url)
            if self.name in str(mail["To"]) or "Fuzzy" in mail["Subject"]
        )
        self.tokens = re.findall(r"/[iu]/([A-Za-z0-9_-]{64,})", mails)[-40:]

    def value(self, name: str, operation: str, chance: random.Random) -> str | None:
        """Something that exists, for the parameter of that name; what an operation may ruin is expendable."""
        ruins = operation.startswith(("PUT /directory", "DELETE /directory"))
        known = {
            "communityId": [self.expendable_community] if ruins else self.communities,
            "userId": self.expendable_users,
            "otherId": self.expendable_users,
            "address": [f"{user}@example.org" for user in self.expendable_users],
            "invitationId": self.invitations,
            "token": self.tokens,
            "cursor": self.cursors,
            "from": ["2026-11-01"],
            "to": ["2026-11-01", "2027-01-31"],
        }.get(name, [])
        return chance.choice(known) if known else None

    def user_ids(self, chance: random.Random) -> list[str]:
        known = [*self.expendable_users, *(person.user_id for person in self.people)]
        return chance.sample(known, chance.randint(1, 4))

    def _invitees(self) -> list[Person]:
        return [person for person in self.people if person.role == "invitee"]

    def _invite(self, role: str, community: str, body: dict[str, Any]) -> None:
        self._call("POST", f"/communities/{community}/invitations", role, body)

    def _call(self, method: str, path: str, role: str, body: Any = None) -> Any:
        return call(method, self.api_url + path, with_role(self.people, role).token, body)
