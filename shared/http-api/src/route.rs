//! A route, and which one a request came on.

use std::pin::Pin;

use lambda_http::{Body, Request, RequestExt, Response, request::RequestContext};

use super::{api::Api, problem::Problem};

/// What responds to a request that came on its route; its type tells what it can reach.
#[derive(Debug, Clone, Copy)]
pub enum Handler {
    /// Reaches the table.
    OfTable(for<'a> fn(&'a Api, &'a Request) -> Handled<'a>),
    /// Reaches nothing: all that it responds with is in its binary.
    Alone(fn(&Request) -> Result<Response<Body>, Problem>),
}

/// The work of a handler that reaches the table.
pub type Handled<'a> = Pin<Box<dyn Future<Output = Result<Response<Body>, Problem>> + Send + 'a>>;

/// One route: a method and a path, who may call it, and what responds.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with its parameters in braces. A last one that ends in `+` stands for one segment or several.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What responds.
    pub handler: Handler,
}

/// Who may call a route, as far as the token alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Callers with a token; what they may do depends on the invitation or the community.
    Callers,
    /// Site administrators and machine clients.
    SiteAdministrators,
    /// Everyone: what is asked for is a secret in the path, or nothing.
    Everyone,
}

impl Route {
    /// A route for callers.
    pub const fn new(
        method: &'static str,
        path: &'static str,
        handler: for<'a> fn(&'a Api, &'a Request) -> Handled<'a>,
    ) -> Self {
        Self { method, path, access: Access::Callers, handler: Handler::OfTable(handler) }
    }

    /// A route to what is the same for everyone and needs no table.
    pub const fn alone(
        method: &'static str,
        path: &'static str,
        handler: fn(&Request) -> Result<Response<Body>, Problem>,
    ) -> Self {
        Self { method, path, access: Access::Everyone, handler: Handler::Alone(handler) }
    }

    /// The same route for site administrators alone.
    pub const fn site_administrators(self) -> Self {
        Self { access: Access::SiteAdministrators, ..self }
    }

    /// The same route for everyone.
    pub const fn everyone(self) -> Self {
        Self { access: Access::Everyone, ..self }
    }

    /// Returns whether the path ends as the route does; a stage or the base path of a domain may stand before it.
    fn fits(&self, path: &str) -> bool {
        let mut above = path.match_indices('/').map(|(at, _)| &path[..at]);
        match self.path.rsplit_once('/') {
            Some((before, last)) if last.ends_with("+}") => above.any(|path| ends_as(before, path)),
            _ => ends_as(self.path, path),
        }
    }

    /// Counts the segments of its path that the route spells out.
    fn literals(&self) -> usize {
        self.path.split('/').filter(|part| !part.starts_with('{')).count()
    }
}

/// Whether the path ends as the pattern says.
fn ends_as(pattern: &str, path: &str) -> bool {
    let mut segments = path.rsplit('/');
    let mut parts = pattern.trim_start_matches('/').rsplit('/');
    parts.all(|part| segments.next().is_some_and(|segment| part.starts_with('{') || part == segment))
}

/// Finds the route that `request` came on.
///
/// The gateway names it. `cargo lambda watch` does not: there, of the routes that fit the path, the one that spells out
/// the most is taken, as the gateway does.
pub fn find<'a>(routes: &'a [Route], request: &Request) -> Option<&'a Route> {
    let named = named(request);
    routes.iter().find(|route| named == Some((route.method, route.path))).or_else(|| {
        let (method, path) = (request.method().as_str(), request.raw_http_path());
        let fitting = routes.iter().filter(|route| route.method == method && route.fits(path));
        fitting.max_by_key(|route| route.literals())
    })
}

/// Returns the method and the path of the route that the gateway took.
fn named(request: &Request) -> Option<(&str, &str)> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.route_key.as_deref()?.split_once(' '),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const fn route(method: &'static str, path: &'static str) -> Route {
        Route::new(method, path, |_, _| Box::pin(async { Ok(Response::new(Body::Empty)) }))
    }

    const ROUTES: [Route; 8] = [
        route("GET", "/i/{proxy+}"),
        route("GET", "/me/invitations"),
        route("GET", "/communities/{communityId}/invitations"),
        route("GET", "/communities/{communityId}/invitations/{name}"),
        route("GET", "/communities/{communityId}/invitations/stats"),
        route("PUT", "/i/{proxy+}"),
        route("GET", "/directory/users/{userId}"),
        route("GET", "/directory/settings"),
    ];

    fn found(route_key: &str, method: &str, path: &str) -> Option<(&'static str, &'static str)> {
        let event = json!({
            "version": "2.0", "routeKey": route_key, "rawPath": path, "rawQueryString": "", "headers": {},
            "requestContext": {
                "http": {"method": method, "path": path}, "routeKey": route_key, "stage": "$default", "timeEpoch": 0,
            },
            "isBase64Encoded": false,
        });
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        find(&ROUTES, &request).map(|route| (route.method, route.path))
    }

    #[test]
    fn the_gateway_names_the_route() {
        let key = "GET /communities/{communityId}/invitations";
        assert_eq!(found(key, "GET", "/communities/a/b/invitations/stats"), key.split_once(' '));
    }

    #[test]
    fn a_path_is_enough_and_may_have_anything_before_it() {
        for prefix in ["", "/local", "/_aws/execute-api/api1/local"] {
            for (path, route) in [
                ("/i/secret", Some("/i/{proxy+}")),
                ("/i/secret/", Some("/i/{proxy+}")),
                ("/i/secret/and/more", Some("/i/{proxy+}")),
                ("/i", None),
                ("/me/invitations", Some("/me/invitations")),
                ("/communities/me/invitations", Some("/communities/{communityId}/invitations")),
                ("/communities/chess/invitations/stats", Some("/communities/{communityId}/invitations/stats")),
                ("/communities/chess/invitations/sums", Some("/communities/{communityId}/invitations/{name}")),
                ("/directory/users/directory", Some("/directory/users/{userId}")),
                ("/v1/directory/settings", Some("/directory/settings")),
                ("/invitations/1", None),
                ("/communities/chess", None),
                ("/invitations", None),
                ("", None),
            ] {
                let path = format!("{prefix}{path}");
                assert_eq!(found("$default", "GET", &path), route.map(|route| ("GET", route)), "{path}");
            }
        }
    }

    #[test]
    fn the_method_is_part_of_the_route() {
        assert_eq!(found("$default", "PUT", "/i/secret"), Some(("PUT", "/i/{proxy+}")));
        assert_eq!(found("$default", "POST", "/i/secret"), None);
        assert_eq!(found("POST /i/{proxy+}", "POST", "/i/secret"), None);
    }
}
