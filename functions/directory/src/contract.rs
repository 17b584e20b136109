//! What the contract says of each route, in a function of its handler's name.

use domain::{
    community::Community,
    email::EmailAddress,
    id::{CommunityId, UserId},
    person::{Connection, Member, User},
    settings::Settings,
};
use http_api::{
    code::Code,
    contract::{Map, Operation, Schema, Value, json},
};
use utoipa::ToSchema;

use crate::{
    import::{Import, ImportBody, MAX_RECORDS},
    schema::{asked, shown},
};

fn operation(summary: &str) -> Operation {
    Operation::new("Directory", summary)
}

pub(crate) fn put_user() -> Operation {
    let put = operation("Keeps a user as described")
        .about("Replaces the whole record. Live invitations of the verified address become the user's.")
        .reads(user_body(), vec![("user", user_example())])
        .refuses([Code::EmailTaken]);
    let example = with(user_example(), &json!({"id": "ann", "active": true}));
    of_user(stored(put, shown::<User>().requires("emailVerified").requires("active"), &example))
}

pub(crate) fn delete_user() -> Operation {
    let delete = operation("Erases a user")
        .about(
            "From the first moment on they can do nothing more. Their live invitations are cancelled; name and address vanish \
             from all others. What takes longer than one request may gets 503 and `Retry-After`: the same request \
             goes on from there, until it responds with 204.",
        );
    of_user(removed(delete))
}

pub(crate) fn withdraw_invitations() -> Operation {
    let withdraw = operation("Withdraws all live invitations that a user has sent").about(
        "Silently: nobody is told, and nobody can answer them any more. Requests that await approval go with them. For \
         senders who were removed for abuse; the user may be gone already. Making a user inactive stops them from sending \
         and withdraws nothing: do that first, so that nothing new comes meanwhile.",
    );
    of_user(
        withdraw.responds_nothing(204, "There are none, from now on or all along.").refuses([Code::MalformedRequest]),
    )
}

fn of_user(operation: Operation) -> Operation {
    operation.path::<UserId>("userId", "The user.")
}

pub(crate) fn put_connection() -> Operation {
    let put = operation("Connects two users")
        .about("A connection holds both ways. Both users must be in the directory.")
        .reads(connection_body(), vec![("nothing", json!({}))])
        .refuses([Code::NotInDirectory]);
    of_connection(stored(put, Schema::of::<Connection>(), &json!({"userId": "ann", "otherId": "ben"})))
}

pub(crate) fn delete_connection() -> Operation {
    of_connection(removed(operation("Ends a connection, both ways")))
}

fn of_connection(operation: Operation) -> Operation {
    operation.path::<UserId>("userId", "One user.").path::<UserId>("otherId", "The other user.")
}

pub(crate) fn put_community() -> Operation {
    let put = operation("Keeps a community as described")
        .about("Replaces the whole record.")
        .reads(community_body(), vec![("community", community_example())]);
    let example = with(community_example(), &json!({"id": "chess", "allowInvitations": true}));
    of_community(stored(put, shown::<Community>().requires("allowInvitations"), &example))
}

pub(crate) fn delete_community() -> Operation {
    of_community(removed(operation("Removes a community").about(
        "Its live invitations are cancelled, and nobody moderates it any more. Other memberships stay on record: they mean \
         something again if the platform brings the same id back. Who moderates it then sees no invitation and no count from before. What \
         takes longer than one request may gets 503 and `Retry-After`: the same request goes on from there, until \
         it responds with 204.",
    )))
}

fn of_community(operation: Operation) -> Operation {
    operation.path::<CommunityId>("communityId", "The community.")
}

pub(crate) fn put_member() -> Operation {
    let put = operation("Makes a user a member with a role")
        .about(
            "The community and the user must be in the directory. Whoever becomes a member has no live invitation any more: \
             theirs is cancelled silently.",
        )
        .reads(member_body(), vec![("member", json!({"role": "moderator"}))])
        .refuses([Code::NotInDirectory]);
    let example = json!({"communityId": "chess", "userId": "ann", "role": "moderator"});
    of_member(stored(put, Schema::of::<Member>(), &example))
}

pub(crate) fn delete_member() -> Operation {
    of_member(removed(operation("Ends a membership")))
}

fn of_member(operation: Operation) -> Operation {
    of_user(of_community(operation))
}

pub(crate) fn get_settings() -> Operation {
    shows_settings(operation("Shows the network's settings"), "The settings.")
}

pub(crate) fn put_settings() -> Operation {
    let put = operation("Replaces the network's settings")
        .about("What is left out becomes the default.")
        .reads(settings_body(), vec![("settings", json!({"productName": "Harbour", "invitationLifetimeDays": 14}))])
        .refuses([Code::MalformedRequest, Code::TooLarge, Code::InvalidValue, Code::UnknownMessageToken]);
    shows_settings(put, "The settings from now on.")
}

fn shows_settings(operation: Operation, description: &str) -> Operation {
    let defaults = vec![("defaults", json!(Settings::default()))];
    operation.responds(200, description, shown::<Settings>(), defaults)
}

