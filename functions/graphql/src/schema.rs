//! The schema, and how a document that keeps to the limits is executed.

use std::sync::LazyLock;

use async_graphql::{
    EmptySubscription, Name, Request, Response,
    parser::types::{ExecutableDocument, OperationType},
};

use crate::{
    limits::MAX_COMPLEXITY, mutation::Mutation, page::Pages, query::Query, request::Posted, response, session::Session,
};

type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    Schema::build(Query, Mutation, EmptySubscription).limit_complexity(MAX_COMPLEXITY).disable_suggestions().finish()
});

/// Makes the schema, if it is not made yet.
pub(crate) fn prepare() {
    LazyLock::force(&SCHEMA);
}

/// Returns the schema in GraphQL's own language.
pub fn sdl() -> String {
    SCHEMA.sdl()
}

/// Executes the document.
pub(crate) async fn execute(document: ExecutableDocument, posted: Posted, session: Session) -> Response {
    let is_chosen = |name: Option<&Name>| {
        posted.operation_name.is_none() || name.map(Name::as_str) == posted.operation_name.as_deref()
    };
    let mut chosen = document.operations.iter().filter(|(name, _)| is_chosen(*name));
    let asks = chosen.all(|(_, operation)| operation.node.ty == OperationType::Query);
    let mut request = Request::new(posted.query).variables(posted.variables).data(session).data(Pages::default());
    request.operation_name = posted.operation_name;
    request.set_parsed_query(document);
    let done = SCHEMA.execute(request).await;
    if asks { response::to_question(done) } else { done }
}
