//! What each function says of its own routes, in the words of OpenAPI. `tests/contract` puts `openapi.yaml` together from
//! it. Only the feature `openapi` has this module; no deployed function carries it.
//!
//! Schemas are derived from the types that are really read and written. What their types do not tell, such as the
//! longest text that passes, is added by naming a field and the constant that the code checks it against.

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a contract that names what is not there must not be written"
)]

use std::{borrow::Cow, ops::RangeInclusive};

pub use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Schema as Described, Type},
    },
};

use super::{
    code::Code,
    list::{DEFAULT_LIMIT, ListView, MAX_LIMIT},
    problem::{Fault, Problem, Wire},
    view::InvitationView,
};
use domain::{Timestamp, id::InvitationId, invitation::Status, message::InvalidMessage, refusal::Refusal};

/// One operation: a method on a route.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The HTTP method.
    pub method: &'static str,
    /// The route, with its parameters in braces.
    pub path: &'static str,
    /// A name for generated clients.
    pub id: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else a caller should know.
    pub description: &'static str,
    /// Whether it asks for no token.
    pub public: bool,
    /// Its parameters, as OpenAPI describes them.
    pub parameters: Vec<Value>,
    /// What it reads: media type, schema and examples.
    pub body: Option<Content>,
    /// Its answers when all is well, and its pages.
    pub answers: Vec<Answer>,
    /// What may stand in the way, besides what is common to all.
    pub problems: Vec<Code>,
    /// The schemas that it refers to.
    pub schemas: Vec<Schema>,
}

/// A body: its media type, its schema, and examples by name.
#[derive(Debug, Clone)]
pub struct Content {
    /// Such as `application/json`.
    pub media_type: &'static str,
    /// The schema, or a reference to it.
    pub schema: Value,
    /// Examples: name and value.
    pub examples: Vec<(String, Value)>,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What it says.
    pub description: &'static str,
    /// Its headers, by name.
    pub headers: Vec<(&'static str, Value)>,
    /// Its body, if it has one.
    pub content: Option<Content>,
}

impl Operation {
    /// An operation that takes and answers nothing yet.
    pub fn new(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Self {
        let nothing = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (parameters, answers, problems, schemas) = nothing;
        let (description, public, body) = ("", false, None);
        Self { method, path, id, summary, description, public, parameters, body, answers, problems, schemas }
    }

    /// Adds what else a caller should know.
    pub fn about(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// The token in the path is all that is asked for.
    pub fn public(self) -> Self {
        Self { public: true, ..self }
    }

    /// A parameter of the path.
    pub fn path<T: ToSchema>(mut self, name: &'static str, description: &str) -> Self {
        let schema = Schema::of::<T>();
        let parameter = json!({
            "name": name, "in": "path", "required": true, "description": description, "schema": schema.reference(),
        });
        self.parameters.push(parameter);
        self.schemas.push(schema);
        self
    }

    /// A parameter of the path that is described on the spot.
    pub fn path_like(mut self, name: &'static str, description: &str, schema: &Value) -> Self {
        self.parameters.push(json!({
            "name": name, "in": "path", "required": true, "description": description, "schema": schema,
        }));
        self
    }

    /// An optional parameter of the query or a header.
    pub fn optional(mut self, place: &str, name: &'static str, description: &str, schema: &Value) -> Self {
        self.parameters.push(json!({"name": name, "in": place, "description": description, "schema": schema}));
        self
    }

    /// A JSON body; without `required`, leaving it out is the same as `{}`.
    pub fn reads(mut self, schema: Schema, examples: Vec<(impl Into<String>, Value)>) -> Self {
        let schema = schema.of_request();
        self.body = Some(Content::json(&schema, examples));
        self.schemas.push(schema);
        self
    }

    /// A JSON answer.
    pub fn answers(
        mut self,
        status: u16,
        description: &'static str,
        schema: Schema,
        examples: Vec<(impl Into<String>, Value)>,
    ) -> Self {
        let schema = schema.of_answer();
        let content = Some(Content::json(&schema, examples));
        self.answers.push(Answer { status, description, headers: Vec::new(), content });
        self.schemas.push(schema);
        self
    }

    /// A header of the answer that was added last.
    pub fn with_header(mut self, name: &'static str, description: &str, schema: &Value) -> Self {
        let header = json!({"description": description, "schema": schema});
        self.answers.last_mut().expect("an answer comes first").headers.push((name, header));
        self
    }

    /// An answer without a body.
    pub fn answers_nothing(mut self, status: u16, description: &'static str) -> Self {
        self.answers.push(Answer { status, description, headers: Vec::new(), content: None });
        self
    }

    /// A page for people.
    pub fn shows(mut self, status: u16, description: &'static str) -> Self {
        let schema = json!({"type": "string", "description": "An HTML document without scripts."});
        let content = Content { media_type: "text/html", schema, examples: Vec::new() };
        self.answers.push(Answer { status, description, headers: Vec::new(), content: Some(content) });
        self
    }

    /// What may stand in the way.
    pub fn refuses(mut self, codes: impl IntoIterator<Item = Code>) -> Self {
        self.problems.extend(codes);
        self
    }
}

impl Content {
    fn json(schema: &Schema, examples: Vec<(impl Into<String>, Value)>) -> Self {
        let examples = examples.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Self { media_type: "application/json", schema: schema.reference(), examples }
    }
}

/// The schema of a type, with those it refers to.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// What it looks like.
    pub value: Value,
    /// The others, by name.
    pub others: Vec<(String, Value)>,
}

impl Schema {
    /// The schema that is derived from the type.
    pub fn of<T: ToSchema>() -> Self {
        let mut others = Vec::new();
        T::schemas(&mut others);
        let value = |schema: RefOr<Described>| serde_json::to_value(schema).expect("a schema is JSON");
        let others = others.into_iter().map(|(name, schema)| (name, value(schema))).collect();
        Self { name: T::name().into_owned(), value: value(T::schema()), others }
    }

