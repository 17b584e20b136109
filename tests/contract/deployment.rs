//! The deployment as `template.yaml` describes it, against what AWS documents: there is no account to try it on.
//!
//! Of the functions in the template's values (`!Ref`, `!If` and the like), the reader leaves the arguments.

use std::collections::{BTreeSet, HashSet};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use testkit::{
    files::{read, yaml},
    template::{Resource, Route, template},
};

/// The templates that are deployed as they stand.
const TEMPLATES: [&str; 2] = ["template.yaml", "docs/edge.yaml"];

fn functions() -> impl Iterator<Item = (&'static String, &'static Resource)> {
    template().resources().iter().filter(|(_, resource)| resource.r#type == "AWS::Serverless::Function")
}

fn property(resource: &str, pointer: &str) -> &'static Value {
    let properties = &template().resource(resource).properties;
    properties.pointer(pointer).unwrap_or_else(|| panic!("{resource} has no {pointer}"))
}

/// Returns the statements of a function's role that has the right.
fn statements(function: &Resource) -> &Vec<Value> {
    function.properties["Policies"][0]["Statement"].as_array().unwrap()
}

/// Whether `CloudFormation` takes the value, which must match the pattern as a whole.
fn takes(parameter: &str, value: &str) -> bool {
    let pattern = template().parameters()[parameter].allowed_pattern.as_ref().unwrap();
    jsonschema::is_valid(&json!({ "pattern": format!("^(?:{pattern})$") }), &json!(value))
}

#[track_caller]
fn assert_takes(parameter: &str, good: &[&str], bad: &[&str]) {
    for value in good {
        assert!(takes(parameter, value), "{parameter} refuses {value:?}");
    }
    for value in bad {
        assert!(!takes(parameter, value), "{parameter} takes {value:?}");
    }
}

// ---- Deploys, also the second time ---------------------------------------------------------------------------------

/// An account has an SES identity once; who makes it first must not keep a second stack from being made, nor take it
/// from others by going.
#[test]
fn the_sender_identity_is_made_on_demand_and_never_taken_away() {
    let sender = template().resource("Sender");
    assert_eq!(sender.condition.as_deref(), Some("OwnSender"));
    assert_eq!(template().condition("OwnSender"), &json!(["CreateSenderIdentity", "yes"]));
    assert_eq!(sender.update_replace_policy.as_deref(), Some("Retain"));
    assert_eq!(sender.deletion_policy.as_deref(), Some("RetainExceptOnCreate"), "or a second try finds it there");
    for number in 1..=3 {
        let output = &template().outputs()[&format!("DkimRecord{number}")];
        assert_eq!(output.condition.as_deref(), Some("OwnSenderDomain"));
        assert!(output.value.contains(&format!("Sender.DkimDNSTokenName{number}")), "{output:?}");
    }
}

/// Without the identity nothing may refer to it: what does stands in an `!If` on it.
#[test]
fn nothing_needs_the_identity_to_be_the_stacks_own() {
    let needs = |resource: &Resource| resource.properties.to_string().contains("${Sender}");
    let needing: Vec<_> = template().resources().iter().filter(|(_, one)| needs(one)).map(|(name, _)| name).collect();
    assert_eq!(needing, ["EventBus"]);
    assert_eq!(property("EventBus", "/Description/0"), "OwnSender");
}

/// Deletion protection, which is on by default, refuses the deletion by which a failed creation is rolled back.
#[test]
fn a_first_deployment_that_fails_rolls_back() {
    for name in ["Table", "UserPool"] {
        let resource = template().resource(name);
        let policies = (resource.deletion_policy.as_deref(), resource.update_replace_policy.as_deref());
        assert_eq!(policies, (Some("Retain"), Some("Retain")), "{name}");
        // The bus names the identity: both may be there already, and are tried before anything is left behind.
        assert_eq!(resource.depends_on.as_deref(), Some("EventBus"), "{name}");
    }
    let guide = read("docs/deployment.md");
    assert!(guide.contains("## A first deployment that fails"), "the clean-up is documented");
}

#[test]
fn every_parameter_works_as_it_is_but_the_one_that_cannot() {
    let asked = template().parameters().iter().filter(|(_, parameter)| parameter.default.is_none());
    assert_eq!(asked.map(|(name, _)| name).collect::<Vec<_>>(), ["SenderAddress"]);
}

