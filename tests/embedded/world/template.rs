//! What the tests take from `template.yaml`: the table, the routes and the stream's filters. A change there shows here.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, Projection, StreamSpecification,
    TimeToLiveSpecification,
};
use serde::Deserialize;
use serde_json::Value;

pub(crate) static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml")).unwrap();
    serde_saphyr::from_str(&text).expect("template.yaml must read")
});

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Template {
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(default)]
    properties: Properties,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Properties {
    code_uri: String,
    billing_mode: String,
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<KeyPart>,
    global_secondary_indexes: Vec<IndexSchema>,
    time_to_live_specification: TimeToLive,
    stream_specification: Stream,
    events: BTreeMap<String, Source>,
    filter_criteria: FilterCriteria,
    /// In seconds.
    timeout: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyPart {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IndexSchema {
    index_name: String,
    key_schema: Vec<KeyPart>,
    projection: ProjectionSchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProjectionSchema {
    projection_type: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Stream {
    stream_view_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Source {
    r#type: String,
    #[serde(default)]
    properties: Route,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Route {
    method: String,
    path: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct FilterCriteria {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    pattern: String,
}

impl Resource {
    /// The name of the function, which its code is packed under.
    fn function(&self) -> &str {
        self.properties.code_uri.trim_start_matches("target/lambda/").trim_end_matches('/')
    }
}

impl Template {
    fn table(&self) -> &Properties {
        &self.resources["Table"].properties
    }

    /// Creates the table under that name, and returns its stream.
    pub(crate) async fn create_table(&self, client: &aws_sdk_dynamodb::Client, name: &str) -> String {
        let table = self.table();
        let created = client
            .create_table()
            .table_name(name)
            .billing_mode(BillingMode::from(table.billing_mode.as_str()))
            .set_attribute_definitions(Some(table.attribute_definitions.iter().map(Attribute::build).collect()))
            .set_key_schema(Some(table.key_schema.iter().map(KeyPart::build).collect()))
            .set_global_secondary_indexes(Some(table.global_secondary_indexes.iter().map(IndexSchema::build).collect()))
            .stream_specification(
                StreamSpecification::builder()
                    .stream_enabled(true)
                    .stream_view_type(table.stream_specification.stream_view_type.as_str().into())
                    .build()
                    .unwrap(),
            )
            .send()
            .await
            .unwrap();
        let ttl = TimeToLiveSpecification::builder()
            .attribute_name(&table.time_to_live_specification.attribute_name)
            .enabled(table.time_to_live_specification.enabled);
        let ttl = ttl.build().unwrap();
        client.update_time_to_live().table_name(name).time_to_live_specification(ttl).send().await.unwrap();
        created.table_description.unwrap().latest_stream_arn.unwrap()
    }

    /// The function behind a route, and the path's parameters.
    pub(crate) fn route(&self, method: &str, path: &str) -> Option<(&str, BTreeMap<String, String>)> {
        let mut found: Vec<_> = self
            .resources
            .values()
            .flat_map(|resource| resource.properties.events.values().map(move |source| (resource, source)))
            .filter(|(_, source)| source.r#type == "HttpApi" && source.properties.method == method)
            .filter_map(|(resource, source)| Some((resource.function(), parameters(&source.properties.path, path)?)))
            .collect();
        // The gateway prefers the route that spells out the most.
        found.sort_by_key(|(_, parameters)| parameters.len());
        found.into_iter().next()
    }

    /// Every route, as method and path.
    pub(crate) fn routes(&self) -> impl Iterator<Item = (&str, &str)> {
        let sources = self.resources.values().flat_map(|resource| resource.properties.events.values());
        let routes = sources.filter(|source| source.r#type == "HttpApi");
        routes.map(|source| (source.properties.method.as_str(), source.properties.path.as_str()))
    }

    /// How long the function of that resource may take.
    pub(crate) fn timeout(&self, function: &str) -> Duration {
        Duration::from_secs(self.resources[function].properties.timeout)
    }

    /// Whether the stream's mapping hands the record to `deliver`.
    pub(crate) fn streams(&self, record: &Value) -> bool {
        let filters = &self.resources["DeliverMapping"].properties.filter_criteria.filters;
        filters.iter().any(|filter| {
            let pattern: Value = serde_json::from_str(&filter.pattern).unwrap();
            matches(&pattern, record)
        })
    }
}

/// Whether the value has everything that an event pattern of exact values asks for.
fn matches(pattern: &Value, value: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, pattern)| matches(pattern, &value[name])),
        Value::Array(accepted) => accepted.contains(value),
        _ => panic!("a pattern of another kind: {pattern}"),
    }
}

fn parameters(route: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    let mut parameters = BTreeMap::new();
    for (pattern, segment) in route.iter().zip(&path) {
        match pattern.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => drop(parameters.insert(name.to_owned(), (*segment).to_owned())),
            None if pattern == segment => {}
            None => return None,
        }
    }
    (route.len() == path.len()).then_some(parameters)
}

impl Attribute {
    fn build(&self) -> AttributeDefinition {
        let attribute = AttributeDefinition::builder().attribute_name(&self.attribute_name);
        attribute.attribute_type(self.attribute_type.as_str().into()).build().unwrap()
    }
}

impl KeyPart {
    fn build(&self) -> KeySchemaElement {
        let part = KeySchemaElement::builder().attribute_name(&self.attribute_name);
        part.key_type(self.key_type.as_str().into()).build().unwrap()
    }
}

impl IndexSchema {
    fn build(&self) -> GlobalSecondaryIndex {
        let projection = Projection::builder().projection_type(self.projection.projection_type.as_str().into());
        GlobalSecondaryIndex::builder()
            .index_name(&self.index_name)
            .set_key_schema(Some(self.key_schema.iter().map(KeyPart::build).collect()))
            .projection(projection.build())
            .build()
            .unwrap()
    }
}
