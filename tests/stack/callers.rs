//! Who gets what from which route: every route of the template, as every kind of caller.
//!
//! The expectations are read from the specification's sections 3 and 4. A route that has none fails the test, and so
//! does an expectation of a route that is gone.

mod fixture;
mod rules;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use serde_json::json;
use testkit::{
    stack::{World, stack},
    template::template,
};

use self::{
    fixture::Fixture,
    rules::{BadTokens, RULES, SIGNED_IN, UNAUTHENTICATED},
};

/// How many routes are tried at the same time.
const THREADS: usize = 3;

#[test]
fn every_route_gives_every_kind_of_caller_what_the_specification_says() {
    let declared: BTreeSet<_> =
        template().routes().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    let expected: BTreeSet<_> = RULES.iter().map(|rule| rule.route.to_owned()).collect();
    assert_eq!(declared, expected, "every route has one expectation");

    let bad = BadTokens {
        // Signing in with another lifetime concerns everyone who signs in meanwhile.
        expired: World::alone_with_settings(&json!({})).expired_token(),
        other_audience: stack().token_for_another_application(),
        other_issuer: stack().token_of_another_issuer(),
    };
    let (next, cases) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let wrong: Vec<String> = thread::scope(|scope| {
        let work = || {
            let mut wrong = Vec::new();
            let mut fixture = Fixture::new(&bad);
            while let Some(rule) = RULES.get(next.fetch_add(1, Ordering::Relaxed)) {
                let (tried, found) = fixture.try_route(rule);
                cases.fetch_add(tried, Ordering::Relaxed);
                wrong.extend(found);
            }
            wrong
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let cases = cases.into_inner();
    eprintln!("every route as every caller: {cases} cases, {} failures", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cases, RULES.len() * (UNAUTHENTICATED.len() + SIGNED_IN.len()));
}