#[test]
fn parameters_that_replace_a_resource_say_so() {
    for name in ["SenderAddress", "SenderIdentity", "AdministratorValue"] {
        let description = &template().parameters()[name].description;
        assert!(description.contains("replaces"), "{name}: {description}");
    }
}

/// Returns the lines of a YAML text that use an anchor, an alias or a merge key.
fn shared_nodes(text: &str) -> Vec<&str> {
    let shares = |line: &&str| {
        let line = line.trim_start();
        let value = line.trim_start_matches("- ");
        let value = value.split_once(": ").map_or(value, |(_, value)| value).trim_start();
        let starts = value.starts_with(['&', '*']) || [", *", ", &", "[*", "[&"].iter().any(|part| line.contains(part));
        !line.starts_with('#') && (starts || line.starts_with("<<") || line.contains("{ <<"))
    };
    text.lines().filter(shares).collect()
}

/// `CloudFormation` refuses them: they are resolved by `sam deploy` alone, not by the console and its like.
#[test]
fn no_template_shares_nodes() {
    let sample = "a: &b\n  c: 1\nd: *b\ne:\n  <<: *b\nf: { <<: *b }\ng: [*b, 1]\n- &h x\n# k: *b\nl: a * b & c\n";
    let found = ["a: &b", "d: *b", "  <<: *b", "f: { <<: *b }", "g: [*b, 1]", "- &h x"];
    assert_eq!(shared_nodes(sample), found, "the test sees them");
    for path in TEMPLATES {
        assert_eq!(shared_nodes(&read(path)), [""; 0], "{path}");
    }
}

/// A table takes no more than its coldest index.
#[test]
fn warm_throughput_warms_the_table_and_every_index() {
    let warm = json!(["Warmed", { "WriteUnitsPerSecond": "WarmThroughput" }, "AWS::NoValue"]);
    assert_eq!(property("Table", "/WarmThroughput"), &warm);
    for index in property("Table", "/GlobalSecondaryIndexes").as_array().unwrap() {
        assert_eq!(index["WarmThroughput"], warm, "{index}");
    }
    assert_takes("WarmThroughput", &["", "4000", "40000"], &["0", "400", "3999", "4,000", "4000 "]);
}

/// Returns the names of the table's indexes.
fn indexes() -> impl Iterator<Item = &'static str> {
    let indexes = property("Table", "/GlobalSecondaryIndexes").as_array().unwrap();
    indexes.iter().map(|index| index["IndexName"].as_str().unwrap())
}

/// What `DynamoDB` counts for a table leaves out its indexes.
#[test]
fn throttles_of_reads_and_writes_of_the_table_and_of_every_index_ring() {
    let table = || json!({ "Name": "TableName", "Value": "Table" });
    let index = |name| json!([table(), { "Name": "GlobalSecondaryIndexName", "Value": name }]);
    let wanted: HashSet<_> = [json!([table()])].into_iter().chain(indexes().map(index)).collect();
    for metric in ["ReadThrottleEvents", "WriteThrottleEvents"] {
        let alarms = template().resources_of("AWS::CloudWatch::Alarm");
        let watching = alarms.into_iter().filter(|alarm| property(alarm, "/MetricName") == metric);
        let rings = |alarm: &&str| {
            property(alarm, "/Statistic") == "Sum" && property(alarm, "/AlarmActions") == &json!(["Alarms"])
        };
        let watched = watching.filter(rings).map(|alarm| property(alarm, "/Dimensions").clone());
        assert_eq!(watched.collect::<HashSet<_>>(), wanted, "{metric}");
    }
    let dashboard = property("Dashboard", "/DashboardBody/0").as_str().unwrap();
    for index in indexes() {
        let shown = format!("\"GlobalSecondaryIndexName\", \"{index}\"");
        assert_eq!(dashboard.matches(&shown).count(), 2, "{index}");
    }
}

/// Keys hold people's names, so that they are shown on demand alone.
#[test]
fn the_keys_that_are_throttled_are_shown_of_the_table_and_every_index_on_demand() {
    assert_eq!(template().parameters()["ContributorInsights"].default, Some(json!("off")));
    assert_eq!(template().condition("KeysWatched"), &json!(["ContributorInsights", "on"]));
    let watched = json!(["KeysWatched", { "Enabled": true, "Mode": "THROTTLED_KEYS" }, { "Enabled": false }]);
    assert_eq!(property("Table", "/ContributorInsightsSpecification"), &watched);
    for index in property("Table", "/GlobalSecondaryIndexes").as_array().unwrap() {
        assert_eq!(index["ContributorInsightsSpecification"], watched, "{index}");
    }
}

