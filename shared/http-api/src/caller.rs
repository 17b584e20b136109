//! Tells who is calling, from the claims that the gateway's JWT authorizer has verified.

use std::{collections::HashMap, env};

use lambda_http::{Request, RequestExt, request::RequestContext};

use super::problem::Problem;
use domain::person::Caller;

/// The names of the claims that say who a caller is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The claim with the user's id.
    pub user_id: String,
    /// The claim that lists groups or scopes.
    pub administrator: String,
    /// The group or scope that makes a site administrator.
    pub administrator_value: String,
}

impl Claims {
    /// Reads the names from the variables that the template sets.
    pub fn from_environment() -> Self {
        let or =
            |name, default: &str| env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or(default.to_owned());
        Self {
            user_id: or("USER_ID_CLAIM", "sub"),
            administrator: or("ADMINISTRATOR_CLAIM", "cognito:groups"),
            administrator_value: or("ADMINISTRATOR_VALUE", "administrators"),
        }
    }

    /// Returns the caller of `request`.
    ///
    /// # Errors
    /// 401 if no verified claims came with it, or none that name a user.
    pub fn caller(&self, request: &Request) -> Result<Caller, Problem> {
        let claims = verified_claims(request).ok_or_else(Problem::unauthenticated)?;
        let id = claims.get(&self.user_id).and_then(|id| id.parse().ok()).ok_or_else(Problem::unauthenticated)?;
        let listed = claims.get(&self.administrator).map(String::as_str).unwrap_or_default();
        Ok(Caller {
            id,
            site_administrator: members(listed).any(|member| member == self.administrator_value),
            email: claims.get("email").and_then(|email| email.parse().ok()),
            email_verified: claims.get("email_verified").is_some_and(|verified| verified == "true"),
        })
    }

    /// Returns the caller of `request`, who must be a site administrator or a machine client with that scope.
    ///
    /// # Errors
    /// As [`Claims::caller`], and 403 for anyone else.
    pub fn site_administrator(&self, request: &Request) -> Result<Caller, Problem> {
        let caller = self.caller(request)?;
        if caller.site_administrator { Ok(caller) } else { Err(Problem::site_administrators_only()) }
    }
}

/// Returns the members of a list claim. The gateway hands a JSON array on as `[a b]`; scopes come separated by spaces.
fn members(claim: &str) -> impl Iterator<Item = &str> {
    claim.split([' ', ',', '[', ']', '"']).filter(|member| !member.is_empty())
}

fn verified_claims(request: &Request) -> Option<HashMap<String, String>> {
    if let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref()
        && let Some(jwt) = context.authorizer.as_ref().and_then(|authorizer| authorizer.jwt.as_ref())
    {
        return Some(jwt.claims.clone());
    }
    #[cfg(debug_assertions)]
    return unverified_claims(request);
    #[cfg(not(debug_assertions))]
    None
}

/// `cargo lambda watch` has no authorizer. In a debug build, and only there, the bearer token's claims are taken at
/// their word, so that the same `curl` works against both.
#[cfg(debug_assertions)]
fn unverified_claims(request: &Request) -> Option<HashMap<String, String>> {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use lambda_http::http::header::AUTHORIZATION;

    let token = request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: HashMap<String, serde_json::Value> = serde_json::from_slice(&payload).ok()?;
    let text = |value: serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(claims.into_iter().map(|(name, value)| (name, text(value))).collect())
}
