//! Time and randomness, passed in: nothing below `main` asks the machine for either.

use std::sync::Mutex;

use uuid::Uuid;

use crate::ids::{Id, IdKind};
use crate::time::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in whole microseconds (what both databases keep).
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
    }
}

/// A clock that stands still until it is moved; for tests and reproducible runs.
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = now;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Makes ids.
pub trait IdGen: Send + Sync {
    /// A fresh UUIDv7 (RFC 9562), in time order of `now`.
    fn uuid(&self, now: Timestamp) -> Uuid;
}

impl dyn IdGen + '_ {
    /// A fresh id of the wanted kind.
    pub fn id<K: IdKind>(&self, now: Timestamp) -> Id<K> {
        Id::from_uuid(self.uuid(now))
    }
}

/// Ids from the operating system's randomness, in ascending order within the process.
#[derive(Default)]
pub struct RandomIds(Mutex<uuid::timestamp::context::ContextV7>);

impl IdGen for RandomIds {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let micros = now.micros().max(0);
        let context = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (seconds, nanos) = ((micros / 1_000_000) as u64, (micros % 1_000_000 * 1_000) as u32);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*context, seconds, nanos))
    }
}
