//! The routes: what is deployed, what `cargo lambda watch` serves, and what is documented are the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::{document::operations, files};

/// A method, a path, and the function behind them.
type Route = (String, String, String);

#[derive(Deserialize)]
struct Template {
    #[serde(rename = "Resources")]
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Properties {
    code_uri: Option<String>,
    events: BTreeMap<String, Source>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Source {
    r#type: String,
    #[serde(default)]
    properties: Http,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Http {
    method: String,
    path: String,
    auth: BTreeMap<String, String>,
}

fn deployed() -> Vec<(Route, bool)> {
    let template: Template = serde_saphyr::from_str(&files::read("template.yaml")).unwrap();
    let mut routes = Vec::new();
    for properties in template.resources.into_values().map(|resource| resource.properties) {
        let Some(code) = properties.code_uri else { continue };
        let function = code.trim_end_matches('/').rsplit('/').next().unwrap();
        for source in properties.events.into_values().filter(|source| source.r#type == "HttpApi") {
            let http = source.properties;
            let public = http.auth.get("Authorizer").is_some_and(|authorizer| authorizer == "NONE");
            routes.push(((http.method, http.path, function.to_owned()), public));
        }
    }
    routes
}

#[derive(Deserialize)]
struct Watched {
    function: String,
    method: String,
}

fn watched() -> BTreeSet<Route> {
    let manifest: toml::Table = files::read("Cargo.toml").parse().unwrap();
    let router = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"].clone();
    let router: BTreeMap<String, Vec<Watched>> = router.try_into().unwrap();
    let routes_of = |(path, watched): (String, Vec<Watched>)| {
        watched.into_iter().map(move |one| (one.method, path.clone(), one.function))
    };
    router.into_iter().flat_map(routes_of).collect()
}

#[test]
fn cargo_lambda_watch_serves_what_is_deployed() {
    let deployed: BTreeSet<_> = deployed().into_iter().map(|(route, _)| route).collect();
    assert_eq!(watched(), deployed);
}

#[test]
fn what_is_documented_is_what_is_deployed() {
    let documented: BTreeSet<_> = operations()
        .into_iter()
        .map(|operation| (operation.method.to_owned(), operation.path.to_owned(), operation.public))
        .collect();
    let deployed = deployed().into_iter().map(|((method, path, _), public)| (method, path, public));
    assert_eq!(documented, deployed.collect());
}

#[test]
fn parameters_of_a_path_are_described() {
    for operation in operations() {
        let in_path = operation.path.split(['{', '}']).skip(1).step_by(2).map(str::to_owned);
        let parameters = operation.parameters.iter().filter(|parameter| parameter["in"] == "path");
        let described: BTreeSet<_> = parameters.map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(described, in_path.collect(), "{}", operation.id);
    }
}
