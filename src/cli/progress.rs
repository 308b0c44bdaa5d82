//! How far a long command is: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

const PLAIN_LINE_EVERY: Duration = Duration::from_secs(10);

pub struct Progress {
    bar: ProgressBar,
    unit: &'static str,
    /// When the last plain line was written, where there is no terminal.
    plain: Option<Mutex<Instant>>,
    started: Instant,
}

impl Progress {
    /// Counts up to `length` things, such as `orders`.
    pub fn of(length: u64, unit: &'static str) -> Self {
        Self::styled(length, unit, &format!("{{human_pos}} of {{human_len}} {unit}, {{per_sec}}"))
    }

    /// Goes by the bytes of a file.
    pub fn of_bytes(length: u64) -> Self {
        Self::styled(length, "bytes", "{bytes} of {total_bytes}, {bytes_per_sec}")
    }

    fn styled(length: u64, unit: &'static str, figures: &str) -> Self {
        let bar = ProgressBar::new(length);
        let template = format!("{{wide_bar}} {figures}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        let now = Instant::now();
        let plain = (!std::io::stderr().is_terminal()).then(|| Mutex::new(now));
        Self { bar, unit, plain, started: now }
    }

    pub fn advance(&self, by: u64) {
        self.bar.inc(by);
        let Some(told) = &self.plain else { return };
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= PLAIN_LINE_EVERY {
            *told = Instant::now();
            self.tell();
        }
    }

    /// Takes the bar away; tells how long it took.
    pub fn finish(self) -> Duration {
        self.bar.finish_and_clear();
        self.started.elapsed()
    }

    fn tell(&self) {
        let done = self.bar.position();
        let rate = done as f64 / self.started.elapsed().as_secs_f64();
        let left = self.bar.length().unwrap_or(done).saturating_sub(done) as f64 / rate;
        super::note(&format!(
            "{} of {} {}, {} a second, {left:.0} s left\n",
            HumanCount(done),
            HumanCount(self.bar.length().unwrap_or(done)),
            self.unit,
            HumanCount(rate as u64),
        ));
    }
}
