//! What the bench takes from `template.yaml`: the table, and the functions with their memory and their routes.
//!
//! A new function is thus measured in size and priced with its real memory without a change here.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;
use serde_json::Value;

use crate::error::Result;

/// What the bench needs of the template.
#[derive(Debug)]
pub(crate) struct Template {
    /// The properties of the table.
    pub(crate) table: Value,
    /// Every function, by name.
    pub(crate) functions: Vec<Function>,
}

/// A function that is deployed.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// In megabytes.
    pub(crate) memory: f64,
    /// The routes of the API that lead to it, each as a method and a path.
    pub(crate) routes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    globals: BTreeMap<String, Value>,
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(default)]
    properties: Value,
}

impl Template {
    pub(crate) fn read() -> Result<Self> {
        let mut file: File = serde_saphyr::from_str(&fs::read_to_string("template.yaml")?)?;
        let table = file.resources.remove("Table").ok_or("the template has no table")?.properties;
        let memory = file.globals.get("Function").and_then(|function| function["MemorySize"].as_f64());
        let memory = memory.ok_or("the template has no usual memory")?;
        let mut functions: Vec<_> =
            file.resources.values().filter_map(|resource| Function::of(&resource.properties, memory)).collect();
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { table, functions })
    }

    pub(crate) fn function(&self, name: &str) -> Result<&Function> {
        let function = self.functions.iter().find(|function| function.name == name);
        Ok(function.ok_or_else(|| format!("the template has no function {name}"))?)
    }

    /// Returns the function that a route leads to.
    pub(crate) fn function_behind(&self, route: &str) -> Result<&Function> {
        let function = self.functions.iter().find(|function| function.routes.iter().any(|known| known == route));
        Ok(function.ok_or_else(|| format!("the template has no route {route}"))?)
    }
}

impl Function {
    /// Reads the properties of a resource; `None` if it is not a function.
    fn of(properties: &Value, usual_memory: f64) -> Option<Self> {
        let name = properties["CodeUri"].as_str()?.trim_end_matches('/').rsplit('/').next()?.to_owned();
        let memory = properties["MemorySize"].as_f64().unwrap_or(usual_memory);
        let events = properties["Events"].as_object().into_iter().flat_map(|events| events.values());
        let routes = events.filter(|event| event["Type"] == "HttpApi").filter_map(|event| {
            let route = &event["Properties"];
            Some(format!("{} {}", route["Method"].as_str()?, route["Path"].as_str()?))
        });
        Some(Self { name, memory, routes: routes.collect() })
    }
}