/// Lambda takes one mapping of a function and a stream, whatever they filter: a second one is "already exists".
#[test]
fn no_function_reads_a_stream_by_two_mappings() {
    let mappings = template().resources_of("AWS::Lambda::EventSourceMapping");
    let ends =
        |name: &&str| [property(name, "/FunctionName").to_string(), property(name, "/EventSourceArn").to_string()];
    assert_eq!(mappings.iter().map(ends).collect::<BTreeSet<_>>().len(), mappings.len());
    assert_eq!(mappings, ["DeliverMapping", "MailMapping"]);
}

/// What fails, fails because something is down: the rest of its batch goes on, and it is repeated for nearly as long as
/// the stream keeps it. Then it is in the dead letters, and there is nothing else by which to lose it.
#[test]
fn what_a_mapping_could_not_follow_up_is_repeated_for_a_day_and_then_kept() {
    for mapping in ["DeliverMapping", "MailMapping"] {
        for (name, value) in [
            ("FunctionResponseTypes", json!(["ReportBatchItemFailures"])),
            ("BisectBatchOnFunctionError", json!(true)),
            ("MaximumRetryAttempts", json!(-1)),
            ("MaximumRecordAgeInSeconds", json!(82_800)),
            ("StartingPosition", json!("TRIM_HORIZON")),
        ] {
            assert_eq!(property(mapping, &format!("/{name}")), &value, "{mapping} {name}");
        }
        let kept = property(mapping, "/DestinationConfig/OnFailure/Destination");
        assert_eq!(kept, &json!("DeliverDeadLetters.Arn"), "{mapping}");
    }
    assert_eq!(property("DeliverMapping", "/ParallelizationFactor"), &json!(10));
    assert_eq!(property("MailMapping", "/ParallelizationFactor"), &json!("MailConcurrency"));
}

/// What `deliver` notes of a mail would else invoke it anew, two or three times for each mail.
#[test]
fn what_is_noted_of_a_mail_invokes_nothing() {
    let mail = |event: &str, state: &str| json!({ "eventName": event, "dynamodb": { "NewImage": { "kind": { "S": "mail" }, "state": { "S": state } } } });
    let maps = |record: &Value| template().maps("MailMapping", record);
    for event in ["INSERT", "MODIFY"] {
        assert!(maps(&mail(event, "queued")), "{event}");
        for state in ["waiting", "sending", "sent", "dropped", "collected", "parked"] {
            assert!(!maps(&mail(event, state)), "{event} {state}");
        }
    }
    let mut again = mail("MODIFY", "sending");
    again["dynamodb"]["NewImage"]["again"] = json!({ "N": "1" });
    assert!(maps(&again), "an operator wants it looked at");
}

// ---- Who is an administrator ---------------------------------------------------------------------------------------

#[test]
fn every_function_has_the_names_of_the_claims_from_one_place() {
    for (variable, parameter) in [
        ("USER_ID_CLAIM", "UserIdClaim"),
        ("ADMINISTRATOR_CLAIM", "AdministratorClaim"),
        ("ADMINISTRATOR_VALUE", "AdministratorValue"),
    ] {
        assert_eq!(template().variables()[variable], parameter);
        for (name, function) in functions() {
            assert_eq!(function.properties["Environment"]["Variables"][variable], Value::Null, "{name}");
        }
    }
}

#[test]
fn no_claim_and_no_group_is_deployed_that_reads_in_two_ways() {
    let bad = ["", "a b", "[a]", "a]", "\"a\"", "a'", "a,b", " a", "a\n"];
    assert_takes("UserIdClaim", &["sub", "https://example.org/id", "custom:id"], &bad);
    assert_takes("AdministratorClaim", &["cognito:groups", "scope"], &bad);
    assert_takes("AdministratorValue", &["administrators", "invitations/directory", "Größe"], &bad);
}

