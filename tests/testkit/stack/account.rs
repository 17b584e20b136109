//! The account that the stack runs in, as an operator uses it: resources, roles, logs, the mail service and the bus.

use serde_json::{Value, json};

use super::{Stack, http::call};
use crate::{Response, SesEvent, api::Event};

/// The name under which `make` deploys.
const STACK_NAME: &str = "invitations";

impl Stack {
    /// Returns the name of one of the stack's resources in the account.
    pub fn physical_id(&self, logical_id: &str) -> String {
        let query = format!("Action=DescribeStackResource&StackName={STACK_NAME}&LogicalResourceId={logical_id}");
        let described = self.query("cloudformation", "2010-05-15", &query);
        element(&described.body, "PhysicalResourceId")
    }

    /// Returns credentials of one of the stack's roles: key, secret and session.
    pub fn assume(&self, role: &str) -> [String; 3] {
        let arn = format!("arn:aws:iam::000000000000:role/{}", self.physical_id(role));
        let assumed = self.query("sts", "2011-06-15", &format!("Action=AssumeRole&RoleArn={arn}&RoleSessionName=test"));
        ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| element(&assumed.body, name))
    }

    /// Returns everything that the stack's functions have logged so far, as (function, line).
    pub fn log_lines(&self) -> Vec<(String, String)> {
        let prefix = format!("/aws/lambda/{STACK_NAME}/");
        let groups = self.logs("DescribeLogGroups", &json!({"logGroupNamePrefix": prefix}));
        let mut lines = Vec::new();
        for group in groups["logGroups"].as_array().unwrap() {
            let name = group["logGroupName"].as_str().unwrap();
            let mut request = json!({"logGroupName": name});
            loop {
                let page = self.logs("FilterLogEvents", &request);
                let events = page["events"].as_array().unwrap();
                let messages = events.iter().map(|event| event["message"].as_str().unwrap().to_owned());
                lines.extend(messages.map(|message| (name[prefix.len()..].to_owned(), message)));
                if !page["nextToken"].is_string() {
                    break;
                }
                request["nextToken"] = page["nextToken"].clone();
            }
        }
        lines
    }

    /// Hands the `feedback` function an event of the mail service. On AWS, SES puts it on the default bus, where the
    /// function's rule finds it; only SES itself may put it there.
    pub fn ses_event(&self, event: &SesEvent) {
        let event = event.clone().tag("ses:configuration-set", &self.physical_id("ConfigurationSet")).event();
        let function = self.physical_id("FeedbackFunction");
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint_url);
        let handled = call("POST", &url, &[("Authorization", &self.root("lambda"))], Some(&event.to_string()));
        assert_eq!(handled.header("x-amz-function-error"), None, "{handled:?}");
        handled.expect(200);
    }

    /// Subscribes, as a host platform would, to the events of a community from now on; returns the queue's address.
    pub fn subscribe(&self, community: &str) -> String {
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

    /// Returns the events that have come to the queue since the last time, each whole.
    pub fn received(&self, queue: &str) -> Vec<Event> {
        let received = self.queues("ReceiveMessage", &json!({"QueueUrl": queue, "MaxNumberOfMessages": 10}));
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        let read = |message: &Value| {
            let event: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
            let read = Event::read(event["detail-type"].as_str().unwrap(), event["detail"].clone());
            Event { raw: event, ..read }
        };
        messages.iter().map(read).collect()
    }

    fn queues(&self, operation: &str, body: &Value) -> Value {
        self.target("sqs", &format!("AmazonSQS.{operation}"), body).ok().json()
    }

    fn events(&self, operation: &str, body: &Value) -> Value {
        self.target("events", &format!("AWSEvents.{operation}"), body).ok().json()
    }

    pub(super) fn cognito(&self, operation: &str, body: &Value) -> Value {
        self.target("cognito-idp", &format!("AWSCognitoIdentityProviderService.{operation}"), body).ok().json()
    }

    fn logs(&self, operation: &str, body: &Value) -> Value {
        self.target("logs", &format!("Logs_20140328.{operation}"), body).ok().json()
    }

    pub(super) fn dynamodb(&self, operation: &str, mut body: Value) -> Value {
        body["TableName"] = json!(self.table_name);
        self.target("dynamodb", &format!("DynamoDB_20120810.{operation}"), &body).ok().json()
    }

    fn target(&self, service: &str, target: &str, body: &Value) -> Response {
        let headers = [
            ("Authorization", &*self.root(service)),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", target),
        ];
        let ask = || call("POST", &self.endpoint_url, &headers, Some(&body.to_string()));
        // The local AWS stumbles now and then over two callers who change the same kind of thing at once, and does
        // nothing.
        let stumbled = |response: &Response| response.body.contains("dictionary changed size during iteration");
        let mut response = ask();
        for _ in 0..5 {
            if !stumbled(&response) {
                break;
            }
            response = ask();
        }
        response
    }

    fn query(&self, service: &str, version: &str, query: &str) -> Response {
        let headers = [("Authorization", &*self.root(service)), ("Content-Type", "application/x-www-form-urlencoded")];
        let body = format!("{query}&Version={version}");
        call("POST", &self.endpoint_url, &headers, Some(&body)).expect(200).clone()
    }

    /// Returns credentials that the local AWS takes for the account's root user, without looking at the signature.
    fn root(&self, service: &str) -> String {
        let scope = format!("test/20260101/{}/{service}/aws4_request", self.region);
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none")
    }
}

/// Returns the text of the first element with that name.
fn element(xml: &str, name: &str) -> String {
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {xml}"));
    rest.split_once('<').unwrap().0.to_owned()
}
