//! The load generator: a closed loop with a fixed number of requests in flight.
//!
//! One blocking thread a connection, one read and one write a turn, requests prepared beforehand:
//! on a machine shared with the server, what the generator uses is missing from the result. Every
//! answer's status and size are checked, every n-th is decoded and its values compared.

mod cases;
mod connection;
mod cpu;
mod headers;
mod report;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Barrier;
use std::time::Duration;

use clap::{Args, ValueEnum};

use cases::Workload;
use connection::Connection;
use report::{Report, Tally};

/// Options of `pelton-bench load`.
#[derive(Args, Clone)]
pub(crate) struct LoadArgs {
    /// Address of the server.
    #[arg(long)]
    target: SocketAddr,
    /// What is called.
    #[arg(long, value_enum, default_value_t = Protocol::Oip)]
    protocol: Protocol,
    /// File of rows and right answers, as `bench/python/train.py` writes it.
    #[arg(long)]
    cases: PathBuf,
    /// What the answers must hold.
    #[arg(long, value_enum, default_value_t = Expect::Predictions)]
    expect: Expect,
    /// The model's name in the Open Inference Protocol.
    #[arg(long, default_value = "lr")]
    model: String,
    /// Rows a request.
    #[arg(long, default_value_t = 1)]
    rows: usize,
    /// Requests in flight, over all connections.
    #[arg(long, default_value_t = 1)]
    in_flight: usize,
    /// Connections they are spread over.
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// Seconds before anything counts.
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    /// Seconds that count.
    #[arg(long, default_value_t = 3.0)]
    duration: f64,
    /// Deadline sent with each request in milliseconds; 0 sends none.
    #[arg(long, default_value_t = 0)]
    deadline_ms: u32,
    /// Decode and compare the values of one answer in this many.
    #[arg(long, default_value_t = 16)]
    check_every: u32,
    /// Process whose CPU time, with that of its descendants, is measured beside.
    #[arg(long)]
    watch_pid: Option<u32>,
}

/// The services the generator can call.
#[derive(Clone, Copy, ValueEnum, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// `inference.GRPCInferenceService/ModelInfer`
    Oip,
    /// `prediction.PredictionService/Predict`
    Predict,
}

/// What an answer is compared with.
#[derive(Clone, Copy, ValueEnum, PartialEq, Eq)]
pub(crate) enum Expect {
    /// The tensor that was sent.
    Identity,
    /// The model's predictions, from the file of cases.
    Predictions,
}

pub(crate) fn run(args: &LoadArgs) -> Result<(), Box<dyn Error>> {
    if args.connections == 0 || args.in_flight < args.connections || args.rows == 0 {
        return Err(
            "give at least one row, one connection and one request in flight for each connection"
                .into(),
        );
    }
    let workload = Arc::new(Workload::prepare(args)?);
    let barrier = Arc::new(Barrier::new(args.connections + 1));
    let threads: Vec<_> = (0..args.connections)
        .map(|index| {
            let share = args.in_flight / args.connections
                + usize::from(index < args.in_flight % args.connections);
            let (args, workload, barrier) = (args.clone(), workload.clone(), barrier.clone());
            std::thread::spawn(move || -> Result<Tally, String> {
                let opened = Connection::open(&args, workload, share, index);
                barrier.wait();
                opened?.run(
                    Duration::from_secs_f64(args.warm_up),
                    Duration::from_secs_f64(args.duration),
                )
            })
        })
        .collect();
    barrier.wait();
    let cpu = cpu::measure(
        args.watch_pid,
        Duration::from_secs_f64(args.warm_up),
        Duration::from_secs_f64(args.duration),
    )?;
    let mut total = Tally::new();
    for thread in threads {
        let tally = thread.join().map_err(|_| "a connection's thread panicked")??;
        total.merge(&tally)?;
    }
    let report = Report::new(args, &total, &cpu);
    println!("{}", serde_json::to_string(&report)?);
    if total.wrong > 0 {
        return Err(format!("{} answers were wrong", total.wrong).into());
    }
    if total.answered == 0 {
        return Err("nothing was answered in the measured time".into());
    }
    Ok(())
}