#[test]
fn lists_are_separated_by_commas_alone() {
    let bad = ["a, b", "a b", " a", "a ", "a,", ",a", "a,,b"];
    assert_takes("JwtAudience", &["", "a", "a,b", "https://api.example.org,b"], &bad);
    let bad = ["https://a.test, https://b.test", "a.test", "https://a.test/", "https://a.test,", " https://a.test"];
    assert_takes("AllowedOrigins", &["", "*", "https://a.test", "https://a.test,http://localhost:3000"], &bad);
}

#[test]
fn the_other_texts_are_refused_where_they_would_fail_later() {
    assert_takes(
        "JwtIssuer",
        &["", "https://id.example.org/"],
        &["id.example.org", "http://id.test", "https://a.test b"],
    );
    assert_takes("SenderAddress", &["invitations@example.org"], &["", "example.org", "a b@example.org", "a@b@c"]);
    assert_takes("SenderIdentity", &["", "example.org"], &["a@example.org", "example", "example.org "]);
    assert_takes(
        "PublicBaseUrl",
        &["", "https://a.test", "https://a.test/x"],
        &["https://a.test/", "a.test", "https://a.test "],
    );
    assert_takes("LinkConcurrency", &["", "1", "50"], &["0", "-1", "1.5", "fifty"]);
}

/// A provider of the host's own has groups that the host did not make for this: `administrators` may be anybody's.
#[test]
fn an_identity_provider_of_the_hosts_own_needs_an_audience_and_a_chosen_group() {
    let rule = template().rule("OwnIdentityProviderIsComplete");
    assert_eq!(rule["RuleCondition"], json!([["JwtIssuer", ""]]), "not equal");
    let asserted: Vec<_> = rule["Assertions"].as_array().unwrap().iter().map(|one| one["Assert"].clone()).collect();
    let guessable = template().parameters()["AdministratorValue"].default.as_ref().unwrap();
    assert_eq!(asserted, [json!([["JwtAudience", ""]]), json!([["AdministratorValue", guessable]])], "neither equal");
    assert_eq!(read("template.yaml").matches("Assert: !Not [!Equals [").count(), 2);
}

// ---- What is open to everyone --------------------------------------------------------------------------------------

/// Whoever floods the routes that need no token finds a limit before any function runs, and uses up executions that
/// nobody who is signed in needs.
#[test]
fn routes_that_need_no_token_have_limits_and_a_function_of_their_own() {
    let public = |route: &&Route| route.public;
    let open: BTreeSet<_> =
        template().routes().iter().filter(public).map(|one| format!("{} {}", one.method, one.path)).collect();
    let limited = property("Api", "/RouteSettings").as_object().unwrap();
    assert_eq!(limited.keys().cloned().collect::<BTreeSet<_>>(), open);
    for (route, limits) in limited {
        let rate = "LinkRequestsPerSecond";
        assert_eq!(limits, &json!({ "ThrottlingRateLimit": rate, "ThrottlingBurstLimit": rate }), "{route}");
    }
    let mut serving = Vec::new();
    for (name, function) in functions() {
        let events = function.properties["Events"].as_object().into_iter().flat_map(|events| events.values());
        let of_api: Vec<_> =
            events.filter(|event| event["Type"] == "HttpApi").map(|event| &event["Properties"]).collect();
        let open = of_api.iter().filter(|event| event["Auth"]["Authorizer"] == "NONE").count();
        if open > 0 {
            assert_eq!(open, of_api.len(), "{name} serves others, too");
            serving.push(name);
        }
    }
    assert_eq!(serving, ["RespondByLinkFunction", "UiFunction"]);
    let reserved = json!(["LinksReserved", "LinkConcurrency", "AWS::NoValue"]);
    assert_eq!(property("RespondByLinkFunction", "/ReservedConcurrentExecutions"), &reserved);
}

#[test]
fn the_access_log_says_where_from_and_what_failed_and_never_the_path() {
    let format: Value = serde_json::from_str(property("Api", "/AccessLogSettings/Format").as_str().unwrap()).unwrap();
    let logged: Vec<_> = format.as_object().unwrap().values().map(|value| value.as_str().unwrap()).collect();
    for wanted in ["$context.identity.sourceIp", "$context.integrationErrorMessage", "$context.routeKey"] {
        assert!(logged.contains(&wanted), "{wanted}: {logged:?}");
    }
    let tells = |value: &str| value.to_lowercase().contains("path") || value.contains("authorizer.claims");
    assert!(!logged.iter().any(|value| tells(value)), "{logged:?}");
}

