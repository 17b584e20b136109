//! What the contract says of each route. `tests/contract` puts `openapi.yaml` together from it. Only the feature
//! `openapi` has this module; no deployed function carries it.
//!
//! Schemas are derived from the types that are really read and written. What their types do not tell, such as the
//! longest text that passes, is added by naming a field and the constant that the code checks it against.

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a contract that names what is not there must not be written"
)]

use std::{borrow::Cow, collections::BTreeSet, ops::RangeInclusive};

pub use serde_json::{Map, Value, json};
pub use utoipa::openapi;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, ContentBuilder, Header, ObjectBuilder, Ref, RefOr, Required, ResponseBuilder,
        example::ExampleBuilder,
        extensions::Extensions,
        path::{self, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::{RequestBody, RequestBodyBuilder},
        schema::{Schema as Described, Type},
        security::SecurityRequirement,
    },
};

use super::{
    code::Code,
    list::{DEFAULT_LIMIT, ListView, MAX_LIMIT},
    problem::{Fault, Problem, ProblemView},
    route::{Access, Route},
    view::InvitationView,
};
use domain::{Timestamp, id::InvitationId, invitation::Status, message::InvalidMessage, refusal::Refusal};

const JSON: &str = "application/json";

/// What the contract says of one route: utoipa's description, and what goes into it once the whole document is known.
#[derive(Clone)]
pub struct Operation {
    /// The description, as far as it depends on nothing else.
    pub described: path::Operation,
    /// What may stand in the way.
    pub problems: BTreeSet<Code>,
    /// The schemas that it refers to.
    pub schemas: Vec<Schema>,
    /// What it responds in other media types, by status.
    pub others: Vec<(u16, &'static str, Content)>,
}

impl Operation {
    /// An operation that takes and responds nothing yet, in the part of the API that `tag` names.
    pub fn new(tag: &str, summary: &str) -> Self {
        let described = OperationBuilder::new().tag(tag).summary(Some(summary)).build();
        Self { described, problems: BTreeSet::new(), schemas: Vec::new(), others: Vec::new() }
    }

    /// Adds what follows from the route and from its handler's name: the id, who may call, and what all such routes
    /// refuse.
    pub fn on(mut self, route: &Route, handler: &str) -> Self {
        self.described.operation_id = Some(camel_case(handler));
        match route.access {
            Access::Everyone => self.described.security = Some(Vec::<SecurityRequirement>::new()),
            Access::Callers => self.problems.extend(COMMON),
            Access::SiteAdministrators => {
                self.problems.extend(COMMON);
                self.problems.insert(Code::NotSiteAdministrator);
            }
        }
        self
    }

    /// Adds what else a caller should know.
    pub fn about(mut self, description: &str) -> Self {
        self.described.description = Some(description.to_owned());
        self
    }

    /// Adds a parameter of the path.
    pub fn path<T: ToSchema>(mut self, name: &str, description: &str) -> Self {
        let schema = Schema::of::<T>();
        let reference = Ref::from_schema_name(&schema.name);
        self.schemas.push(schema);
        self.parameter(path_parameter(name, description, reference))
    }

    /// Adds an optional parameter of the query or a header.
    pub fn optional(self, place: ParameterIn, name: &str, description: &str, schema: ObjectBuilder) -> Self {
        let parameter = ParameterBuilder::new().name(name).parameter_in(place).required(Required::False);
        self.parameter(parameter.description(Some(description)).schema(Some(schema)).build())
    }

    /// Adds any parameter.
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.described.parameters.get_or_insert_default().push(parameter.into());
        self
    }

    /// Takes a JSON body; where nothing in it is required, leaving it out is the same as `{}`.
    pub fn reads(mut self, schema: Schema, examples: Vec<(impl Into<String>, Value)>) -> Self {
        let schema = schema.of_request();
        let required = if schema.required().is_empty() { Required::False } else { Required::True };
        let body = RequestBodyBuilder::new().content(JSON, content(Ref::from_schema_name(&schema.name), examples));
        self.schemas.push(schema);
        self.reads_body(body.required(Some(required)).build())
    }

    /// Takes a body of any kind.
    pub fn reads_body(mut self, body: RequestBody) -> Self {
        self.described.request_body = Some(body.into());
        self
    }

    /// Responds with JSON.
    pub fn responds(
        mut self,
        status: u16,
        description: &str,
        schema: Schema,
        examples: Vec<(impl Into<String>, Value)>,
    ) -> Self {
        let schema = schema.of_response();
        let content = content(Ref::from_schema_name(&schema.name), examples);
        self.schemas.push(schema);
        self.response(status, ResponseBuilder::new().description(description).content(JSON, content))
    }

