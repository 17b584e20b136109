//! Every function has the rights that its work needs and no others: shown by trying, with the function's own role.

use std::sync::LazyLock;

use aws_sdk_dynamodb::{
    config::{BehaviorVersion, Credentials, Region},
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use testkit::{stack::stack, template::template};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());

/// What a role may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    Get,
    QueryTable,
    QueryByInvitee,
    QueryBySender,
    QueryByCommunity,
    QueryByExpiry,
    QueryByWaiting,
    Put,
    Update,
    Delete,
    Scan,
    Mail,
}

use Action::{
    Delete, Get, Mail, Put, QueryByCommunity, QueryByExpiry, QueryByInvitee, QueryBySender, QueryByWaiting, QueryTable,
    Scan, Update,
};

const ACTIONS: [Action; 12] = [
    Get,
    QueryTable,
    QueryByInvitee,
    QueryBySender,
    QueryByCommunity,
    QueryByExpiry,
    QueryByWaiting,
    Put,
    Update,
    Delete,
    Scan,
    Mail,
];

/// What each function needs; everything else must be denied.
const NEEDED: [(&str, &[Action]); 16] = [
    ("OptionsFunctionRole", &[]),
    // The table for names and connections alone.
    ("PeopleFunctionRole", &[QueryTable]),
    ("ListMineFunctionRole", &[QueryByInvitee, QueryByWaiting]),
    // The table for the counts alone, which the local AWS does not tell apart.
    ("ListSentFunctionRole", &[QueryTable, QueryBySender, QueryByCommunity, QueryByExpiry]),
    ("StatusFunctionRole", &[]),
    ("SendFunctionRole", &[Put, Update]),
    ("RespondFunctionRole", &[Get, Put, Update]),
    ("RespondByLinkFunctionRole", &[Get, Put, Update]),
    ("CancelFunctionRole", &[Get, Put, Update]),
    ("ModerateFunctionRole", &[Get, Put, Update]),
    ("DirectoryFunctionRole", &[Get, QueryTable, QueryByInvitee, QueryBySender, QueryByCommunity, Put, Update, Delete]),
    // All that callers may do, in one function: a parameter leaves it out.
    (
        "GraphqlFunctionRole",
        &[Get, QueryTable, QueryByInvitee, QueryBySender, QueryByCommunity, QueryByExpiry, QueryByWaiting, Put, Update],
    ),
    ("DeliverFunctionRole", &[QueryTable, Put, Update]),
    ("MailFunctionRole", &[QueryTable, Put, Update, Mail]),
    ("FeedbackFunctionRole", &[QueryTable, Put, Update]),
    ("UiFunctionRole", &[]),
];

#[test]
fn every_function_may_do_what_it_needs_and_nothing_else() {
    for (role, needed) in NEEDED {
        let clients = RoleClients::of(role);
        for action in ACTIONS {
            let done = RUNTIME.block_on(clients.try_to(action));
            let expected = if needed.contains(&action) { Ok(()) } else { Err("AccessDenied".to_owned()) };
            assert_eq!(done, expected, "{role}: {action:?}");
        }
    }
}

#[test]
fn functions_that_only_read_can_neither_write_nor_mail() {
    for role in [
        "OptionsFunctionRole",
        "PeopleFunctionRole",
        "ListMineFunctionRole",
        "ListSentFunctionRole",
        "StatusFunctionRole",
    ] {
        let clients = RoleClients::of(role);
        for action in [Put, Update, Delete, Mail] {
            assert_eq!(RUNTIME.block_on(clients.try_to(action)), Err("AccessDenied".to_owned()), "{role}: {action:?}");
        }
    }
}

#[test]
fn every_function_of_the_template_is_tried() {
    let functions = template().resources_of("AWS::Serverless::Function");
    assert_eq!(functions.len(), NEEDED.len(), "a function's rights are not tried");
}

/// The clients of a function, with its role.
struct RoleClients {
    dynamodb: aws_sdk_dynamodb::Client,
    ses: aws_sdk_sesv2::Client,
}

impl RoleClients {
    fn of(role: &str) -> Self {
        let [key, secret, session] = stack().assume(role);
        let credentials = Credentials::new(key, secret, Some(session), None, "tests");
        let region = stack().region.clone();
        let dynamodb = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.clone()))
            .endpoint_url(&stack().endpoint_url)
            .credentials_provider(credentials.clone());
        let ses = aws_sdk_sesv2::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .endpoint_url(&stack().endpoint_url)
            .credentials_provider(credentials);
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            ses: aws_sdk_sesv2::Client::from_conf(ses.build()),
        }
    }

    /// Tries the action on a record of its own; returns the code of the failure, if there is one.
    async fn try_to(&self, action: Action) -> Result<(), String> {
        let (client, table) = (&self.dynamodb, &stack().table_name);
        let name = |name: &str| AttributeValue::S(name.to_owned());
        let (pk, sk) = (name("ROLE#probe"), name("PROBE"));
        let query = |index: Option<&str>, hash: &str| {
            client
                .query()
                .table_name(table)
                .set_index_name(index.map(str::to_owned))
                .key_condition_expression("#hash = :hash")
                .expression_attribute_names("#hash", hash)
                .expression_attribute_values(":hash", name("ROLE#probe"))
                .send()
        };
        match action {
            Get => code(client.get_item().table_name(table).key("pk", pk).key("sk", sk).send().await),
            QueryTable => code(query(None, "pk").await),
            QueryByInvitee => code(query(Some("by-invitee"), "invitee").await),
            QueryBySender => code(query(Some("by-sender"), "sender").await),
            QueryByCommunity => code(query(Some("by-community"), "community").await),
            QueryByExpiry => code(query(Some("by-expiry"), "community").await),
            QueryByWaiting => code(query(Some("by-waiting"), "for").await),
            Put => code(client.put_item().table_name(table).item("pk", pk).item("sk", sk).send().await),
            Update => {
                let update = client.update_item().table_name(table).key("pk", pk).key("sk", sk);
                let update = update.update_expression("SET tried = :yes");
                code(update.expression_attribute_values(":yes", AttributeValue::Bool(true)).send().await)
            }
            Delete => code(client.delete_item().table_name(table).key("pk", pk).key("sk", sk).send().await),
            Scan => code(client.scan().table_name(table).limit(1).send().await),
            Mail => {
                let text = |text: &str| Content::builder().data(text).build().unwrap();
                let body = Body::builder().text(text("Of a test.")).build();
                let message = Message::builder().subject(text("A test")).body(body).build();
                let to = Destination::builder().to_addresses("roles@example.net").build();
                let mail = self.ses.send_email().from_email_address("invitations@example.com").destination(to);
                code(mail.content(EmailContent::builder().simple(message).build()).send().await)
            }
        }
    }
}

/// Returns the code of a failure, without the `Exception` that some services end theirs with.
fn code<T, E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(
    done: Result<T, SdkError<E, R>>,
) -> Result<(), String> {
    let code_of = |error: SdkError<E, R>| match error.code() {
        Some(code) => code.trim_end_matches("Exception").to_owned(),
        None => format!("{error:?}"),
    };
    done.map(drop).map_err(code_of)
}
