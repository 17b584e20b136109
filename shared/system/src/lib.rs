//! What a process asks its system for: the time and randomness. Tests can lead both.

use jiff::Timestamp;

#[allow(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
/// The time, to the millisecond that the table keeps.
pub fn now() -> Timestamp {
    #[cfg(feature = "simulation")]
    if let Some(now) = simulation::now() {
        return now;
    }
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// The system gives no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no randomness")]
pub struct NoRandomness;

#[allow(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
/// Fills `bytes` with randomness that cannot be guessed.
///
/// # Errors
/// [`NoRandomness`] if the system has none.
pub fn randomise(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    #[cfg(feature = "simulation")]
    if simulation::randomise(bytes) {
        return Ok(());
    }
    getrandom::fill(bytes).map_err(|_| NoRandomness)
}

/// A clock and a source of randomness that tests lead, so that a run can be repeated from its seed.
///
/// No function carries it: the feature is one that only tests ask for.
#[cfg(feature = "simulation")]
pub mod simulation {
    use std::{fmt, sync::Arc};

    use jiff::Timestamp;

    /// What stands in for the system.
    pub trait World: Send + Sync {
        /// The time.
        fn now(&self) -> Timestamp;
        /// Fills `bytes` as if at random.
        fn randomise(&self, bytes: &mut [u8]);
    }

    /// A world that can be handed around.
    #[derive(Clone)]
    pub struct Simulation(Arc<dyn World>);

    impl fmt::Debug for Simulation {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Simulation")
        }
    }

    tokio::task_local! {
        static CURRENT: Simulation;
    }

    impl Simulation {
        /// A simulation that is led by `world`.
        pub fn new(world: impl World + 'static) -> Self {
            Self(Arc::new(world))
        }

        /// Runs `work` with this clock and this randomness.
        pub async fn run<F: Future>(&self, work: F) -> F::Output {
            CURRENT.scope(self.clone(), work).await
        }
    }

    pub(super) fn now() -> Option<Timestamp> {
        CURRENT.try_with(|simulation| simulation.0.now()).ok()
    }

    pub(super) fn randomise(bytes: &mut [u8]) -> bool {
        CURRENT.try_with(|simulation| simulation.0.randomise(bytes)).is_ok()
    }
}
