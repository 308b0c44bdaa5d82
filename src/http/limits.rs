//! How many requests a caller may send.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter as Governor};

use crate::config::Limits;
use crate::error::{Error, Result};
use crate::ids::TenantId;

/// A caller, as far as its rate is concerned.
type Key = (TenantId, String);

type Limiter = Governor<Key, DashMapStateStore<Key>, DefaultClock, StateInformationMiddleware>;

/// Counts the requests of each tenant and subject in this process.
pub struct RateLimiter(Option<(Limiter, NonZeroU32)>);

/// Where a caller stands, for the `RateLimit` headers.
#[derive(Debug, Clone, Copy)]
pub struct RateState {
    pub per_second: u32,
    pub remaining: u32,
}

impl RateLimiter {
    pub fn new(limits: &Limits) -> Self {
        Self(limits.rate_per_second.map(|rate| {
            let burst = limits.rate_burst.unwrap_or(rate.saturating_mul(TWICE));
            let quota = Quota::per_second(rate).allow_burst(burst);
            (Governor::dashmap(quota).with_middleware(), rate)
        }))
    }

    /// Counts one request; too many are refused.
    pub fn count(&self, tenant: TenantId, subject: &str) -> Result<Option<RateState>> {
        let Some((limiter, rate)) = &self.0 else {
            return Ok(None);
        };
        match limiter.check_key(&(tenant, subject.to_string())) {
            Ok(state) => {
                Ok(Some(RateState { per_second: rate.get(), remaining: state.remaining_burst_capacity() }))
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                Err(Error::TooManyRequests { retry_after: wait.as_secs() + 1 })
            }
        }
    }

    /// Forgets callers that have been silent long enough.
    pub fn tidy(&self) {
        if let Some((limiter, _)) = &self.0 {
            limiter.retain_recent();
        }
    }
}

const TWICE: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_the_burst_a_caller_waits_and_others_do_not() {
        let limiter = RateLimiter::new(&Limits {
            body_bytes: 0,
            bulk_body_bytes: 0,
            bulk_items: 0,
            bulk_lines: 0,
            body_depth: 0,
            query_time: std::time::Duration::ZERO,
            rate_per_second: NonZeroU32::new(1),
            rate_burst: NonZeroU32::new(2),
        });
        let count = |subject: &str| limiter.count(TenantId::nil(), subject);
        assert_eq!(count("a").unwrap().unwrap().remaining, 1);
        assert!(count("a").is_ok());
        assert_eq!(count("a").unwrap_err().code(), "too_many_requests");
        assert!(count("b").is_ok());
    }
}
