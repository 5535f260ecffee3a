//! `daftar`: the server of the help desk's log, and its administration.

mod cli;
mod import;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cli.command {
        cli::Command::Import(args) => import::run(&args),
    }
}
