"""What the pages know of the stack: its file, its people and their tokens, its mails, and the community on show."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from flask import abort, current_app

from api import call
from deployment import LocalSession
from people import COMMUNITY, COMMUNITY_TITLE, Person, claims, create_demo_community, sign_in
from story import sent_mails

RENEWAL_SECONDS = 60  # a token that ends sooner is not handed out


@dataclass
class Scene:
    """A community for people to play in. Starting over makes another one, so that nobody has answered anything."""

    community: str = COMMUNITY
    began: float = 0.0


@dataclass
class Site:
    stack_file: Path
    endpoint_url: str
    scene: Scene = field(default_factory=Scene)
    _lock: Lock = field(default_factory=Lock)

    def described(self) -> dict[str, Any]:
        if not self.stack_file.exists():
            abort(503, "The stack is still starting. Look again in a moment.")
        return json.loads(self.stack_file.read_text())

    @property
    def api_url(self) -> str:
        return self.described()["apiUrl"]

    def people(self) -> list[Person]:
        return [Person.from_stack_file(person) for person in self.described()["people"]]

    def token(self, user_id: str) -> str:
        """The bearer token of a person, a new one where the one in the stack's file has run out."""
        person = next((person for person in self.people() if person.user_id == user_id), None) or abort(404)
        if claims(person.token)["exp"] - time.time() > RENEWAL_SECONDS:
            return person.token
        described = self.described()
        session = LocalSession(self.endpoint_url)
        return sign_in(session, described["userPoolId"], described["clientId"], person).token

    def start_over(self) -> Scene:
        with self._lock:
            began = time.time()
            community = f"{COMMUNITY}-{int(began * 1000)}"
            create_demo_community(self.api_url, self.people(), community)
            self.scene = Scene(community, began)
            return self.scene

    def mails(self) -> list[dict[str, Any]]:
        """Every mail, the newest first."""
        return sent_mails(self.endpoint_url)[::-1]

    def mails_of_scene(self) -> list[dict[str, Any]]:
        began = self.scene.began
        return [mail for mail in self.mails() if mail["Timestamp"] >= began and COMMUNITY_TITLE in mail["BodyText"]]

    def mail(self, message_id: str) -> dict[str, Any]:
        return next((mail for mail in self.mails() if mail["MessageId"] == message_id), None) or abort(404)

    def elements(self) -> dict[str, str]:
        """Where the deployed elements are, and the digest that the browser checks."""
        described = call("GET", f"{self.api_url}/ui").json()
        return {"src": self.api_url + described["href"], "integrity": described["integrity"]}


def site() -> Site:
    return current_app.config["SITE"]
