//! The routes that `template.yaml` declares: what must hold for every route holds for new ones too.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
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
    events: BTreeMap<String, Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    r#type: String,
    #[serde(default)]
    properties: Route,
}

/// A route of the API.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Route {
    pub(crate) method: String,
    pub(crate) path: String,
}

impl Route {
    /// Whether the route is a page behind a mail link, where the link is what lets people in.
    pub(crate) fn is_page(&self) -> bool {
        ["/i/{token}", "/u/{token}"].contains(&self.path.as_str())
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.path.starts_with("/directory/")
    }

    /// The path with those values in the place of its parameters.
    pub(crate) fn at(&self, values: &[(&str, &str)]) -> String {
        let path =
            values.iter().fold(self.path.clone(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
        assert!(!path.contains('{'), "a parameter that the tests have no value for: {path}");
        path
    }
}

/// Every route of the API.
pub(crate) fn routes() -> Vec<Route> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml")).unwrap();
    let template: Template = serde_saphyr::from_str(&text).expect("template.yaml must read");
    let events = template.resources.into_values().flat_map(|resource| resource.properties.events.into_values());
    let routes: Vec<_> = events.filter(|event| event.r#type == "HttpApi").map(|event| event.properties).collect();
    assert!(routes.len() > 20, "template.yaml declares only {routes:?}");
    routes
}