    /// A reference to it.
    pub fn reference(&self) -> Value {
        json!({"$ref": format!("#/components/schemas/{}", self.name)})
    }

    /// How long the text of a field may be, in characters.
    pub fn chars(self, field: &str, range: &RangeInclusive<usize>) -> Self {
        self.with(field, &json!({"minLength": range.start(), "maxLength": range.end()}))
    }

    /// How large the number of a field may be.
    pub fn whole<T: Copy + Into<u64>>(self, field: &str, range: &RangeInclusive<T>) -> Self {
        let (from, to): (u64, u64) = ((*range.start()).into(), (*range.end()).into());
        self.with(field, &json!({"minimum": from, "maximum": to}))
    }

    /// Keywords for a field.
    pub fn with(mut self, field: &str, keywords: &Value) -> Self {
        let described = self.field(field);
        for (keyword, value) in keywords.as_object().expect("keywords") {
            described.insert(keyword.clone(), value.clone());
        }
        self
    }

    /// A field is read as text first, so that all faults are told at once, but it is one of that type.
    pub fn is<T: ToSchema>(mut self, field: &str) -> Self {
        let of = Self::of::<T>();
        let reference = of.reference();
        self.others.push((of.name, of.value));
        self.others.extend(of.others);
        let described = self.field(field);
        for keyword in ["type", "format"] {
            described.remove(keyword);
        }
        described.insert("oneOf".to_owned(), json!([reference, {"type": "null"}]));
        self
    }

    /// A field that is checked later must be there.
    pub fn requires(mut self, field: &str) -> Self {
        self.field(field);
        let object = self.value.as_object_mut().expect("an object");
        let required = object.entry("required").or_insert_with(|| json!([]));
        required.as_array_mut().expect("a list").push(field.into());
        self
    }

    fn field(&mut self, name: &str) -> &mut Map<String, Value> {
        let field = self.value.pointer_mut(&format!("/properties/{name}"));
        field.and_then(Value::as_object_mut).unwrap_or_else(|| panic!("{} has no field {name}", self.name))
    }

    /// A field that may be left out may be null as well; one that must be there may not.
    pub fn of_request(self) -> Self {
        self.settle(&|required| required)
    }

    /// What an answer does not have, it leaves out.
    fn of_answer(self) -> Self {
        self.settle(&|required| !required)
    }

