//! How often the intervals hold: thousands of campaigns with a known effect, drawn from a seed.
//!
//! `cargo test --lib campaigns::lift::simulation -- --nocapture` prints the coverage of each scenario.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::*;

/// Campaigns of one kind.
struct Scenario {
    name: &'static str,
    members: [i64; 2],
    /// The conversion rates of the treated and the control.
    rates: [f64; 2],
    /// The spread of the logarithm of a spend.
    tail: f64,
    /// Whether theory promises the claimed coverage of the conversions and of the spends here.
    promised: [bool; 2],
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "balanced",
        members: [1_000, 1_000],
        rates: [0.12, 0.1],
        tail: 0.5,
        promised: [true, true],
    },
    Scenario {
        name: "no effect",
        members: [1_000, 1_000],
        rates: [0.1, 0.1],
        tail: 0.5,
        promised: [true, true],
    },
    Scenario {
        name: "small holdout",
        members: [9_000, 1_000],
        rates: [0.1, 0.08],
        tail: 0.5,
        promised: [true, true],
    },
    Scenario {
        name: "rare conversions",
        members: [10_000, 10_000],
        rates: [0.012, 0.008],
        tail: 0.5,
        promised: [true, true],
    },
    Scenario {
        name: "most convert",
        members: [500, 500],
        rates: [0.94, 0.9],
        tail: 0.5,
        promised: [true, true],
    },
    Scenario {
        name: "few conversions",
        members: [300, 60],
        rates: [0.02, 0.01],
        tail: 0.5,
        promised: [false, false],
    },
    Scenario {
        name: "heavy tail",
        members: [3_000, 300],
        rates: [0.05, 0.04],
        tail: 2.0,
        promised: [true, false],
    },
];

const CAMPAIGNS: u64 = 2_500;

/// The mean of a spend is the same for every tail.
const MEAN_SPEND: f64 = 20_000.0;

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

impl Scenario {
    /// The spends of an arm, with one member in `1 / rate` buying; from buyer to buyer, for most do not.
    fn arm(&self, rng: &mut ChaCha8Rng, arm: usize) -> (Share, Moments) {
        let (of, rate) = (self.members[arm], self.rates[arm]);
        let mut spends = Moments { count: of, ..Moments::default() };
        let (mut hits, mut place) = (0, 0.0);
        loop {
            place += 1.0 + ((1.0 - rng.random::<f64>()).ln() / (1.0 - rate).ln()).floor();
            if place > of as f64 {
                break (Share { hits, of }, spends);
            }
            hits += 1;
            let spend = MEAN_SPEND * (self.tail * normal(rng) - self.tail * self.tail / 2.0).exp();
            spends.add(spend.round() as i64);
        }
    }

    /// The parts of the campaigns whose interval held the true difference, of conversions and of spends, and the part whose
    /// reader was warned.
    fn run(&self, seed: u64) -> ([f64; 2], f64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let effect = self.rates[0] - self.rates[1];
        let (mut held, mut warned) = ([0u32; 2], 0u32);
        for _ in 0..CAMPAIGNS {
            let ((t, y), (c, x)) = (self.arm(&mut rng, 0), self.arm(&mut rng, 1));
            let holds = |estimate: Option<Estimate>, truth: f64| {
                estimate.is_some_and(|told| told.low <= truth && truth <= told.high)
            };
            held[0] += u32::from(holds(newcombe(t, c, CONFIDENCE), effect));
            held[1] += u32::from(holds(welch(y, x, CONFIDENCE), effect * MEAN_SPEND));
            warned += u32::from(!cautions([t, c], [y, x]).is_empty());
        }
        let part = |count: u32| f64::from(count) / CAMPAIGNS as f64;
        (held.map(part), part(warned))
    }
}

#[test]
fn intervals_hold_as_often_as_they_claim_and_the_reader_is_warned_where_they_do_not() {
    println!("{:<20} {:>12} {:>8} {:>8}", "scenario", "conversions", "spend", "warned");
    for (seed, scenario) in SCENARIOS.iter().enumerate() {
        let (held, warned) = scenario.run(seed as u64);
        let [conversions, spends] = held.map(|part| 100.0 * part);
        println!("{:<20} {conversions:>11.1}% {spends:>7.1}% {:>7.1}%", scenario.name, 100.0 * warned);
        for (held, promised) in held.into_iter().zip(scenario.promised) {
            if promised {
                assert!((0.94..=0.96).contains(&held), "{}: {held}", scenario.name);
            }
        }
        match scenario.promised {
            [true, true] => assert!(warned < 0.05, "{}: {warned}", scenario.name),
            _ => assert!(warned > 0.95, "{}: {warned}", scenario.name),
        }
    }
}
