"""The people and the community of the local stack: signed up in its Cognito, known to its directory."""

import base64
import json
from dataclasses import dataclass, replace
from typing import Any

from api import call
from deployment import LocalSession

COMMUNITY = "harbour-gardeners"
COMMUNITY_TITLE = "Harbour Gardeners"
# What the first document of docs/graphql.md names.
EXAMPLE_COMMUNITY, EXAMPLE_USER = "2", "345"
PASSWORD = "local-Demo-passw0rd"  # noqa: S105 - of people who exist on this machine only


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    role: str
    user_id: str = ""
    token: str = ""

    @classmethod
    def from_stack_file(cls, person: dict[str, str]) -> "Person":
        return cls(person["name"], person["email"], person["role"], person["userId"], person["token"])

    def for_stack_file(self) -> dict[str, str]:
        return {"name": self.name, "userId": self.user_id, "email": self.email, "role": self.role, "token": self.token}


PEOPLE = [
    Person("Ada Adeyemi", "ada@example.org", "site_administrator"),
    Person("Olga Orlova", "olga@example.org", "owner"),
    Person("Milan Moreau", "milan@example.org", "moderator"),
    Person("Mei Meyer", "mei@example.org", "member"),
    Person("Ines Ibarra", "ines@example.org", "invitee"),
    Person("Ivo Ivanov", "ivo@example.org", "invitee"),
    Person("Noor Nasser", "noor@example.org", "invitee"),
    Person("Sam Stranger", "sam@example.org", "stranger"),
]


def sign_in_everyone(session: LocalSession, pool_id: str, client_id: str) -> list[Person]:
    return [sign_in(session, pool_id, client_id, person) for person in PEOPLE]


def sign_in(session: LocalSession, pool_id: str, client_id: str, person: Person) -> Person:
    """Signs up who is new and signs them in."""
    cognito = session.client("cognito-idp")
    try:
        cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=person.email,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "email", "Value": person.email}, {"Name": "email_verified", "Value": "true"}],
        )
        cognito.admin_set_user_password(UserPoolId=pool_id, Username=person.email, Password=PASSWORD, Permanent=True)
        if person.role == "site_administrator":
            cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=person.email, GroupName="administrators")
    except cognito.exceptions.UsernameExistsException:
        pass
    token = cognito.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": person.email, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]["IdToken"]
    return replace(person, token=token, user_id=claims(token)["sub"])


def claims(token: str) -> dict[str, Any]:
    """What a token says, unchecked."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=="))  # padding is left out of tokens; too much is ignored


def with_role(people: list[Person], role: str) -> Person:
    return next(person for person in people if person.role == role)


def fill_directory(api_url: str, people: list[Person]) -> None:
    """Tells the directory about everyone, as a host platform would."""
    administrator = with_role(people, "site_administrator")
    for person in people:
        user = {
            "displayName": person.name,
            "profileUrl": f"https://community.example.org/people/{person.email.split('@')[0]}",
            "email": person.email,
            "emailVerified": True,
        }
        put(api_url, administrator, f"/directory/users/{person.user_id}", user)
    create_demo_community(api_url, people, COMMUNITY)
    create_community(api_url, people, EXAMPLE_COMMUNITY, "Quay Gardeners")
    put(api_url, administrator, f"/directory/users/{EXAMPLE_USER}", {"displayName": "Kim Kovač"})
    member = with_role(people, "member")
    for acquaintance in [person for person in people if person.role == "invitee"][:2]:
        put(api_url, administrator, f"/directory/users/{member.user_id}/connections/{acquaintance.user_id}")


def create_demo_community(api_url: str, people: list[Person], community_id: str) -> None:
    """Closed, so that what its members ask for waits for a moderator."""
    create_community(api_url, people, community_id, COMMUNITY_TITLE, enrolment="closed")


def create_community(
    api_url: str, people: list[Person], community_id: str, title: str, enrolment: str = "open"
) -> None:
    administrator = with_role(people, "site_administrator")
    community = {
        "title": title,
        "url": f"https://community.example.org/{community_id}",
        "description": "Neighbours who grow vegetables between the cranes.",
        "memberCount": 3,
        "visibility": "public",
        "enrolment": enrolment,
    }
    put(api_url, administrator, f"/directory/communities/{community_id}", community)
    for role in ("owner", "moderator", "member"):
        person = with_role(people, role)
        put(api_url, administrator, f"/directory/communities/{community_id}/members/{person.user_id}", {"role": role})


def put(api_url: str, administrator: Person, path: str, body: dict[str, Any] | None = None) -> None:
    call("PUT", api_url + path, administrator.token, body or {}, expect=(200, 201))
