//! `daftar`: the server of the help desk's log, and its administration.

mod backup;
mod check;
mod cli;
mod demo;
mod import;
mod remote;
mod serve;
mod signals;

use clap::Parser;
use daftar_eventlog::embedded::store::hush_guarded_panics;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    hush_guarded_panics();
    match cli.command {
        None => serve::run(&cli.serve),
        Some(cli::Command::Serve(args)) => serve::run(&args),
        Some(cli::Command::Demo(args)) => demo::run(&args),
        Some(cli::Command::Import(args)) => import::run(&args),
        Some(cli::Command::Backup(args)) => backup::backup(&args),
        Some(cli::Command::Check(args)) => check::run(&args),
        Some(cli::Command::Restore(args)) => backup::run_restore(&args),
    }
}
