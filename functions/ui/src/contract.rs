//! What the contract says of each route, in a function of its handler's name.

use http_api::{
    code::Code,
    contract::{Operation, Schema, json, path_parameter, text},
};

use crate::Elements;

const SCRIPT: &str = "text/javascript";

fn description(summary: &str) -> Operation {
    let example = json!({
        "href": "/ui/5d41402abc4b2a76/invitations.js",
        "integrity": "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC",
    });
    Operation::new("Elements", summary)
        .about("For a page that names the elements' digest in its own `<script>`, and asks when it is built.")
        .responds(200, "Where the current elements are.", Schema::of::<Elements>(), vec![("elements", example)])
}

pub(crate) fn describe_elements() -> Operation {
    description("Tells where the custom elements are, and their digest")
}

pub(crate) fn probe_description() -> Operation {
    description("Tells whether the custom elements are there")
}

fn elements(summary: &str, kept: &str) -> Operation {
    Operation::new("Elements", summary)
        .about(kept)
        .serves(200, "One module, compressed by Brotli or gzip if the client takes it.", SCRIPT)
        .responds_nothing(304, "The client has it already.")
}

fn current(summary: &str) -> Operation {
    elements(summary, "The address for a `<script type=\"module\">`: it follows every deployment within five minutes.")
}

pub(crate) fn get_elements() -> Operation {
    current("Gets the custom elements as they are now")
}

pub(crate) fn probe_elements() -> Operation {
    current("Tells about the custom elements as they are now")
}

fn by_hash(summary: &str) -> Operation {
    let hash = text().pattern(Some("^[0-9a-f]{16}$"));
    elements(summary, "What an address serves never changes; the next deployment of other elements ends it.")
        .parameter(path_parameter("hash", "The start of the bundle's SHA-256 digest.", hash))
        .refuses([Code::NoSuchRoute])
}

pub(crate) fn get_elements_by_hash() -> Operation {
    by_hash("Gets the custom elements by their digest")
}

pub(crate) fn probe_elements_by_hash() -> Operation {
    by_hash("Tells whether the custom elements with that digest are current")
}
