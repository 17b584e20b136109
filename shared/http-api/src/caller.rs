//! Tells who is calling, from the claims that the gateway's JWT authorizer has verified.

use std::collections::HashMap;

use lambda_http::{Request, RequestExt, request::RequestContext};
use runtime::{MissingVariable, variable};

use super::problem::Problem;
use domain::person::Caller;

/// The claims whose text is a list, since none of their members can have a space: Cognito's groups, whose names take
/// none, and the scopes of OAuth (RFC 6749, section 3.3), which some providers call `scp`.
const LISTS: [&str; 3] = ["cognito:groups", "scope", "scp"];

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
    /// Reads the names from the variables that the template sets. None has a default here: what makes an administrator
    /// is never a guess.
    ///
    /// # Errors
    /// [`MissingVariable`] if one is not set.
    pub fn from_environment() -> Result<Self, MissingVariable> {
        Ok(Self {
            user_id: variable("USER_ID_CLAIM")?,
            administrator: variable("ADMINISTRATOR_CLAIM")?,
            administrator_value: variable("ADMINISTRATOR_VALUE")?,
        })
    }

    /// Returns the caller of `request`.
    ///
    /// # Errors
    /// 401 if no verified claims came with it, or none that name a user.
    pub fn caller(&self, request: &Request) -> Result<Caller, Problem> {
        let claims = verified_claims(request).ok_or_else(Problem::unauthenticated)?;
        let id = claims.get(&self.user_id).and_then(|id| id.parse().ok()).ok_or_else(Problem::unauthenticated)?;
        let said = claims.get(&self.administrator);
        Ok(Caller {
            id,
            site_administrator: said.is_some_and(|said| holds(&self.administrator, said, &self.administrator_value)),
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

/// Whether the text of the claim `name` is `value`, or a list with that member.
///
/// A JSON array says itself what its members are. The gateway, however, hands an array on as `[a b]`, so that one
/// member with a space reads like two: in a claim that is not known to have no such members, it says nothing for
/// certain, and grants nothing.
fn holds(name: &str, text: &str, value: &str) -> bool {
    if let Ok(members) = serde_json::from_str::<Vec<String>>(text) {
        return members.iter().any(|member| member == value);
    }
    if LISTS.contains(&name) {
        let array = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        return array.unwrap_or(text).split(' ').any(|member| member == value);
    }
    text == value
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Claims, LISTS, holds};

    const VALUE: &str = "administrators";

    #[test]
    fn without_its_variables_nobody_is_let_in_by_a_guess() {
        assert!(Claims::from_environment().is_err());
    }

    #[test]
    fn a_list_holds_its_members_as_whole_values() {
        for claim in LISTS {
            for text in [
                "administrators",
                "[administrators]",
                "[editors administrators]",
                "[administrators editors]",
                "openid administrators",
                r#"["editors","administrators"]"#,
                r#"[ "administrators" ]"#,
            ] {
                assert!(holds(claim, text, VALUE), "{claim}: {text}");
            }
            for text in [
                "",
                "[]",
                "[network-administrators]",
                "[administrators-of-chess editors]",
                "editors,administrators",
                "[editors,administrators]",
                "[\"administrators\" editors]",
                "[[administrators]]",
                "[administrators",
                r#"["network administrators"]"#,
                r#"[["administrators"]]"#,
                r#"{"administrators": true}"#,
                "Administrators",
            ] {
                assert!(!holds(claim, text, VALUE), "{claim}: {text}");
            }
        }
    }

    #[test]
    fn what_may_be_one_member_with_a_space_is_nobodys_right() {
        for claim in ["groups", "https://example.org/roles", "custom:role"] {
            for text in
                ["[Network administrators]", "[administrators]", "Network administrators", "editors administrators"]
            {
                assert!(!holds(claim, text, VALUE), "{claim}: {text}");
            }
            for text in ["administrators", r#"["Network","administrators"]"#] {
                assert!(holds(claim, text, VALUE), "{claim}: {text}");
            }
            assert!(!holds(claim, r#"["Network administrators"]"#, VALUE));
        }
    }

    proptest! {
        #[test]
        fn no_name_that_merely_contains_the_value_holds_it(before in "[a-zA-Z.:/ -]{0,8}", after in "[a-zA-Z.:/ -]{0,8}") {
            prop_assume!(!before.is_empty() || !after.is_empty());
            let name = format!("{before}{VALUE}{after}");
            let array = serde_json::to_string(&[&name]).unwrap();
            for (claim, text) in [("groups", name.clone()), ("groups", format!("[{name}]")), ("groups", array.clone()),
                ("cognito:groups", array), ("scope", name.replace(' ', "-"))]
            {
                prop_assert!(!holds(claim, &text, VALUE), "{claim}: {text}");
            }
        }
    }
}
