//! The parts of Pelton's benchmarks that must cost as little as possible themselves: a load
//! generator and the servers at both ends of the scale. `bench/README.md` says how they are used.
//!
//! Must not judge results: `bench/run_server.py` compares runs and holds them against the targets.

mod echo;
mod identity;
mod load;

use clap::{Parser, Subcommand};

/// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Load generator and yardstick servers of Pelton's benchmarks.
#[derive(Parser)]
#[command(name = "pelton-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a hand-written tonic echo of `ModelInfer`: the floor no tonic server gets under.
    Echo(echo::EchoArgs),
    /// Serve Pelton's whole request path around a model that answers its input.
    Identity(identity::IdentityArgs),
    /// Send requests in a closed loop and print what came back, as JSON.
    Load(load::LoadArgs),
}

fn main() -> std::process::ExitCode {
    let done = match Cli::parse().command {
        Command::Echo(args) => echo::run(&args),
        Command::Identity(args) => identity::run(&args),
        Command::Load(args) => load::run(&args),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pelton-bench: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
