//! People who sign up with the stack's identity provider, and tokens that the API must not take.

use serde_json::{Value, json};

use super::{Stack, call, free_address};
use crate::eventually;

/// Of people who exist for one test.
const PASSWORD: &str = "a-Passw0rd-for-tests";

impl Stack {
    /// Signs a new person up with the stack's own identity provider; returns their id and a token.
    pub fn sign_up(&self, email: &str, verified: bool) -> (String, String) {
        self.sign_up_with(&self.user_pool_id, &self.client_id, email, verified)
    }

    fn sign_up_with(&self, pool: &str, client: &str, email: &str, verified: bool) -> (String, String) {
        let created = self.cognito(
            "AdminCreateUser",
            &json!({
                "UserPoolId": pool,
                "Username": email,
                "MessageAction": "SUPPRESS",
                "UserAttributes": [
                    {"Name": "email", "Value": email},
                    {"Name": "email_verified", "Value": verified.to_string()},
                ],
            }),
        );
        let attributes = created["User"]["Attributes"].as_array().unwrap();
        let id = attributes.iter().find(|attribute| attribute["Name"] == "sub").unwrap()["Value"].as_str().unwrap();
        self.cognito(
            "AdminSetUserPassword",
            &json!({"UserPoolId": pool, "Username": email, "Password": PASSWORD, "Permanent": true}),
        );
        (id.to_owned(), self.sign_in(pool, client, email))
    }

    fn sign_in(&self, pool: &str, client: &str, email: &str) -> String {
        let signed_in = self.cognito(
            "AdminInitiateAuth",
            &json!({
                "UserPoolId": pool,
                "ClientId": client,
                "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
                "AuthParameters": {"USERNAME": email, "PASSWORD": PASSWORD},
            }),
        );
        signed_in["AuthenticationResult"]["IdToken"].as_str().unwrap().to_owned()
    }

    /// Returns a token of the stack's own identity provider, made for another application than this API.
    pub fn token_for_another_application(&self) -> String {
        let client = self.create_client(&self.user_pool_id);
        self.sign_up_with(&self.user_pool_id, &client, &free_address(), true).1
    }

    /// Returns a token of an identity provider that the stack does not know.
    pub fn token_of_another_issuer(&self) -> String {
        let created = self.cognito("CreateUserPool", &json!({"PoolName": "another", "UsernameAttributes": ["email"]}));
        let pool = created["UserPool"]["Id"].as_str().unwrap();
        self.sign_up_with(pool, &self.create_client(pool), &free_address(), true).1
    }

    fn create_client(&self, pool: &str) -> String {
        let wanted = json!({
            "UserPoolId": pool,
            "ClientName": "another",
            "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        });
        let created = self.cognito("CreateUserPoolClient", &wanted);
        created["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned()
    }

    /// Returns a token that was good until a moment ago. No one else may sign in meanwhile: their tokens would end as
    /// soon.
    pub fn expired_token(&self) -> String {
        let client = json!({"UserPoolId": self.user_pool_id, "ClientId": self.client_id});
        let before = self.cognito("DescribeUserPoolClient", &client)["UserPoolClient"].clone();
        let update = |validity: &Value, units: &Value| {
            let mut wanted = client.clone();
            wanted["IdTokenValidity"] = validity.clone();
            wanted["TokenValidityUnits"] = units.clone();
            self.cognito("UpdateUserPoolClient", &wanted);
        };
        update(&json!(5), &json!({"IdToken": "seconds", "AccessToken": "minutes"}));
        let (_, token) = self.sign_up(&free_address(), true);
        update(&before["IdTokenValidity"], &before["TokenValidityUnits"]);
        let status = || {
            let headers = [("Authorization", &*format!("Bearer {token}"))];
            call("GET", &format!("{}/me/invitations", self.api_url), &headers, None).status
        };
        assert_eq!(status(), 200, "the token was good");
        eventually("the token has expired", || Some(()).filter(|()| status() == 401));
        token
    }
}
