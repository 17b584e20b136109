//! What is served, compressed how, and kept how long.

use std::io::Read;

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::read::GzDecoder;
use http_api::function::respond;
use lambda_http::{Body, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384};

use crate::{
    FUNCTION,
    bundle::{HASH, HREF, INTEGRITY, PLAIN},
};

/// Gets what is at the path, as the gateway hands the request over.
async fn get(path: &str, headers: Value) -> Response<Body> {
    let hash = path.split('/').nth(2).unwrap_or_default();
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": headers,
        "pathParameters": {"hash": hash}, "isBase64Encoded": false,
        "requestContext": {
            "http": {"method": "GET", "path": path}, "routeKey": "$default", "stage": "$default", "timeEpoch": 0,
        },
    });
    respond(None, &FUNCTION, &lambda_http::request::from_str(&event.to_string()).unwrap()).await
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn the_bundle_comes_as_its_client_can_read_it() {
    for (accepted, coding) in [
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP;q=1.0", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br; q=0.0, gzip;q=0", ""),
        ("identity", ""),
        ("brotli", ""),
        ("", ""),
    ] {
        let response = get("/ui/invitations.js", json!({"accept-encoding": accepted})).await;
        assert_eq!((response.status().as_u16(), header(&response, "content-encoding")), (200, coding), "{accepted}");
        assert_eq!(header(&response, "content-type"), "text/javascript; charset=utf-8");
        assert!(header(&response, "vary").contains("accept-encoding"), "caches tell the encodings apart");
        let mut read = Vec::new();
        match (coding, response.body()) {
            ("br", Body::Binary(bytes)) => brotli::BrotliDecompress(&mut &bytes[..], &mut read).unwrap(),
            ("gzip", Body::Binary(bytes)) => drop(GzDecoder::new(&bytes[..]).read_to_end(&mut read).unwrap()),
            ("", Body::Text(text)) => read.extend(text.bytes()),
            (_, body) => panic!("{accepted}: {body:?}"),
        }
        assert_eq!(String::from_utf8(read).unwrap(), PLAIN, "{accepted}");
    }
}

#[tokio::test]
async fn an_address_with_the_digest_is_kept_for_ever_and_one_without_for_minutes() {
    for (path, kept) in [(HREF, "public, max-age=31536000, immutable"), ("/ui/invitations.js", "public, max-age=300")] {
        let response = get(path, json!({})).await;
        assert_eq!((response.status().as_u16(), header(&response, "cache-control")), (200, kept), "{path}");
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(header(&response, name), value, "{path}: {name}");
        }
    }
}

#[tokio::test]
async fn another_digest_is_not_found_and_its_absence_is_not_kept() {
    for hash in ["0123456789abcdef", &HASH[1..], "%2e%2e", ""] {
        let response = get(&format!("/ui/{hash}/invitations.js"), json!({})).await;
        assert_eq!((response.status().as_u16(), header(&response, "cache-control")), (404, "no-store"), "{hash}");
    }
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let etag = header(&get(HREF, json!({})).await, "etag").to_owned();
    let strong = etag.trim_start_matches("W/").to_owned();
    for known in [&*etag, &strong, "*", &format!("\"other\", {etag}")] {
        let response = get(HREF, json!({"if-none-match": known, "accept-encoding": "br"})).await;
        assert_eq!((response.status().as_u16(), response.body().is_empty()), (304, true), "{known}");
        assert_eq!(header(&response, "etag"), etag);
        assert!(header(&response, "cache-control").contains("immutable"));
    }
    assert_eq!(get(HREF, json!({"if-none-match": "\"other\""})).await.status(), 200);
}

#[tokio::test]
async fn the_description_names_an_address_that_works_and_the_digest_that_browsers_check() {
    let response = get("/ui", json!({})).await;
    assert_eq!(header(&response, "cache-control"), "public, max-age=300");
    assert_eq!(header(&response, "access-control-allow-origin"), "*");
    let Body::Text(text) = response.body() else { panic!("{response:?}") };
    let described: Value = serde_json::from_str(text).unwrap();
    assert_eq!(described, json!({"href": HREF, "integrity": INTEGRITY}));
    assert_eq!(INTEGRITY, format!("sha384-{}", BASE64_STANDARD.encode(Sha384::digest(PLAIN))));
    let digest = hex::encode(Sha256::digest(PLAIN));
    assert!(digest.starts_with(HASH) && HREF.contains(HASH));
    assert_eq!(get(HREF, json!({})).await.status(), 200);
}
