//! Chance that can be repeated: every question about a shop has its own stream of the same seed.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// Streams a customer may use: two for the person, one for each order.
const STREAMS_PER_CUSTOMER: u64 = 512;

/// The source that the streams of one seed come from.
pub struct Source {
    seed: u64,
}

impl Source {
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// What decides when a customer buys.
    pub fn habits(&self, customer: u64) -> Draw {
        self.stream(customer * STREAMS_PER_CUSTOMER)
    }

    /// What decides who a customer is.
    pub fn person(&self, customer: u64) -> Draw {
        self.stream(customer * STREAMS_PER_CUSTOMER + 1)
    }

    /// What decides what is in an order and what becomes of it.
    pub fn order(&self, customer: u64, ordinal: u16) -> Draw {
        self.stream(customer * STREAMS_PER_CUSTOMER + 2 + u64::from(ordinal))
    }

    fn stream(&self, stream: u64) -> Draw {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(stream);
        Draw(rng)
    }
}

/// One stream of chance.
pub struct Draw(ChaCha8Rng);

impl Draw {
    /// From 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// From `least` to `most`, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        self.0.random_range(least..=most)
    }

    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.0.random_range(0..choices.len())]
    }

    /// The index of one of `weights`, in proportion to them.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut rest = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            rest -= weight;
            if rest < 0.0 {
                return index;
            }
        }
        weights.len() - 1
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// An exponential waiting time.
    pub fn wait(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }
}