/// The paths of mail links are secrets, wherever they pass.
#[test]
fn the_example_of_an_edge_has_a_firewall_and_keeps_no_paths() {
    let edge: Value = yaml("docs/edge.yaml");
    let resources = edge["Resources"].as_object().unwrap();
    let distribution = &resources["Distribution"]["Properties"]["DistributionConfig"];
    assert_eq!(distribution["WebACLId"], "Firewall.Arn");
    assert_eq!(distribution["Logging"], Value::Null);
    assert!(resources.values().all(|resource| resource["Type"] != "AWS::WAFv2::LoggingConfiguration"));
    let firewall = &resources["Firewall"]["Properties"];
    let rules = firewall["Rules"].as_array().unwrap();
    for seen in rules.iter().chain([firewall]) {
        assert_eq!(seen["VisibilityConfig"]["SampledRequestsEnabled"], false, "{seen}");
    }
    let limited = rules.iter().find_map(|rule| rule["Statement"].get("RateBasedStatement")).unwrap();
    let prefixes = limited["ScopeDownStatement"]["OrStatement"]["Statements"].as_array().unwrap();
    let prefixes: BTreeSet<_> =
        prefixes.iter().map(|one| one["ByteMatchStatement"]["SearchString"].as_str().unwrap().to_owned()).collect();
    let pages = template().routes().iter().filter(|route| route.is_page());
    assert_eq!(prefixes, pages.map(|route| route.path.replace("{proxy+}", "")).collect());
}

// ---- What is offered on demand -------------------------------------------------------------------------------------

