//! The table of the stack, as an operator looks into it, and time that passes in it.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use serde_json::{Value, json};

use super::Stack;
use crate::canary::Canary;

impl Stack {
    /// Returns what proves that the table is atomic, with records of its own.
    pub fn canary(&self, prefix: &str) -> Canary {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .endpoint_url(&self.endpoint_url);
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        Canary { client, table: self.table_name.clone(), prefix: prefix.to_owned() }
    }

    /// Returns the stored record of an invitation.
    pub fn invitation_record(&self, id: &str) -> Value {
        let found = self.dynamodb("GetItem", json!({"Key": invitation_key(id), "ConsistentRead": true}));
        found["Item"].clone()
    }

    /// Ends the invitation's lifetime, as if its days had passed.
    pub fn expire(&self, id: &str) {
        let over = "1000000000000";
        let record = self.invitation_record(id);
        self.rewrite(id, "body.expiresAt = :over, expiry = :over", &json!({":over": {"N": over}}));
        let invitee = record["invitee"]["S"].as_str().unwrap().trim_start_matches("REQUESTED#");
        let community = record["community"]["S"].as_str().unwrap();
        self.dynamodb(
            "UpdateItem",
            json!({
                "Key": {"pk": {"S": invitee}, "sk": {"S": format!("STANDING#{community}")}},
                "UpdateExpression": "SET liveUntil = :over",
                "ExpressionAttributeValues": {":over": {"N": over}},
            }),
        );
    }

    /// Changes the invitation as if it had been mailed long ago.
    pub fn backdate_mail(&self, id: &str) {
        self.rewrite(id, "body.mailedAt = :long_ago", &json!({":long_ago": {"N": "1000000000000"}}));
    }

    /// Makes the invitation's record unreadable, as no operation ever would. The stream passes over it.
    pub fn damage(&self, id: &str) {
        self.dynamodb(
            "UpdateItem",
            json!({
                "Key": invitation_key(id),
                "UpdateExpression": "SET body = :nothing, kind = :damaged",
                "ExpressionAttributeValues": {":nothing": {"M": {}}, ":damaged": {"S": "damaged"}},
            }),
        );
    }

    /// Changes an invitation as a transition would: what was decided from the state before it fails.
    fn rewrite(&self, id: &str, assignments: &str, values: &Value) {
        let mut values = values.clone();
        values[":one"] = json!({"N": "1"});
        let counted = "revision = revision + :one, body.revision = body.revision + :one";
        self.dynamodb(
            "UpdateItem",
            json!({
                "Key": invitation_key(id),
                "UpdateExpression": format!("SET {counted}, {assignments}"),
                "ExpressionAttributeValues": values,
            }),
        );
    }

    /// Removes the responses of all the user's idempotent requests, as if each were still running.
    pub fn let_requests_run_on(&self, user: &str) {
        let found = self.dynamodb(
            "Query",
            json!({
                "KeyConditionExpression": "pk = :user AND begins_with(sk, :request)",
                "ExpressionAttributeValues": {":user": {"S": format!("USER#{user}")}, ":request": {"S": "REQUEST#"}},
            }),
        );
        for request in found["Items"].as_array().unwrap() {
            self.dynamodb(
                "UpdateItem",
                json!({
                    "Key": {"pk": request["pk"], "sk": request["sk"]},
                    "UpdateExpression": "SET leasedUntil = :later REMOVE answer",
                    "ExpressionAttributeValues": {":later": {"N": "9000000000000"}},
                }),
            );
        }
    }
}

fn invitation_key(id: &str) -> Value {
    json!({"pk": {"S": format!("INVITATION#{id}")}, "sk": {"S": "INVITATION"}})
}
