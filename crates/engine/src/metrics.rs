//! The engine's meters: their names, labels and buckets, all here.
//!
//! Rooms record at their borders through [`ModelMetrics`]; gauges that mirror a state (ready, queue
//! rows, restarts) are set when somebody looks. Must not be asked for by name on the request path.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use pelton_core::{Code, State};

use crate::model::Model;

/// 25 us to 26 s, doubling.
const SECONDS: [f64; 21] = [
    0.000_025, 0.000_05, 0.000_1, 0.000_2, 0.000_4, 0.000_8, 0.001_6, 0.003_2, 0.006_4, 0.012_8,
    0.025_6, 0.051_2, 0.102_4, 0.204_8, 0.409_6, 0.819_2, 1.638_4, 3.276_8, 6.553_6, 13.107_2,
    26.214_4,
];

const ROWS: [f64; 13] = [1., 2., 4., 8., 16., 32., 64., 128., 256., 512., 1024., 2048., 4096.];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByModel {
    model: String,
    version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    model: String,
    version: String,
    outcome: &'static str,
}

/// The meters of one model version, resolved once so that the request path looks nothing up.
pub(crate) struct ModelMetrics {
    outcomes: Vec<(&'static str, Counter, Counter)>,
    pub(crate) queue_wait: Histogram,
    pub(crate) batch_rows: Histogram,
    pub(crate) executor_seconds: Histogram,
    pub(crate) request_seconds: Histogram,
    pub(crate) in_flight: Gauge,
    queue_rows: Gauge,
    ready: Gauge,
    restarts: Counter,
}

impl ModelMetrics {
    /// Meters that no scrape shows, for a model outside an engine.
    pub(crate) fn detached() -> Self {
        Meters::default().of("", "")
    }

    /// Counts a finished request and its rows.
    pub(crate) fn count(&self, outcome: &'static str, rows: usize) {
        if let Some((_, requests, counted)) = self.outcomes.iter().find(|(n, ..)| *n == outcome) {
            requests.inc();
            counted.inc_by(rows as u64);
        }
    }
}

type Histograms = Family<ByModel, Histogram, fn() -> Histogram>;

struct Meters {
    requests: Family<ByOutcome, Counter>,
    rows: Family<ByOutcome, Counter>,
    queue_wait: Histograms,
    batch_rows: Histograms,
    executor_seconds: Histograms,
    request_seconds: Histograms,
    in_flight: Family<ByModel, Gauge>,
    queue_rows: Family<ByModel, Gauge>,
    ready: Family<ByModel, Gauge>,
    restarts: Family<ByModel, Counter>,
}

impl Default for Meters {
    fn default() -> Self {
        let seconds = || Histograms::new_with_constructor(|| Histogram::new(SECONDS));
        Self {
            requests: Family::default(),
            rows: Family::default(),
            queue_wait: seconds(),
            batch_rows: Histograms::new_with_constructor(|| Histogram::new(ROWS)),
            executor_seconds: seconds(),
            request_seconds: seconds(),
            in_flight: Family::default(),
            queue_rows: Family::default(),
            ready: Family::default(),
            restarts: Family::default(),
        }
    }
}

impl Meters {
    fn of(&self, model: &str, version: &str) -> ModelMetrics {
        let by_model = ByModel { model: model.to_owned(), version: version.to_owned() };
        let outcome = |outcome: &'static str| {
            let labels =
                ByOutcome { model: model.to_owned(), version: version.to_owned(), outcome };
            let requests = self.requests.get_or_create_owned(&labels);
            (outcome, requests, self.rows.get_or_create_owned(&labels))
        };
        ModelMetrics {
            outcomes: std::iter::once("ok").chain(Code::ALL.map(Code::name)).map(outcome).collect(),
            queue_wait: self.queue_wait.get_or_create_owned(&by_model),
            batch_rows: self.batch_rows.get_or_create_owned(&by_model),
            executor_seconds: self.executor_seconds.get_or_create_owned(&by_model),
            request_seconds: self.request_seconds.get_or_create_owned(&by_model),
            in_flight: self.in_flight.get_or_create_owned(&by_model),
            queue_rows: self.queue_rows.get_or_create_owned(&by_model),
            ready: self.ready.get_or_create_owned(&by_model),
            restarts: self.restarts.get_or_create_owned(&by_model),
        }
    }
}

/// Every meter of an engine.
pub(crate) struct Metrics {
    registry: Registry,
    meters: Meters,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("pelton");
        let m = Meters::default();
        let r = &mut registry;
        r.register("requests", "Requests finished, by outcome", m.requests.clone());
        r.register("rows", "Rows of admitted requests finished, by outcome", m.rows.clone());
        let seconds = Unit::Seconds;
        r.register_with_unit(
            "queue_wait",
            "Time rows waited for a free executor",
            seconds.clone(),
            m.queue_wait.clone(),
        );
        r.register("batch_rows", "Rows in a batch", m.batch_rows.clone());
        r.register_with_unit(
            "executor",
            "Time an executor took for a batch",
            seconds.clone(),
            m.executor_seconds.clone(),
        );
        r.register_with_unit(
            "request",
            "Time from a request's arrival to its answer",
            seconds,
            m.request_seconds.clone(),
        );
        r.register("in_flight", "Requests being answered", m.in_flight.clone());
        r.register("queue_rows", "Rows waiting", m.queue_rows.clone());
        let help = "1 while a request sent now would be answered";
        r.register("model_ready", help, m.ready.clone());
        r.register("worker_restarts", "Workers started again after a loss", m.restarts.clone());
        Self { registry, meters: m }
    }

    /// The meters of a model version.
    pub(crate) fn of(&self, model: &str, version: &str) -> ModelMetrics {
        self.meters.of(model, version)
    }

    /// The text format, with the mirrored gauges set first.
    pub(crate) fn scrape<'a>(
        &self,
        models: impl Iterator<Item = &'a Arc<Model>>,
        stopping: bool,
    ) -> String {
        for model in models {
            let metrics = &model.metrics;
            metrics.queue_rows.set(model.queue.rows() as i64);
            metrics.ready.set(i64::from(!stopping && model.state() == State::Ready));
            let known = metrics.restarts.get();
            metrics.restarts.inc_by(model.executor.restarts().saturating_sub(known));
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
