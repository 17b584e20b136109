//! What the resolvers of one request share: who asks, when, and what has been read for them.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::Context;
use domain::{
    Timestamp,
    id::{CommunityId, InvitationId},
    person::Caller,
    stats::Period,
};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use http_api::{api::Api, period::PeriodView, problem::Problem, view::InvitationView};
use service::stats::{Numbers, StatsReader};
use store::Store;
use system::now;

use crate::types::{CommunityOptions, FoundPerson};

/// One request, as its resolvers see it.
pub(crate) struct Session {
    pub(crate) reader: Reader,
    pub(crate) request_id: String,
    pub(crate) invitations: Once<InvitationId, InvitationView>,
    pub(crate) numbers: Once<CommunityId, (StatsReader, Numbers)>,
    pub(crate) periods: Once<(CommunityId, Period), PeriodView>,
    pub(crate) options: Once<CommunityId, CommunityOptions>,
    /// The people who were found, by what was typed.
    pub(crate) people: Once<(CommunityId, String), Vec<FoundPerson>>,
    /// How many invitations wait for the caller.
    pub(crate) waiting: Once<(), u32>,
}

/// Who reads what, and when.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) store: Store,
    pub(crate) caller: Arc<Caller>,
    /// The moment at which the request came.
    pub(crate) now: Timestamp,
}

impl Session {
    pub(crate) fn new(api: &Api, caller: Caller, request_id: String) -> Self {
        Self {
            reader: Reader { store: api.store.clone(), caller: Arc::new(caller), now: now() },
            request_id,
            invitations: Once::default(),
            numbers: Once::default(),
            periods: Once::default(),
            options: Once::default(),
            people: Once::default(),
            waiting: Once::default(),
        }
    }

    /// Returns the session that a resolver belongs to.
    pub(crate) fn of<'a>(context: &Context<'a>) -> &'a Self {
        context.data_unchecked()
    }
}

/// The end of a read.
type Read<V> = Result<V, Problem>;

/// Reads of one kind, each of which is made once in a request, however often and under whatever names it is asked for.
pub(crate) struct Once<K, V>(Mutex<HashMap<K, Shared<BoxFuture<'static, Read<V>>>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone + Send + Sync + 'static> Once<K, V> {
    /// Returns what `read` finds for the key, or found for it before.
    pub(crate) async fn get<F>(&self, key: K, read: impl FnOnce(K) -> F) -> Read<V>
    where
        K: Clone,
        F: Future<Output = Read<V>> + Send + 'static,
    {
        let shared = {
            let mut reads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            reads.entry(key.clone()).or_insert_with(|| read(key).boxed().shared()).clone()
        };
        shared.await
    }
}
