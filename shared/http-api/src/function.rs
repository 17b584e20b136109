//! Runs an HTTP function around its handlers: dispatch, the request id, the log line and problems.
//!
//! The routes of a function are one table, from which dispatch, contract and the watch router follow. The gateway has
//! its routes from `template.yaml`, which `tests/contract` compares with the tables.

use std::{convert::Infallible, env, time::Duration};

use lambda_http::{Body, Request, RequestExt, Response, request::RequestContext};
use percent_encoding::percent_decode_str;

use super::{
    api::Api,
    caller::Claims,
    problem::Problem,
    route::{self, Access, Handler, Route},
};
use domain::id::InvitationId;
use system::now;

pub use runtime::Allocator;

/// The part of a function's time that is kept for its response.
const KEPT_FOR_RESPONSE: Duration = Duration::from_secs(1);
/// The most time that a function has, and what it has where Lambda does not say: as long as template.yaml gives it, and
/// the gateway waits.
const USUAL: Duration = Duration::from_secs(29);

/// A function behind the HTTP API.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name: that of its crate, its binary and its package.
    pub name: &'static str,
    /// What it serves.
    pub routes: &'static [Route],
}

/// Declares the routes of a function: `METHOD "/path" => handler;`, with `, everyone` or `, site_administrators` after
/// the handler where not every caller with a token is meant. With `alone:` before them, the handlers reach no table,
/// and everyone may call them.
///
/// Makes the constant `FUNCTION`, and with the feature `openapi` the function `operations`, which takes the description
/// of each route from the function of the handler's name in the module `contract`.
#[macro_export]
macro_rules! routes {
    (alone: $($method:ident $path:literal => $handler:ident;)+) => {
        $crate::routes! { @ $($handler: $crate::route::Route::alone(stringify!($method), $path, $handler);)+ }
    };
    (@ $($handler:ident: $route:expr;)+) => {
        /// This function and its routes.
        pub const FUNCTION: $crate::function::Function =
            $crate::function::Function { name: env!("CARGO_PKG_NAME"), routes: &[$($route,)+] };

        /// What the contract says of each route.
        #[cfg(feature = "openapi")]
        pub fn operations() -> Vec<($crate::route::Route, $crate::contract::Operation)> {
            let described = [$((stringify!($handler), contract::$handler())),+];
            let routes = FUNCTION.routes.iter().zip(described);
            routes.map(|(route, (handler, operation))| (*route, operation.on(route, handler))).collect()
        }
    };
    ($($method:ident $path:literal => $handler:ident $(, $access:ident)?;)+) => {
        $crate::routes! { @ $(
            $handler:
                $crate::route::Route::new(stringify!($method), $path, |api, request| Box::pin($handler(api, request)))
                    $(.$access())?;
        )+ }
    };
}

/// Serves `function` as a Lambda function until its environment ends.
///
/// # Errors
/// A missing variable, or a runtime that cannot be reached.
pub async fn serve(function: &Function) -> Result<(), lambda_http::Error> {
    runtime::start_logging(function.name);
    let store = runtime::store(&runtime::aws()?).await?;
    let public_base_url = env::var("PUBLIC_BASE_URL").unwrap_or_default();
    let api = &Api { store, claims: Claims::from_environment()?, public_base_url };
    let handle = async |request: Request| Ok::<_, Infallible>(respond(Some(api), function, &request).await);
    lambda_http::run(lambda_http::service_fn(handle)).await
}

/// Serves `function`, all of whose handlers reach nothing, as a Lambda function until its environment ends. It starts
/// without a call to AWS, and its binary has no client for one.
///
/// # Errors
/// A runtime that cannot be reached.
pub async fn serve_alone(function: &Function) -> Result<(), lambda_http::Error> {
    runtime::start_logging(function.name);
    let handle = async |request: Request| Ok::<_, Infallible>(respond(None, function, &request).await);
    lambda_http::run(lambda_http::service_fn(handle)).await
}

/// Has the handler of its route respond to `request`; what goes wrong becomes a problem with the request's id.
///
/// Lambda ends a function that takes too long, and its caller would learn nothing. So the handlers' store waits for
/// nothing beyond what is left of the time, and the response comes before that.
///
/// The log line carries the request id, the status and the code of a problem, and nothing of the request itself.
/// Without `api`, handlers that reach the table fail.
pub async fn respond(api: Option<&Api>, function: &Function, request: &Request) -> Response<Body> {
    let request_id = request_id(request);
    let api = api.map(|api| api.within(time_left(request)));
    let response = handle(api.as_ref(), function, request).await.unwrap_or_else(|problem| {
        tracing::info!(request_id, status = problem.status().as_u16(), code = problem.code(), "refused");
        problem.into_response(&request_id, now())
    });
    tracing::info!(request_id, status = response.status().as_u16(), "responded");
    response
}

/// How long the response to the request may take.
fn time_left(request: &Request) -> Duration {
    let ends = request.lambda_context_ref().and_then(|context| i64::try_from(context.deadline).ok());
    let left = ends.map(|ends| ends - now().as_millisecond()).and_then(|left| u64::try_from(left).ok());
    // A runtime that knows no deadline tells one that is over, or none.
    let left = left.filter(|left| *left > 0).map_or(USUAL, Duration::from_millis);
    left.min(USUAL).saturating_sub(KEPT_FOR_RESPONSE)
}

async fn handle(api: Option<&Api>, function: &Function, request: &Request) -> Result<Response<Body>, Problem> {
    let route = route::find(function.routes, request).ok_or_else(Problem::no_route)?;
    let handler = match route.handler {
        Handler::OfTable(handler) => handler,
        Handler::Alone(handler) => return handler(request),
    };
    let api = api.ok_or_else(Problem::internal)?;
    if route.access == Access::SiteAdministrators {
        api.claims.site_administrator(request)?;
    }
    handler(api, request).await
}

/// Returns the id of the invitation that the path names.
///
/// # Errors
/// 404 if the text cannot be the id of one: what cannot exist is not there.
pub fn invitation_id(request: &Request) -> Result<InvitationId, Problem> {
    invitation_named(&parameter(request, "invitationId").unwrap_or_default())
}

/// Returns the id of the invitation that the text names.
///
/// # Errors
/// As [`invitation_id`].
pub fn invitation_named(text: &str) -> Result<InvitationId, Problem> {
    text.parse().map_err(|_| domain::refusal::Refusal::InvitationNotFound.into())
}

/// Parses the path parameter `name`.
///
/// # Errors
/// 400 that names the parameter.
pub fn path<T: std::str::FromStr<Err: ToString>>(request: &Request, name: &str) -> Result<T, Problem> {
    let text = parameter(request, name).unwrap_or_default();
    text.parse().map_err(|error: T::Err| Problem::malformed(name, error))
}

/// Returns the path parameter `name` as its writer meant it; `None` if the route has none.
///
/// API Gateway hands over what it has decoded, `cargo lambda watch` and other gateways what stands in the path. No id
/// and no token has a per cent sign, and no address that is in use has one before two hex digits, so decoding what is
/// decoded already changes nothing that could be meant. A plus sign in a path means itself.
pub fn parameter(request: &Request, name: &str) -> Option<String> {
    let parameters = request.path_parameters();
    let text = parameters.first(name)?;
    // What is no text stays as it came, and does not parse.
    Some(percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), Into::into))
}

/// Returns the gateway's id of the request, under which the log knows it.
pub fn request_id(request: &Request) -> String {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone().unwrap_or_default(),
        _ => String::new(),
    }
}
