//! The routes: the functions' tables, what is deployed, and what `cargo lambda watch` serves are the same.

use std::{collections::BTreeSet, env, fmt::Write as _, fs};

use functions::{FUNCTIONS, operations};
use http_api::route::{Access, Route};
use testkit::{
    files,
    template::{documented, template},
};

/// Where the router of `cargo lambda watch` is, which reaches to the end of the file.
const MANIFEST: &str = "Cargo.toml";
const ROUTER: &str = "[workspace.metadata.lambda.watch.router]\n";

/// A function, a method, a path, and whether the gateway asks for no token.
type Served = (String, String, String, bool);

fn deployed() -> BTreeSet<Served> {
    let routes = template().routes().iter().cloned();
    routes.map(|route| (route.function, route.method, route.path, route.public)).collect()
}

/// Every route with the function that serves it.
fn routes() -> impl Iterator<Item = (&'static str, &'static Route)> {
    FUNCTIONS.iter().flat_map(|function| function.routes.iter().map(|route| (function.name, route)))
}

#[test]
fn what_is_deployed_is_what_the_functions_serve() {
    let served = routes().map(|(function, route)| {
        let public = route.access == Access::Everyone;
        (function.to_owned(), route.method.to_owned(), route.path.to_owned(), public)
    });
    let (served, deployed): (BTreeSet<_>, _) = (served.collect(), deployed());
    let mut advice = String::new();
    for (function, method, path, public) in served.difference(&deployed) {
        let auth = if *public { ", Auth: { Authorizer: NONE }" } else { "" };
        let event = format!("{{ ApiId: !Ref Api, Method: {method}, Path: \"{path}\"{auth} }}");
        writeln!(advice, "add to the events of {function}:\n          Type: HttpApi\n          Properties: {event}")
            .unwrap();
    }
    for (function, method, path, _) in deployed.difference(&served) {
        writeln!(advice, "take from the events of {function}, or serve it so: {method} {path}").unwrap();
    }
    assert!(advice.is_empty(), "template.yaml is not what the functions serve:\n{advice}");
}

/// The router of `cargo lambda watch`, as `Cargo.toml` has it.
fn router() -> String {
    let mut paths: Vec<(&str, Vec<String>)> = Vec::new();
    for (function, route) in routes() {
        let target = format!("{{ function = \"{function}\", method = \"{}\" }}", route.method);
        match paths.iter_mut().find(|(path, _)| *path == route.path) {
            Some((_, targets)) => targets.push(target),
            None => paths.push((route.path, vec![target])),
        }
    }
    let lines = paths.into_iter().map(|(path, targets)| {
        // The router marks a parameter of several segments in a way of its own.
        let path = path.replace("{proxy+}", "{*proxy}");
        match &targets[..] {
            [only] => format!("\"{path}\" = [{only}]\n"),
            several => format!("\"{path}\" = [\n    {},\n]\n", several.join(",\n    ")),
        }
    });
    lines.collect()
}

#[test]
fn cargo_lambda_watch_serves_what_the_functions_serve() {
    let manifest = files::read(MANIFEST);
    let (above, kept) = manifest.split_once(ROUTER).unwrap();
    let made = router();
    if env::var_os("UPDATE_OPENAPI").is_some() && kept != made {
        fs::write(files::full(MANIFEST), format!("{above}{ROUTER}{made}")).unwrap();
        return;
    }
    assert!(
        kept == made,
        "the watch router in Cargo.toml is not what the functions serve: `UPDATE_OPENAPI=1 cargo test -p contract` \
         writes it anew."
    );
}

#[test]
fn no_route_is_served_twice() {
    let routes: Vec<_> = routes().map(|(_, route)| (route.method, route.path)).collect();
    assert_eq!(routes.len(), routes.iter().collect::<BTreeSet<_>>().len(), "{routes:?}");
}

#[test]
fn parameters_of_a_path_are_described() {
    for (route, operation) in operations() {
        let path = documented(route.path);
        let in_path: BTreeSet<_> = path.split(['{', '}']).skip(1).step_by(2).map(str::to_owned).collect();
        let operation = serde_json::to_value(operation.described).unwrap();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let described = parameters.filter(|parameter| parameter["in"] == "path");
        let described = described.map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(in_path, described, "{} {}", route.method, route.path);
    }
}