    fn settle(mut self, never_null: &impl Fn(bool) -> bool) -> Self {
        settle(&mut self.value, never_null);
        for (_, other) in &mut self.others {
            settle(other, never_null);
        }
        self
    }
}

fn settle(schema: &mut Value, never_null: &impl Fn(bool) -> bool) {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (name, field) in fields {
        if !never_null(required.contains(&name.as_str().into())) {
            continue;
        }
        let field = field.as_object_mut().expect("a schema");
        if field.get("default").is_some_and(Value::is_null) {
            field.remove("default");
        }
        if let Some(types) = field.get_mut("type").filter(|types| types.is_array()) {
            *types = types[0].clone();
        }
        if let Some(Value::Array(choices)) = field.remove("oneOf") {
            let choices: Vec<_> = choices.into_iter().filter(|choice| choice["type"] != "null").collect();
            match <[Value; 1]>::try_from(choices) {
                Ok([Value::Object(only)]) => field.extend(only),
                Ok(_) => {}
                Err(choices) => drop(field.insert("oneOf".to_owned(), choices.into())),
            }
        }
    }
}

/// The answer that shows one invitation.
pub fn invitation() -> Schema {
    Schema::of::<InvitationView<'_>>()
}

/// An invitation as an example: the routes that answer with one show it in the state they leave it in.
pub fn example_invitation(status: Status) -> Value {
    let mut invitation = json!({
        "id": EXAMPLE_ID,
        "communityId": "chess",
        "community": {"id": "chess", "title": "Chess", "url": "https://community.example.org/chess", "type": "community"},
        "sender": {"id": "mona", "displayName": "Mona Lund", "profileUrl": "https://community.example.org/people/mona"},
        "invitee": {"userId": "ann", "displayName": "Ann Berg"},
        "status": status.as_str(),
        "message": "Mona Lund has invited you to join the Chess community.",
        "createdAt": "2026-11-01T12:00:00Z",
        "expiresAt": "2026-12-01T12:00:00Z",
        "actions": [],
    });
    if matches!(status, Status::Accepted | Status::Declined) {
        invitation["answeredAt"] = "2026-11-02T08:30:00Z".into();
    }
    if status == Status::Rejected {
        invitation["decidedBy"] = "olga".into();
        invitation["reason"] = "The club is full until spring.".into();
    }
    if !matches!(status, Status::AwaitingApproval | Status::Rejected) {
        invitation["delivery"] = json!({"state": "sent", "at": "2026-11-01T12:00:01Z"});
    }
    invitation
}

/// The id in examples.
pub const EXAMPLE_ID: &str = "01KZ7Q3V9MZ4T8X2C6B1N5D0FA";

/// What every list has in common.
pub fn list(operation: Operation, counting: bool) -> Operation {
    let statuses: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
    let mut page = json!({"invitations": [example_invitation(Status::Pending)], "nextCursor": "q1dYk0…"});
    if counting {
        page["pendingCount"] = 1.into();
    }
    let page = ("page", page);
    operation
        .optional("query", "status", "Only invitations in this state.", &json!({"type": "string", "enum": statuses}))
        .optional(
            "query",
            "limit",
            "The most invitations on the page.",
            &json!({"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}),
        )
        .optional(
            "query",
            "cursor",
            "The `nextCursor` of the page before. It is good for the same caller and the same query.",
            &json!({"type": "string"}),
        )
        .answers(
            200,
            "A page, newest first, pending invitations before all others.",
            Schema::of::<ListView<'_>>(),
            vec![page],
        )
        .refuses([Code::MalformedRequest, Code::InvalidCursor])
}

/// A command on one invitation, answered with the invitation as it is afterwards.
pub fn command(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    after: Status,
    conflicts: impl IntoIterator<Item = Status>,
) -> Operation {
    Operation::new("POST", path, id, summary)
        .path::<InvitationId>("invitationId", "The invitation.")
        .answers(200, "The invitation as it is now.", invitation(), vec![(after.as_str(), example_invitation(after))])
        .refuses([Code::CallerUnknown, Code::CallerInactive, Code::InvitationNotFound])
        .refuses(conflicts.into_iter().map(Code::of_conflict))
}

/// The schema of problems.
pub fn problem() -> Schema {
    Schema::of::<Wire<'_>>().of_answer()
}

/// A problem with each code, as the service answers it.
pub fn example_problems() -> Vec<(Code, Value)> {
    let now: Timestamp = "2026-11-01T12:00:00Z".parse().expect("a time");
    let until: Timestamp = "2026-11-01T12:29:59Z".parse().expect("a time");
    let refusals = [
        Refusal::InvitationNotFound,
        Refusal::CommunityNotFound,
        Refusal::CallerUnknown,
        Refusal::CallerInactive,
        Refusal::NotAMember,
        Refusal::InvitersAreAdministrators,
        Refusal::CommunityPrivate,
        Refusal::InvitationsNotAllowed,
        Refusal::NotInvitee,
        Refusal::EmailUnverified,
        Refusal::NotModerator,
        Refusal::NotSender,
        Refusal::AlreadyMember(Status::Pending),
        Refusal::InviteeUnavailable(Status::AwaitingApproval),
        Refusal::ResentRecently { until },
        Refusal::DailyQuotaUsed { until },
        Refusal::RegistrationNeeded,
        Refusal::SignInNeeded,
        Refusal::NotInDirectory("user"),
        Refusal::EmailTaken,
        Refusal::RequestStillRunning { until },
        Refusal::TooManyRecipients { found: 120, most: domain::settings::MAX_RECIPIENTS },
        Refusal::IdempotencyKeyReused,
    ];
    let conflicts = Status::ALL.into_iter().map(Refusal::Conflict);
    let others = [
        Problem::malformed("limit", format!("must be a whole number from 1 to {MAX_LIMIT}")),
        Problem::invalid_cursor(),
        Problem::unauthenticated(),
        Problem::site_administrators_only(),
        Problem::no_route(),
        Problem::too_large("body", format!("must be at most {} bytes", super::body::MAX_BODY)),
        Problem::invalid(vec![Fault::new("expiresInDays", "must be from 1 to 365")]),
        Problem::unknown_tokens("message", InvalidMessage::UnknownTokens(vec!["%name%".to_owned()])),
        Problem::internal(),
        Problem::unavailable(now),
    ];
    let all = refusals.into_iter().chain(conflicts).map(Problem::from).chain(others);
    all.map(|problem| problem.example(REQUEST_ID, now)).collect()
}

const REQUEST_ID: &str = "T2xHdj0pIAMEVyQ=";

impl PartialSchema for Code {
    fn schema() -> RefOr<Described> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What is wrong, for programs. Codes are stable; later versions may add some."))
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .build()
            .into()
    }
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        "Code".into()
    }
}
