//! Numbers and dates as they are written.

use std::cmp::Ordering;

use jiff::civil::{Date, DateTime};

/// An exact decimal: `units` of a 10^`scale`th. Without zeros at the end, so that equal ones are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    units: i64,
    scale: u32,
}

impl Decimal {
    pub const ZERO: Self = Self { units: 0, scale: 0 };

    pub const fn whole(units: i64) -> Self {
        Self { units, scale: 0 }
    }

    pub fn new(mut units: i64, mut scale: u32) -> Self {
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        Self { units, scale }
    }

    pub const fn units(self) -> i64 {
        self.units
    }

    /// Digits after the point.
    pub const fn scale(self) -> u32 {
        self.scale
    }

    /// How a fraction, its denominator above nothing, lies to it; exact.
    pub fn compare_fraction(self, numerator: i128, denominator: i128) -> Ordering {
        let left = numerator.saturating_mul(10i128.pow(self.scale));
        left.cmp(&i128::from(self.units).saturating_mul(denominator))
    }
}

/// A date as it is written; what it means depends on the moment of asking and a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateValue {
    /// `2026-11-11`
    Day(Date),
    /// `2026-11-11T08:00:00`; on the clock of the zone, if it does not tell its own distance to UTC in seconds.
    Time(DateTime, Option<i32>),
    /// `-90d`, `+7d`, `-12h`
    Offset(Offset),
    /// `today`
    Today,
    /// `yesterday`
    Yesterday,
    /// `7_days_ago`; always whole days.
    Ago(Offset),
}

/// So many units of time; back if negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    pub count: i32,
    pub unit: Unit,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}
