//! Statements that take long are told in the log: their text, never their values.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// From how many microseconds on a statement is slow; 0 for never.
static THRESHOLD: AtomicU64 = AtomicU64::new(0);

/// Warns of statements that take longer, on all connections of the process that open from now on.
pub fn warn_of_slow_statements(threshold: Option<Duration>) {
    let micros = threshold.map_or(0, |threshold| threshold.as_micros() as u64);
    THRESHOLD.store(micros, Ordering::Relaxed);
    // Fails only where a thread panicked while it set the same thing.
    let _ = set_default_instrumentation(|| Some(Box::new(Watch { begun: None })));
}

/// Takes the time of the statement in progress on one connection.
struct Watch {
    begun: Option<Instant>,
}

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => self.begun = Some(Instant::now()),
            InstrumentationEvent::FinishQuery { query, .. } => {
                let Some(took) = self.begun.take().map(|begun| begun.elapsed()) else { return };
                let threshold = THRESHOLD.load(Ordering::Relaxed);
                if threshold > 0 && took.as_micros() as u64 >= threshold {
                    let statement = without_values(&query.to_string());
                    tracing::warn!(took_ms = took.as_millis() as u64, statement, "slow statement");
                }
            }
            _ => {}
        }
    }
}

const LONGEST: usize = 2_000;

/// The text of a statement as diesel prints it, on one line, without the values that follow it.
fn without_values(printed: &str) -> String {
    let text = printed.split(" -- binds: ").next().unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_do_not_get_into_the_log() {
        let printed = "SELECT id\n  FROM customers WHERE phone = $1 -- binds: [\"13800001234\"]";
        assert_eq!(without_values(printed), "SELECT id FROM customers WHERE phone = $1");
    }
}
