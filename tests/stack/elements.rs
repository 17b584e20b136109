//! The custom elements, as a page of the host platform loads and uses them.

use testkit::{
    files,
    stack::{call, stack},
};

#[test]
fn the_elements_come_through_the_gateway_whole_and_compressed() {
    let described = call("GET", &format!("{}/ui", stack().api_url), &[], None).ok().json();
    let href = described["href"].as_str().unwrap();
    for (path, kept) in [(href, "public, max-age=31536000, immutable"), ("/ui/invitations.js", "public, max-age=300")] {
        let url = format!("{}{path}", stack().api_url);
        let plain = call("GET", &url, &[("Accept-Encoding", "identity")], None);
        assert_eq!(plain.ok().body, files::read("ui/dist/invitations.js"), "{path}");
        assert_eq!(plain.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(plain.header("cache-control"), Some(kept));
        for coding in ["br", "gzip"] {
            let compressed = call("HEAD", &url, &[("Accept-Encoding", coding)], None);
            assert_eq!(compressed.ok().header("content-encoding"), Some(coding));
        }
        let known = [("If-None-Match", plain.header("etag").unwrap())];
        assert_eq!(call("GET", &url, &known, None).expect(304).body, "");
    }
    let old = format!("{}/ui/0000000000000000/invitations.js", stack().api_url);
    call("GET", &old, &[], None).refused(404, "no_such_route");
}

#[test]
fn pages_of_the_allowed_origins_call_the_api_and_no_others() {
    let own = stack().demo_url.trim_end_matches('/');
    let url = format!("{}/me/invitations", stack().api_url);
    let ask = |origin| {
        let asked = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "authorization"),
        ];
        call("OPTIONS", &url, &asked, None)
    };
    let allowed = ask(own);
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (204, Some(own)));
    assert!(allowed.header("access-control-allow-headers").unwrap().contains("authorization"));
    assert_eq!(ask("https://elsewhere.example").header("access-control-allow-origin"), None);
    let module = call("GET", &format!("{}/ui/invitations.js", stack().api_url), &[("Origin", own)], None);
    assert_eq!(module.ok().header("access-control-allow-origin"), Some(own));
}
