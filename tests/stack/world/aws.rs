//! The account that the stack runs in, used the way an operator would: to sign people up, to look into the table, and to
//! let time pass in it.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use serde_json::{Value, json};

use super::{
    Stack, eventually, free_address,
    http::{Answer, call},
};
use crate::canary::Canary;

/// Of people who exist for one test.
const PASSWORD: &str = "a-Passw0rd-for-tests";
/// The name under which `make` deploys.
const STACK_NAME: &str = "invitations";

impl Stack {
    /// Signs a new person up with the stack's own identity provider; answers their id and a token.
    pub(crate) fn sign_up(&self, email: &str, verified: bool) -> (String, String) {
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

    /// A token of the stack's own identity provider, made for another application than this API.
    pub(crate) fn token_for_another_application(&self) -> String {
        let client = self.create_client(&self.user_pool_id);
        self.sign_up_with(&self.user_pool_id, &client, &free_address(), true).1
    }

    /// A token of an identity provider that the stack does not know.
    pub(crate) fn token_of_another_issuer(&self) -> String {
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

    /// A token that was good until a moment ago. Nobody else may sign in meanwhile: their tokens would end as soon.
    pub(crate) fn expired_token(&self) -> String {
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

    /// What tells whether the table is atomic, in a cage of its own.
    pub(crate) fn canary(&self, cage: &str) -> Canary {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .endpoint_url(&self.endpoint_url);
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        Canary { client, table: self.table_name.clone(), cage: cage.to_owned() }
    }

    /// The stored record of an invitation.
    pub(crate) fn invitation_record(&self, id: &str) -> Value {
        let found = self.dynamodb("GetItem", json!({"Key": invitation_key(id), "ConsistentRead": true}));
        found["Item"].clone()
    }

    /// Lets the invitation's lifetime be over, as if its days had passed.
    pub(crate) fn let_expire(&self, id: &str) {
        let over = "1000000000000";
        let record = self.invitation_record(id);
        let rank = &record["listing"]["S"].as_str().unwrap()[..1];
        // The listing key of a request mirrors its expiry; see docs/table.md.
        let listed = if rank == "7" { "8999999999999" } else { over };
        self.rewrite(
            id,
            "body.expiresAt = :over, listing = :listing",
            &json!({":over": {"N": over}, ":listing": {"S": format!("{rank}#{listed}#{id}")}}),
        );
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

    /// Lets the invitation have been mailed long ago.
    pub(crate) fn let_rest(&self, id: &str) {
        self.rewrite(id, "body.mailedAt = :long_ago", &json!({":long_ago": {"N": "1000000000000"}}));
    }

    /// Makes the invitation's record unreadable, as no operation ever would. The stream passes over it.
    pub(crate) fn damage(&self, id: &str) {
        self.dynamodb(
            "UpdateItem",
            json!({
                "Key": invitation_key(id),
                "UpdateExpression": "SET body = :nothing, kind = :damaged",
                "ExpressionAttributeValues": {":nothing": {"M": {}}, ":damaged": {"S": "damaged"}},
            }),
        );
    }

    /// Changes an invitation as a transition would: whoever decided from what was there before has lost.
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

    /// Takes the answers of all the user's idempotent requests away, as if each were still running.
    pub(crate) fn let_requests_run_on(&self, user: &str) {
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

    /// What the stack calls one of its resources in the account.
    pub(crate) fn physical_id(&self, logical_id: &str) -> String {
        let query = format!("Action=DescribeStackResource&StackName={STACK_NAME}&LogicalResourceId={logical_id}");
        let described = self.query("cloudformation", "2010-05-15", &query);
        element(&described.body, "PhysicalResourceId")
    }

    /// Credentials of one of the stack's roles: key, secret and session.
    pub(crate) fn assume(&self, role: &str) -> [String; 3] {
        let arn = format!("arn:aws:iam::000000000000:role/{}", self.physical_id(role));
        let assumed = self.query("sts", "2011-06-15", &format!("Action=AssumeRole&RoleArn={arn}&RoleSessionName=test"));
        ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| element(&assumed.body, name))
    }

    /// Everything that the stack's functions have logged so far, as (function, line).
    pub(crate) fn log_lines(&self) -> Vec<(String, String)> {
        let prefix = format!("/aws/lambda/{STACK_NAME}/");
        let groups = self.logs("DescribeLogGroups", &json!({"logGroupNamePrefix": prefix}));
        let mut lines = Vec::new();
        for group in groups["logGroups"].as_array().unwrap() {
            let name = group["logGroupName"].as_str().unwrap();
            let mut asked = json!({"logGroupName": name});
            loop {
                let page = self.logs("FilterLogEvents", &asked);
                let events = page["events"].as_array().unwrap();
                let messages = events.iter().map(|event| event["message"].as_str().unwrap().to_owned());
                lines.extend(messages.map(|message| (name[prefix.len()..].to_owned(), message)));
                if !page["nextToken"].is_string() {
                    break;
                }
                asked["nextToken"] = page["nextToken"].clone();
            }
        }
        lines
    }

    /// Hands the `feedback` function an event of the mail service. On AWS, SES puts it on the default bus, where the
    /// function's rule finds it; only SES itself may put it there.
    pub(crate) fn mail_event(&self, detail: &Value) {
        let event = json!({"source": "aws.ses", "detail-type": "Email Event", "detail": detail});
        let function = self.physical_id("FeedbackFunction");
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint_url);
        let handled = call("POST", &url, &[("Authorization", &self.root("lambda"))], Some(&event.to_string()));
        assert_eq!(handled.header("x-amz-function-error"), "", "{handled:?}");
        handled.expect(200);
    }

    /// Listens, as a host platform would, to what happens in a community from now on; answers the queue's address.
    pub(crate) fn listen(&self, community: &str) -> String {
        let queue = self.queues("CreateQueue", &json!({"QueueName": community}))["QueueUrl"].clone();
        let described = self.queues("GetQueueAttributes", &json!({"QueueUrl": queue, "AttributeNames": ["QueueArn"]}));
        let bus = self.physical_id("EventBus");
        let pattern = json!({"source": ["invitations"], "detail": {"communityId": [community]}}).to_string();
        self.events("PutRule", &json!({"Name": community, "EventBusName": bus, "EventPattern": pattern}));
        let target = json!({"Id": "queue", "Arn": described["Attributes"]["QueueArn"]});
        let put = self.events("PutTargets", &json!({"Rule": community, "EventBusName": bus, "Targets": [target]}));
        assert_eq!(put["FailedEntryCount"], 0, "{put}");
        queue.as_str().unwrap().to_owned()
    }

    /// The events that have come to the queue since the last time.
    pub(crate) fn heard(&self, queue: &str) -> Vec<Value> {
        let received = self.queues("ReceiveMessage", &json!({"QueueUrl": queue, "MaxNumberOfMessages": 10}));
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        messages.iter().map(|message| serde_json::from_str(message["Body"].as_str().unwrap()).unwrap()).collect()
    }

    fn queues(&self, operation: &str, body: &Value) -> Value {
        self.target("sqs", &format!("AmazonSQS.{operation}"), body).ok()
    }

    fn events(&self, operation: &str, body: &Value) -> Value {
        self.target("events", &format!("AWSEvents.{operation}"), body).ok()
    }

    fn cognito(&self, operation: &str, body: &Value) -> Value {
        self.target("cognito-idp", &format!("AWSCognitoIdentityProviderService.{operation}"), body).ok()
    }

    fn logs(&self, operation: &str, body: &Value) -> Value {
        self.target("logs", &format!("Logs_20140328.{operation}"), body).ok()
    }

    fn dynamodb(&self, operation: &str, mut body: Value) -> Value {
        body["TableName"] = json!(self.table_name);
        self.target("dynamodb", &format!("DynamoDB_20120810.{operation}"), &body).ok()
    }

    fn target(&self, service: &str, target: &str, body: &Value) -> Answer {
        let headers = [
            ("Authorization", &*self.root(service)),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", target),
        ];
        call("POST", &self.endpoint_url, &headers, Some(&body.to_string()))
    }

    fn query(&self, service: &str, version: &str, query: &str) -> Answer {
        let headers = [("Authorization", &*self.root(service)), ("Content-Type", "application/x-www-form-urlencoded")];
        let body = format!("{query}&Version={version}");
        call("POST", &self.endpoint_url, &headers, Some(&body)).expect(200)
    }

    /// The local AWS takes these for the account's root user, without looking at the signature.
    fn root(&self, service: &str) -> String {
        let scope = format!("test/20260101/{}/{service}/aws4_request", self.region);
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none")
    }
}

fn invitation_key(id: &str) -> Value {
    json!({"pk": {"S": format!("INVITATION#{id}")}, "sk": {"S": "INVITATION"}})
}

/// The text of the first element with that name.
fn element(xml: &str, name: &str) -> String {
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {xml}"));
    rest.split_once('<').unwrap().0.to_owned()
}