pub(crate) fn delete_suppression() -> Operation {
    operation("Lets mail go to an address again")
        .about(
            "An address to which mail bounced for good, or whose owner called it spam, gets no more. This lifts that, for \
             when the mailbox is known to be in order. The mail service keeps a list of its own, from which its operator \
             takes the address, too. Mails that did not go out meanwhile are not sent by it. A user whose address the \
             platform has not proven is mailed again once the platform has written them again.",
        )
        .path::<EmailAddress>("address", "The address, percent-encoded.")
        .responds_nothing(204, "Nothing is held against it, from now on or all along.")
        .refuses([Code::MalformedRequest])
}

pub(crate) fn import_records() -> Operation {
    let records = [
        record("user", &["userId"], user_body()),
        record("community", &["communityId"], community_body()),
        record("member", &["communityId", "userId"], member_body()),
        record("connection", &["userId", "otherId"], connection_body()),
    ];
    let choices: Vec<_> = records.iter().map(Schema::reference).collect();
    let mapping = records.iter().map(|record| (kind(record), record.reference()["$ref"].clone()));
    let discriminator = json!({"propertyName": "type", "mapping": mapping.collect::<Map<_, _>>()});
    let one = json!({"oneOf": choices, "discriminator": discriminator});
    let body = Schema::of::<ImportBody>().with("records", &json!({"maxItems": MAX_RECORDS, "items": one}));
    let user = with(user_example(), &json!({"type": "user", "userId": "ann"}));
    let member = json!({"type": "member", "communityId": "chess", "userId": "ann", "role": "member"});
    let kept = with(user_example(), &json!({"id": "ann", "active": true}));
    let results = json!({"results": [
        {"index": 0, "type": "user", "status": 201, "record": kept},
        {"index": 1, "type": "member", "status": 404, "error":
            {"code": "not_in_directory", "detail": "The directory has no such community."}},
    ]});
    let mut operation = operation("Keeps up to 100 records of all kinds")
        .about(
            "One bad record never stops the others; each has a result of its own, in order. Records that have \
             something to do with each other are applied in the order they came in.",
        )
        .reads(body, vec![("records", json!({"records": [user, member]}))])
        .responds(200, "What came of each record.", Schema::of::<Import>(), vec![("results", results)])
        .refuses([Code::MalformedRequest, Code::TooLarge]);
    operation.schemas.extend(records);
    operation
}

/// A response with the record as it is kept from now on.
fn stored(operation: Operation, schema: Schema, example: &Value) -> Operation {
    operation
        .responds(200, "The record, which replaced another.", schema.clone(), vec![("record", example.clone())])
        .responds(201, "The record, which is new.", schema, vec![("record", example.clone())])
        .refuses([Code::MalformedRequest, Code::TooLarge, Code::InvalidValue])
}

fn removed(operation: Operation) -> Operation {
    operation.responds_nothing(204, "It is not there, from now on or all along.").refuses([Code::MalformedRequest])
}

fn user_body() -> Schema {
    asked::<User>("UserBody", "What the platform says of a user.", &["id"])
}

fn community_body() -> Schema {
    asked::<Community>("CommunityBody", "What the platform says of a community.", &["id"])
}

fn member_body() -> Schema {
    asked::<Member>("MemberBody", "What the platform says of a membership.", &["communityId", "userId"])
}

fn connection_body() -> Schema {
    let about = "What the platform says of a connection besides who it joins: nothing.";
    asked::<Connection>("ConnectionBody", about, &["userId", "otherId"])
}

fn settings_body() -> Schema {
    let about = "The settings that the platform wants; what it leaves out becomes the default.";
    asked::<Settings>("SettingsBody", about, &[]).is::<EmailAddress>("supportEmail")
}

/// A record of an import: the body of the route for one of its kind, with what the route has in its path.
fn record(kind: &str, ids: &[&str], body: Schema) -> Schema {
    let mut record = Schema { name: format!("Import{}", body.name.replace("Body", "")), ..body };
    record.value["description"] = format!("As for the route of one {kind}.").into();
    let mut required = vec![json!("type")];
    record.value["properties"]["type"] = json!({"type": "string", "const": kind});
    for id in ids {
        let reference = if *id == "communityId" { reference::<CommunityId>() } else { reference::<UserId>() };
        record.value["properties"][id] = reference;
        required.push(json!(id));
    }
    required.extend(record.value["required"].as_array().cloned().unwrap_or_default());
    record.value["required"] = required.into();
    record.of_request()
}

fn kind(record: &Schema) -> String {
    record.value["properties"]["type"]["const"].as_str().unwrap_or_default().to_owned()
}

fn reference<T: ToSchema>() -> Value {
    Schema::of::<T>().reference()
}

fn user_example() -> Value {
    json!({
        "displayName": "Ann Berg", "profileUrl": "https://community.example.org/people/ann", "email": "ann@example.org",
        "emailVerified": true, "locale": "en",
    })
}

fn community_example() -> Value {
    json!({
        "title": "Chess", "url": "https://community.example.org/chess", "description": "We play on Thursdays.",
        "memberCount": 31, "visibility": "public", "enrolment": "closed",
    })
}

fn with(mut example: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().into_iter().flatten() {
        example[name] = value.clone();
    }
    example
}
