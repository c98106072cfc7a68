//! The times of two sides that ran one after the other.

use super::table::{Reach, Row, Unit};

/// Pairs of times: ours, and theirs of the same moment. What slows the machine down for a while slows both.
#[derive(Clone, Default)]
pub(super) struct Pairs(Vec<(f64, f64)>);

impl Pairs {
    pub(super) fn add(&mut self, ours: f64, theirs: f64) {
        self.0.push((ours, theirs));
    }

    /// Returns the row: the medians of both sides, and the median of the ratios with their quartiles.
    pub(super) fn row(&self, what: &'static str, against: &'static str, unit: Unit, reach: Reach) -> Row {
        let of = |value: fn(&(f64, f64)) -> f64| self.0.iter().map(value).collect::<Vec<f64>>();
        let ratios: Vec<f64> = self.0.iter().map(|(ours, theirs)| reach.ratio(*ours, *theirs)).collect();
        Row {
            what,
            against,
            unit: unit.name,
            ours: median(&of(|(ours, _)| *ours)) / unit.nanoseconds,
            theirs: median(&of(|(_, theirs)| *theirs)) / unit.nanoseconds,
            result: median(&ratios),
            reach,
            spread: Some((quantile(&ratios, 0.25), quantile(&ratios, 0.75))),
        }
    }
}

pub(super) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Returns the value that this share of the values is below. 0 if there are none.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let at = share * values.len().saturating_sub(1) as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    match (values.get(low), values.get(high)) {
        (Some(low), Some(high)) => low + (high - low) * at.fract(),
        _ => 0.0,
    }
}
