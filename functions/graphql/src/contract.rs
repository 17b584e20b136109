//! What the contract says of the route, in a function of its handler's name. What may stand in a document is said by
//! `schema.graphql`.

use http_api::{
    code::Code,
    contract::{EXAMPLE_ID, Operation, Schema, Value, json},
};

use crate::{request::Posted, response::GRAPHQL_RESPONSE};

/// A response of GraphQL.
#[derive(utoipa::ToSchema)]
#[schema(as = GraphqlAnswer)]
#[expect(dead_code, reason = "it describes what the library writes")]
struct DocumentResponse {
    /// What was asked for, in the shape of the document. It is missing if the document was not executed.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
    /// Why the document was not executed, or what failed on our side.
    errors: Option<Vec<GraphqlError>>,
}

/// One fault.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "as above")]
struct GraphqlError {
    message: String,
    /// Where in the document.
    locations: Option<Vec<Location>>,
    /// Where in the data.
    path: Option<Vec<Value>>,
    /// A `code` of the API; of a failure on our side `status` and `requestId` as well, and `retryAfter` where that is
    /// known.
    #[schema(value_type = Option<Object>)]
    extensions: Option<Value>,
}

/// A place in the document.
#[derive(utoipa::ToSchema)]
#[schema(as = GraphqlLocation)]
#[expect(dead_code, reason = "as above")]
struct Location {
    line: u32,
    column: u32,
}

pub(crate) fn execute_graphql() -> Operation {
    let invitation = json!({"id": EXAMPLE_ID, "community": {"id": "2"}, "created": 1_793_534_400});
    let done = json!({"data": {"createCommunityInvitation": {"errors": [], "response": invitation}}});
    let refused = json!({"data": {"acceptCommunityInvitation": {"errors": ["invitation_expired"], "response": null}}});
    let fault =
        |message: &str, code: Code| json!({"errors": [{"message": message, "extensions": {"code": code.as_str()}}]});
    let syntax = fault("Fields are nested 9 levels deep; at most 8 are allowed.", Code::MalformedRequest);
    let busy = fault("The service is busy. Nothing may have been changed; try again in a moment.", Code::Unavailable);
    let broken = fault("Something went wrong on our side.", Code::InternalError);
    let document = "mutation { createCommunityInvitation(communityId: 2, inviteeUserContextId: 345) { errors response { id \
        community { id } created } } }";
    let question = "query Mine($first: Int) { me { invitations(first: $first) { edges { node { id status } } } } }";
    let also = |examples| (GRAPHQL_RESPONSE, Schema::of::<DocumentResponse>(), examples);
    Operation::new("GraphQL", "Executes a document")
        .about(
            "The same use cases, with the same rules and codes. `schema.graphql` says what may be asked for. What a rule \
             refuses stands in the data; `errors` beside it are for a document that is not executed, and for failures on \
             our side. To clients that accept `application/graphql-response+json`, the status tells of them, too.",
        )
        .reads(
            Schema::of::<Posted>(),
            vec![
                ("mutation", json!({"query": document})),
                ("query", json!({"query": question, "operationName": "Mine", "variables": {"first": 10}})),
            ],
        )
        .responds(200, "What the document came to.", Schema::of::<DocumentResponse>(), vec![("done", done.clone()), ("refused", refused.clone())])
        .also(200, also(vec![("done", done), ("refused", refused)]))
        .also(400, also(vec![("notExecuted", syntax)]))
        .also(500, also(vec![("failed", broken)]))
        .also(503, also(vec![("busy", busy)]))
        .refuses([Code::MalformedRequest, Code::TooLarge])
}
