//! The one reader of `template.yaml`, for the tests and the bench: a change of the table, the functions, the routes or
//! the stream's filters there shows in both.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{LazyLock, OnceLock},
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::files;

/// The template of the deployment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Template {
    globals: Globals,
    parameters: BTreeMap<String, Parameter>,
    rules: BTreeMap<String, Value>,
    conditions: BTreeMap<String, Value>,
    resources: BTreeMap<String, Resource>,
    outputs: BTreeMap<String, Output>,
    #[serde(skip)]
    functions: OnceLock<Vec<Function>>,
    #[serde(skip)]
    routes: OnceLock<Vec<Route>>,
}

/// What all functions have in common.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Globals {
    function: FunctionGlobals,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionGlobals {
    memory_size: u32,
    environment: Value,
}

/// A parameter of the deployment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    /// Its default; `None` if it is asked for.
    pub default: Option<Value>,
    /// What a value must match, the whole of it.
    pub allowed_pattern: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
}

/// A resource of the deployment. Of the functions in its values (`!Ref` and the like), only their arguments are left.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    /// Its type.
    pub r#type: String,
    /// The condition on which it is made.
    pub condition: Option<String>,
    /// What is made before it without being named in its properties.
    pub depends_on: Option<String>,
    /// What becomes of it when the stack no longer has it.
    pub deletion_policy: Option<String>,
    /// What becomes of it when another takes its place.
    pub update_replace_policy: Option<String>,
    /// Its properties.
    #[serde(default)]
    pub properties: Value,
}

/// An output of the deployment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    /// The condition on which there is one.
    pub condition: Option<String>,
    /// What it says.
    pub value: String,
}

/// A function that is deployed.
#[derive(Debug)]
pub struct Function {
    /// Its name: that of its crate and binary.
    pub name: String,
    /// Its memory, in megabytes.
    pub memory: u32,
    /// How long it may take, where it does not take the usual time.
    timeout: Option<Duration>,
    /// The routes of the API that lead to it.
    routes: Vec<Route>,
}

impl Function {
    /// Whether the API leads to it.
    pub fn has_routes(&self) -> bool {
        !self.routes.is_empty()
    }

    /// Reads the properties of a resource; `None` if it is not a function.
    fn read(properties: &Value, globals: &FunctionGlobals) -> Option<Self> {
        let name = properties["CodeUri"].as_str()?.trim_end_matches('/').rsplit('/').next()?;
        let events = properties["Events"].as_object().into_iter().flat_map(|events| events.values());
        let of_api = events.filter(|event| event["Type"] == "HttpApi").map(|event| &event["Properties"]);
        let memory = properties["MemorySize"].as_u64().and_then(|memory| memory.try_into().ok());
        Some(Self {
            name: name.to_owned(),
            memory: memory.unwrap_or(globals.memory_size),
            timeout: properties["Timeout"].as_u64().map(Duration::from_secs),
            routes: of_api.map(|route| Route::read(route, name)).collect(),
        })
    }
}

/// A route of the API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// Its HTTP method.
    pub method: String,
    /// Its path, with parameters in braces.
    pub path: String,
    /// The function behind it, by the name of its crate.
    pub function: String,
    /// Whether it needs no token.
    pub public: bool,
}

impl Route {
    fn read(properties: &Value, function: &str) -> Self {
        let text = |name: &str| properties[name].as_str().unwrap().to_owned();
        Self {
            method: text("Method"),
            path: text("Path"),
            function: function.to_owned(),
            public: properties["Auth"]["Authorizer"] == "NONE",
        }
    }

    /// Whether the route is a page behind a mail link, where the link is what lets people in.
    pub fn is_page(&self) -> bool {
        ["/i/{proxy+}", "/u/{proxy+}"].contains(&self.path.as_str())
    }

    /// Whether the route serves the custom elements, which are for everybody.
    pub fn is_elements(&self) -> bool {
        self.path == "/ui" || self.path.starts_with("/ui/")
    }

    /// Whether the route keeps the directory.
    pub fn is_directory(&self) -> bool {
        self.path.starts_with("/directory/")
    }

    /// Returns the path as `openapi.yaml` has it.
    pub fn documented(&self) -> String {
        documented(&self.path)
    }

    /// Returns the path with those values in the place of its parameters.
    pub fn at(&self, values: &[(&str, &str)]) -> String {
        let put = |path: String, (name, value): &(&str, &str)| path.replace(&format!("{{{name}}}"), value);
        let path = values.iter().fold(self.documented(), put);
        assert!(!path.contains('{'), "a parameter that the tests have no value for: {path}");
        path
    }

    /// Returns the values of the parameters, if the route matches the path.
    fn parameters(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let several = self.path.ends_with("+}");
        let route: Vec<_> = self.path.split('/').collect();
        let path: Vec<_> = if several { path.splitn(route.len(), '/').collect() } else { path.split('/').collect() };
        let mut parameters = BTreeMap::new();
        for (pattern, segment) in route.iter().zip(&path) {
            match pattern.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(name) => drop(parameters.insert(name.trim_end_matches('+').to_owned(), (*segment).to_owned())),
                None if pattern == segment => {}
                None => return None,
            }
        }
        (route.len() == path.len()).then_some(parameters)
    }
}

/// Returns the path of a route as `openapi.yaml` has it, which knows no parameter of several segments.
pub fn documented(path: &str) -> String {
    path.replace("{proxy+}", "{token}")
}

/// Returns the checked-in template.
pub fn template() -> &'static Template {
    static TEMPLATE: LazyLock<Template> = LazyLock::new(|| files::yaml("template.yaml"));
    &TEMPLATE
}