/// Returns the value as it is where the condition does not hold.
fn without(condition: &str, value: &Value) -> Value {
    match value {
        Value::Array(items) => match &items[..] {
            [name, _, other] if name == condition => without(condition, other),
            items => items.iter().map(|item| without(condition, item)).collect(),
        },
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), without(condition, value))).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn a_deployment_without_graphql_has_nothing_that_belongs_to_it_or_names_it() {
    const OFFERED: &str = "GraphQLOffered";
    assert_eq!(template().condition(OFFERED), &json!(["GraphQL", "true"]));
    let is_gone = |resource: &Resource| resource.condition.as_deref() == Some(OFFERED);
    let resources = || template().resources().iter();
    let gone: Vec<_> = resources().filter(|(_, one)| is_gone(one)).map(|(name, _)| name.as_str()).collect();
    assert_eq!(gone, ["GraphqlFailures", "GraphqlFaults", "GraphqlFunction", "GraphqlLog"]);
    // SAM makes the role and the route with the function, and on its condition.
    assert_eq!(template().function_behind("POST /graphql").name, "graphql");

    let names = |text: &str| gone.iter().any(|name| text.contains(name));
    let naming: Vec<_> = resources().filter(|(_, one)| !is_gone(one) && names(&one.properties.to_string())).collect();
    assert_eq!(naming.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Dashboard"]);
    for (name, resource) in resources().filter(|(_, one)| !is_gone(one)) {
        assert!(!names(&without(OFFERED, &resource.properties).to_string()), "{name} names what is not there");
        assert!(!resource.depends_on.as_deref().is_some_and(names), "{name} waits for what is not there");
    }
    for (name, output) in template().outputs() {
        assert!(!names(&output.value), "{name} tells of what is not there");
    }
}

/// Returns the dashboard's body as it is with these values of its conditional parts.
fn dashboard(part: impl Fn(&Value) -> &str) -> Value {
    let [text, parts] = &property("Dashboard", "/DashboardBody").as_array().unwrap()[..] else { panic!("two parts") };
    let fill = |text: String, (name, value): (&String, &Value)| text.replace(&format!("${{{name}}}"), part(value));
    let text = parts.as_object().unwrap().iter().fold(text.as_str().unwrap().to_owned(), fill);
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_dashboard_has_the_time_of_every_function_behind_the_api_that_is_deployed() {
    let title = "Time per function (ms, p99)";
    let shown = |body: Value| -> BTreeSet<String> {
        let widgets = body["widgets"].as_array().unwrap();
        let widget = widgets.iter().find(|widget| widget["properties"]["title"] == title).unwrap();
        let metrics = widget["properties"]["metrics"].as_array().unwrap();
        metrics.iter().map(|metric| metric[3].as_str().unwrap().to_owned()).collect()
    };
    let is_behind_api = |function: &Resource| function.properties["Events"].to_string().contains("HttpApi");
    let behind_api = functions().filter(|(_, function)| is_behind_api(function));
    let mut expected: BTreeSet<_> = behind_api.map(|(name, _)| format!("${{{name}}}")).collect();
    assert_eq!(shown(dashboard(|part| part[1].as_str().unwrap())), expected);
    expected.remove("${GraphqlFunction}");
    assert_eq!(shown(dashboard(|part| part[2].as_str().unwrap())), expected);
}

// ---- Rights --------------------------------------------------------------------------------------------------------

/// The policy that SAM puts into every role allows all log groups of the account; a denial goes before it.
#[test]
fn every_function_writes_its_own_log_group_and_no_other() {
    let mut groups = BTreeSet::new();
    for (name, function) in functions() {
        let group = function.properties["LoggingConfig"]["LogGroup"].as_str().unwrap();
        let denial = json!({ "Effect": "Deny", "Action": "logs:*", "NotResource": format!("{group}.Arn") });
        assert!(statements(function).contains(&denial), "{name}: {denial}");
        assert_eq!(template().resource(group).r#type, "AWS::Logs::LogGroup");
        assert!(groups.insert(group), "{name} shares {group}");
    }
}

/// What opens the connection at a cold start is a `BatchGetItem`; `start_up` in `tests/embedded` sees to that.
#[test]
fn no_cold_start_begins_with_a_denial() {
    // The elements' function reaches nothing.
    for (name, function) in functions().filter(|(name, _)| *name != "UiFunction") {
        let allows = |statement: &Value| {
            let actions = [&statement["Action"]];
            let actions = statement["Action"].as_array().map_or(actions.to_vec(), |all| all.iter().collect());
            let table = statement["Resource"] == "Table.Arn" && statement["Condition"].is_null();
            table && statement["Effect"] == "Allow" && actions.contains(&&json!("dynamodb:BatchGetItem"))
        };
        assert!(statements(function).iter().any(allows), "{name}");
    }
}

/// The fingerprints are those that Amazon publishes with the list of its roots.
#[test]
fn functions_trust_the_roots_of_amazons_authority_and_no_others() {
    let file = read("shared/runtime/src/amazon_roots.pem");
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    let fingerprint = |certificate: &str| {
        let encoded: String = certificate.split_once(end).unwrap().0.split_whitespace().collect();
        hex::encode(Sha256::digest(BASE64_STANDARD.decode(encoded).unwrap()))
    };
    let found: Vec<_> = file.split(begin).skip(1).map(fingerprint).collect();
    assert_eq!(
        found,
        [
            "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
            "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
            "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
            "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
            "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
        ]
    );
}

#[test]
fn names_of_the_user_pool_have_one_spelling_and_a_second_factor_is_possible() {
    assert_eq!(property("UserPool", "/UsernameConfiguration/CaseSensitive"), false);
    assert_eq!(property("UserPool", "/MfaConfiguration"), "OPTIONAL");
    assert_eq!(property("UserPool", "/EnabledMfas"), &json!(["SOFTWARE_TOKEN_MFA"]));
}

/// What the rule cannot hand over at all, the function's own dead letters do not have.
#[test]
fn the_rule_of_mail_events_has_dead_letters_of_its_own() {
    let queue = property("FeedbackFunction", "/Events/MailEvent/Properties/DeadLetterConfig/Arn");
    assert_eq!(queue, "FeedbackRuleDeadLetters.Arn");
    assert_ne!(property("FeedbackFunction", "/EventInvokeConfig/DestinationConfig/OnFailure/Destination"), queue);
    assert_eq!(property("FeedbackRuleDeadLettersPolicy", "/Queues"), &json!(["FeedbackRuleDeadLetters"]));
    // SAM names the rule after the function and the event.
    let right = json!({
        "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" }, "Action": "sqs:SendMessage",
        "Resource": queue, "Condition": { "ArnEquals": { "aws:SourceArn": "FeedbackFunctionMailEvent.Arn" } },
    });
    assert_eq!(property("FeedbackRuleDeadLettersPolicy", "/PolicyDocument/Statement"), &json!([right]));
    let watched = property("FeedbackUnheard", "/Dimensions/0/Value");
    assert_eq!(watched, "FeedbackRuleDeadLetters.QueueName");
}
