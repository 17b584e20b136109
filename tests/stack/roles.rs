//! Every function has the rights that its work needs and no others: shown by trying, with the function's own role.

use std::sync::LazyLock;

use aws_sdk_dynamodb::{
    config::{BehaviorVersion, Credentials, Region},
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use tokio::runtime::Runtime;

use crate::world::stack;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());

/// What a role may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Get,
    QueryTable,
    QueryByInvitee,
    QueryBySender,
    QueryByCommunity,
    Put,
    Update,
    Delete,
    Scan,
    Mail,
}

use Deed::{Delete, Get, Mail, Put, QueryByCommunity, QueryByInvitee, QueryBySender, QueryTable, Scan, Update};

const DEEDS: [Deed; 10] =
    [Get, QueryTable, QueryByInvitee, QueryBySender, QueryByCommunity, Put, Update, Delete, Scan, Mail];

/// What each function needs; everything else must be refused.
const NEEDED: [(&str, &[Deed]); 10] = [
    ("ListMineFunctionRole", &[QueryByInvitee]),
    // The table for tallies alone, which the local AWS does not tell apart.
    ("ListSentFunctionRole", &[QueryTable, QueryBySender, QueryByCommunity]),
    ("StatusFunctionRole", &[Get]),
    ("SendFunctionRole", &[Put, Update]),
    ("RespondFunctionRole", &[Get, Put, Update]),
    ("CancelFunctionRole", &[Get, Put, Update]),
    ("ModerateFunctionRole", &[Get, Put, Update]),
    ("DirectoryFunctionRole", &[Get, QueryTable, QueryByInvitee, QueryBySender, QueryByCommunity, Put, Update, Delete]),
    ("DeliverFunctionRole", &[QueryTable, Put, Update, Mail]),
    ("FeedbackFunctionRole", &[QueryTable, Put, Update]),
];

#[test]
fn every_function_may_do_what_it_needs_and_nothing_else() {
    for (role, needed) in NEEDED {
        let hands = Hands::of(role);
        for deed in DEEDS {
            let done = RUNTIME.block_on(hands.try_to(deed));
            let expected = if needed.contains(&deed) { Ok(()) } else { Err("AccessDenied".to_owned()) };
            assert_eq!(done, expected, "{role}: {deed:?}");
        }
    }
}

#[test]
fn functions_that_only_read_can_neither_write_nor_mail() {
    for role in ["ListMineFunctionRole", "ListSentFunctionRole", "StatusFunctionRole"] {
        let hands = Hands::of(role);
        for deed in [Put, Update, Delete, Mail] {
            assert_eq!(RUNTIME.block_on(hands.try_to(deed)), Err("AccessDenied".to_owned()), "{role}: {deed:?}");
        }
    }
}

#[test]
fn every_function_of_the_template_is_tried() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml")).unwrap();
    let functions = text.lines().filter(|line| line.contains("Type: AWS::Serverless::Function")).count();
    assert_eq!(functions, NEEDED.len(), "a function's rights are not tried");
}

/// What a function can do with its role.
struct Hands {
    dynamodb: aws_sdk_dynamodb::Client,
    ses: aws_sdk_sesv2::Client,
}

impl Hands {
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

    /// Tries it on a record that is nobody's; the code of the refusal, if there is one.
    async fn try_to(&self, deed: Deed) -> Result<(), String> {
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
        match deed {
            Get => code(client.get_item().table_name(table).key("pk", pk).key("sk", sk).send().await),
            QueryTable => code(query(None, "pk").await),
            QueryByInvitee => code(query(Some("by-invitee"), "invitee").await),
            QueryBySender => code(query(Some("by-sender"), "sender").await),
            QueryByCommunity => code(query(Some("by-community"), "community").await),
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

/// The code of a refusal, without the `Exception` that some services end theirs with.
fn code<T, E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(
    done: Result<T, SdkError<E, R>>,
) -> Result<(), String> {
    let refused = |error: SdkError<E, R>| match error.code() {
        Some(code) => code.trim_end_matches("Exception").to_owned(),
        None => format!("{error:?}"),
    };
    done.map(drop).map_err(refused)
}
