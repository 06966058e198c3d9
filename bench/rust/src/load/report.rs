//! What a run found, and how it is printed.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::cpu::CpuSeconds;
use super::{LoadArgs, Protocol};

/// Longest latency told apart, in nanoseconds: a minute.
const LONGEST_NS: u64 = 60_000_000_000;

/// Counts of one connection, or of all.
pub(crate) struct Tally {
    pub(crate) latency_ns: Histogram<u64>,
    pub(crate) answered: u64,
    pub(crate) checked: u64,
    pub(crate) wrong: u64,
    pub(crate) first_wrong: Option<String>,
    /// Answers with another status than OK, by gRPC status.
    pub(crate) errors: BTreeMap<u8, u64>,
    pub(crate) first_error: Option<String>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            latency_ns: Histogram::new_with_bounds(1, LONGEST_NS, 3)
                .expect("the bounds of the histogram are valid"),
            answered: 0,
            checked: 0,
            wrong: 0,
            first_wrong: None,
            errors: BTreeMap::new(),
            first_error: None,
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), String> {
        self.latency_ns.add(&other.latency_ns).map_err(|error| error.to_string())?;
        self.answered += other.answered;
        self.checked += other.checked;
        self.wrong += other.wrong;
        for (status, count) in &other.errors {
            *self.errors.entry(*status).or_default() += count;
        }
        if self.first_wrong.is_none() {
            self.first_wrong.clone_from(&other.first_wrong);
        }
        if self.first_error.is_none() {
            self.first_error.clone_from(&other.first_error);
        }
        Ok(())
    }

    pub(crate) fn record(&mut self, latency_ns: u64) {
        self.latency_ns.saturating_record(latency_ns.max(1));
    }
}

/// The JSON a run prints. Latencies are of answers with status OK.
#[derive(Serialize)]
pub(crate) struct Report {
    protocol: &'static str,
    in_flight: usize,
    connections: usize,
    rows_per_request: usize,
    seconds: f64,
    answered: u64,
    requests_per_second: f64,
    rows_per_second: f64,
    latency_us_mean: f64,
    latency_us_p50: f64,
    latency_us_p90: f64,
    latency_us_p99: f64,
    latency_us_max: f64,
    errors: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_error: Option<String>,
    checked: u64,
    wrong: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_wrong: Option<String>,
    /// CPU microseconds an answer, of this process and of the watched one with its descendants.
    client_cpu_us: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_cpu_us: Option<f64>,
}

impl Report {
    pub(crate) fn new(args: &LoadArgs, tally: &Tally, cpu: &CpuSeconds) -> Self {
        let us = |ns: u64| ns as f64 / 1e3;
        let quantile = |q| us(tally.latency_ns.value_at_quantile(q));
        let each = |seconds: f64| seconds * 1e6 / (tally.answered.max(1) as f64);
        let rate = tally.answered as f64 / args.duration;
        Self {
            protocol: match args.protocol {
                Protocol::Oip => "oip",
                Protocol::Predict => "predict",
            },
            in_flight: args.in_flight,
            connections: args.connections,
            rows_per_request: args.rows,
            seconds: args.duration,
            answered: tally.answered,
            requests_per_second: rate,
            rows_per_second: rate * args.rows as f64,
            latency_us_mean: tally.latency_ns.mean() / 1e3,
            latency_us_p50: quantile(0.5),
            latency_us_p90: quantile(0.9),
            latency_us_p99: quantile(0.99),
            latency_us_max: us(tally.latency_ns.max()),
            errors: tally
                .errors
                .iter()
                .map(|(status, count)| (status.to_string(), *count))
                .collect(),
            first_error: tally.first_error.clone(),
            checked: tally.checked,
            wrong: tally.wrong,
            first_wrong: tally.first_wrong.clone(),
            client_cpu_us: each(cpu.own),
            server_cpu_us: cpu.watched.map(each),
        }
    }
}