    /// Responds in another media type as well, whatever else it responds with that status.
    pub fn also(
        mut self,
        status: u16,
        (media_type, schema, examples): (&'static str, Schema, Vec<(&str, Value)>),
    ) -> Self {
        let schema = schema.of_response();
        self.others.push((status, media_type, content(Ref::from_schema_name(&schema.name), examples)));
        self.schemas.push(schema);
        self
    }

    /// Responds without a body.
    pub fn responds_nothing(self, status: u16, description: &str) -> Self {
        self.response(status, ResponseBuilder::new().description(description))
    }

    /// Shows a page for people.
    pub fn shows(self, status: u16, description: &str) -> Self {
        let html = text().description(Some("An HTML document without scripts."));
        let response = ResponseBuilder::new().description(description);
        self.response(status, response.content("text/html", Content::new(Some(html))))
    }

    /// Serves a file of that media type.
    pub fn serves(self, status: u16, description: &str, media_type: &str) -> Self {
        let response = ResponseBuilder::new().description(description);
        self.response(status, response.content(media_type, Content::new(Some(text()))))
    }

    fn response(mut self, status: u16, response: ResponseBuilder) -> Self {
        let twice = self.described.responses.responses.insert(status.to_string(), response.into());
        assert!(twice.is_none(), "{:?} responds {status} twice", self.described.summary);
        self
    }

    /// Adds a header to the response with that status, which comes first.
    pub fn with_header(mut self, status: u16, name: &str, header: Header) -> Self {
        let Some(RefOr::T(response)) = self.described.responses.responses.get_mut(&status.to_string()) else {
            panic!("{:?} has no response {status}", self.described.summary)
        };
        response.headers.insert(name.to_owned(), header.into());
        self
    }

    /// Adds what may stand in the way.
    pub fn refuses(mut self, codes: impl IntoIterator<Item = Code>) -> Self {
        self.problems.extend(codes);
        self
    }
}

/// What stands in the way of callers on every route.
const COMMON: [Code; 3] = [Code::Unauthenticated, Code::InternalError, Code::Unavailable];

/// The name of a handler as an id in generated clients.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |id, word| format!("{id}{}{}", word[..1].to_uppercase(), &word[1..]))
}

/// A parameter of the path.
pub fn path_parameter(name: &str, description: &str, schema: impl Into<RefOr<Described>>) -> Parameter {
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
    parameter.description(Some(description)).schema(Some(schema)).build()
}

/// What a body looks like, with examples by name.
pub fn content(schema: impl Into<RefOr<Described>>, examples: Vec<(impl Into<String>, Value)>) -> Content {
    let examples = examples.into_iter().map(|(name, value)| (name.into(), ExampleBuilder::new().value(Some(value))));
    ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build()
}

/// The schema of a text.
pub fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// A keyword that utoipa's schemas have no field for.
pub fn keyword(name: &str, value: impl Into<Value>) -> Option<Extensions> {
    Some([(name, value)].into_iter().collect())
}

/// The schema of a type, with those it refers to, as JSON: utoipa's derive takes only literals as ranges, and its
/// types have no place for keywords such as `const`.
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

    /// The fields that must be there.
    fn required(&self) -> &[Value] {
        self.value["required"].as_array().map_or(&[], Vec::as_slice)
    }

    fn field(&mut self, name: &str) -> &mut Map<String, Value> {
        let field = self.value.pointer_mut(&format!("/properties/{name}"));
        field.and_then(Value::as_object_mut).unwrap_or_else(|| panic!("{} has no field {name}", self.name))
    }

    /// A field that may be left out may be null as well; one that must be there may not.
    pub fn of_request(self) -> Self {
        self.without_null(&|required| required)
    }

    /// What a response does not have, it leaves out.
    fn of_response(self) -> Self {
        self.without_null(&|required| !required)
    }

    fn without_null(mut self, never_null: &impl Fn(bool) -> bool) -> Self {
        without_null(&mut self.value, never_null);
        for (_, other) in &mut self.others {
            without_null(other, never_null);
        }
        self
    }
}

/// Takes `null` from the fields that are never null, which depends on whether they are required.
fn without_null(schema: &mut Value, never_null: &impl Fn(bool) -> bool) {
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

/// The response that shows one invitation.
pub fn invitation() -> Schema {
    Schema::of::<InvitationView>()
}

/// An invitation as an example: the routes that respond with one show it in the state they leave it in.
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
    let mut page = json!({"invitations": [example_invitation(Status::Pending)], "nextCursor": "q1dYk0…"});
    if counting {
        page["pendingCount"] = 1.into();
    }
    let cursor = "The `nextCursor` of the page before. It is good for the same caller and the same query. A page may be short although it has one.";
    narrowed(operation, DEFAULT_LIMIT, cursor).responds(
        200,
        "A page: pending invitations first, then status by status, the newest first in each, whatever the size of the pages.",
        Schema::of::<ListView>(),
        vec![("page", page)],
    )
}

/// What narrows a list: a state, and a page of at most so many invitations.
pub fn narrowed(operation: Operation, limit: u32, cursor: &str) -> Operation {
    let statuses = text().enum_values(Some(Status::ALL.map(Status::as_str)));
    let most = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(MAX_LIMIT));
    operation
        .optional(ParameterIn::Query, "status", "Only invitations in this state.", statuses)
        .optional(ParameterIn::Query, "limit", "The most invitations on the page.", most.default(Some(limit.into())))
        .optional(ParameterIn::Query, "cursor", cursor, text())
        .refuses([Code::MalformedRequest, Code::InvalidCursor])
}

/// A command on one invitation, which responds with the invitation as it is afterwards.
pub fn command(tag: &str, summary: &str, after: Status, conflicts: impl IntoIterator<Item = Status>) -> Operation {
    Operation::new(tag, summary)
        .path::<InvitationId>("invitationId", "The invitation.")
        .responds(200, "The invitation as it is now.", invitation(), vec![(after.as_str(), example_invitation(after))])
        .refuses([Code::CallerUnknown, Code::CallerInactive, Code::InvitationNotFound])
        .refuses(conflicts.into_iter().map(Code::of_conflict))
}

/// The schema of problems.
pub fn problem() -> Schema {
    Schema::of::<ProblemView<'_>>().of_response()
}

/// A problem with each code, as the service responds with it.
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
        Refusal::PeopleSearchOff,
        Refusal::NotInvitee,
        Refusal::EmailUnverified,
        Refusal::NotModerator,
        Refusal::NotSender,
        Refusal::AlreadyMember(Status::Pending),
        Refusal::InviteeUnavailable(Status::AwaitingApproval),
        Refusal::SenderMayNotInvite(Status::AwaitingApproval),
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
        Problem::invalid(vec![Fault::new("expiresInDays", "must be a whole number from 1 to 365")]),
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