impl Template {
    /// Returns every function, by name. What is deployed twice is there twice.
    pub fn functions(&self) -> &[Function] {
        self.functions.get_or_init(|| {
            let globals = &self.globals.function;
            let all = self.resources.values().filter_map(|resource| Function::read(&resource.properties, globals));
            let mut functions: Vec<_> = all.collect();
            functions.sort_by(|a, b| a.name.cmp(&b.name));
            functions
        })
    }

    /// Returns the names of the functions' crates.
    pub fn crates(&self) -> BTreeSet<&str> {
        self.functions().iter().map(|function| &*function.name).collect()
    }

    /// Returns a function.
    pub fn function(&self, name: &str) -> &Function {
        let function = self.functions().iter().find(|function| function.name == name);
        function.unwrap_or_else(|| panic!("template.yaml has no function {name}"))
    }

    /// Returns the function that a route leads to: a method and a path, as the template has them.
    pub fn function_behind(&self, route: &str) -> &Function {
        let leads = |one: &Route| Some((one.method.as_str(), one.path.as_str())) == route.split_once(' ');
        let function = self.functions().iter().find(|function| function.routes.iter().any(leads));
        function.unwrap_or_else(|| panic!("template.yaml has no route {route}"))
    }

    /// Returns every route of the API.
    pub fn routes(&self) -> &[Route] {
        self.routes.get_or_init(|| {
            let routes: Vec<_> = self.functions().iter().flat_map(|function| function.routes.clone()).collect();
            assert!(routes.len() > 20, "template.yaml declares only {routes:?}");
            routes
        })
    }

    /// Returns the route that the gateway chooses for a request, and the values of its parameters.
    pub fn route(&self, method: &str, path: &str) -> Option<(&Route, BTreeMap<String, String>)> {
        let of_method = self.routes().iter().filter(|route| route.method == method);
        let found = of_method.filter_map(|route| route.parameters(path).map(|parameters| (route, parameters)));
        // The gateway prefers the route that spells out the most.
        found.min_by_key(|(_, parameters)| parameters.len())
    }

    /// Returns how long a function may take that does not take the usual time.
    pub fn timeout(&self, name: &str) -> Duration {
        self.function(name).timeout.unwrap_or_else(|| panic!("{name} takes the usual time"))
    }

    /// Returns the names of the resources of a type.
    pub fn resources_of(&self, r#type: &str) -> Vec<&str> {
        let all = self.resources.iter().filter(|(_, resource)| resource.r#type == r#type);
        all.map(|(name, _)| name.as_str()).collect()
    }

    /// Returns every resource, by name.
    pub fn resources(&self) -> &BTreeMap<String, Resource> {
        &self.resources
    }

    /// Returns a resource.
    pub fn resource(&self, name: &str) -> &Resource {
        self.resources.get(name).unwrap_or_else(|| panic!("template.yaml has no {name}"))
    }

    /// Returns every parameter, by name.
    pub fn parameters(&self) -> &BTreeMap<String, Parameter> {
        &self.parameters
    }

    /// Returns what a rule about the parameters says.
    pub fn rule(&self, name: &str) -> &Value {
        &self.rules[name]
    }

    /// Returns what a condition says.
    pub fn condition(&self, name: &str) -> &Value {
        &self.conditions[name]
    }

    /// Returns the outputs, by name.
    pub fn outputs(&self) -> &BTreeMap<String, Output> {
        &self.outputs
    }

    /// Returns the variables that every function has.
    pub fn variables(&self) -> &Value {
        &self.globals.function.environment["Variables"]
    }

    /// Returns the request to `DynamoDB` that creates the table under that name, with its stream.
    pub fn create_table(&self, name: &str) -> Value {
        let table = &self.resources["Table"].properties;
        let mut request = json!({ "TableName": name });
        for part in
            ["BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "StreamSpecification"]
        {
            request[part] = table[part].clone();
        }
        // They depend on parameters, and are nothing to an engine without limits.
        for index in request["GlobalSecondaryIndexes"].as_array_mut().unwrap() {
            for part in ["WarmThroughput", "ContributorInsightsSpecification"] {
                index.as_object_mut().unwrap().remove(part);
            }
        }
        request["StreamSpecification"]["StreamEnabled"] = true.into();
        request
    }

    /// Returns the request to `DynamoDB` that sets the table's time to live.
    pub fn time_to_live(&self, name: &str) -> Value {
        let specification = &self.resources["Table"].properties["TimeToLiveSpecification"];
        json!({ "TableName": name, "TimeToLiveSpecification": specification })
    }

    /// Whether one of the stream's mappings hands the record to `deliver`.
    pub fn streams(&self, record: &Value) -> bool {
        self.resources_of("AWS::Lambda::EventSourceMapping").into_iter().any(|mapping| self.maps(mapping, record))
    }

    /// Whether that mapping of the stream hands the record to `deliver`.
    pub fn maps(&self, mapping: &str, record: &Value) -> bool {
        let filters = self.resources[mapping].properties["FilterCriteria"]["Filters"].as_array().unwrap();
        filters.iter().any(|filter| {
            let pattern = serde_json::from_str(filter["Pattern"].as_str().unwrap()).unwrap();
            matches(&pattern, record)
        })
    }
}

/// Whether the value has everything that an event pattern asks for: exact values, or that there is one.
fn matches(pattern: &Value, value: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, pattern)| matches(pattern, &value[name])),
        Value::Array(accepted) if *accepted == [json!({ "exists": true })] => !value.is_null(),
        Value::Array(accepted) => accepted.contains(value),
        _ => panic!("a pattern of another kind: {pattern}"),
    }
}
