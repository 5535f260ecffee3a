//! `daftar demo`: makes up a help desk, fills a log with it, and serves it.

use crate::cli::DemoArgs;
use crate::import::grouped;
use crate::serve::{self, Failure};
use crate::signals::stop_on_signal;
use daftar_api::checkpoints::Checkpoints;
use daftar_api::commands::{CommandError, Request, Timed};
use daftar_api::http::Desk;
use daftar_api::server;
use daftar_api::simulate::{Act, Live, Plan};
use daftar_domain::ids::TicketId;
use daftar_domain::ticket::evolve;
use daftar_domain::{Ticket, Timestamp};
use daftar_eventlog::Position;
use daftar_eventlog::clock::system_clock;
use daftar_eventlog::embedded::Durability;
use std::collections::HashSet;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;

const DAY_MICROS: i64 = 86_400_000_000;
/// How many tickets people act on when the demo is alive.
const ALIVE_TICKETS: usize = 300;

/// Runs the command.
pub(crate) fn run(args: &DemoArgs) -> ExitCode {
    serve::ended(demo(args))
}

fn demo(args: &DemoArgs) -> Result<(), Failure> {
    let started = Instant::now();
    let plan = plan(args)?;
    let runtime = serve::runtime()?;
    let listener = runtime.block_on(server::listen(args.listen))?;
    // Kept to the end: dropping it removes the directory.
    let temporary = args.data_dir.is_none().then(tempfile::tempdir).transpose()?;
    let dir = args.data_dir.as_deref().or(temporary.as_ref().map(tempfile::TempDir::path)).unwrap_or(Path::new("."));
    let (desk, checkpoints) = serve::open(&runtime, dir, Durability::Always, false, args.definitions_memory)?;
    // Nobody opens a temporary directory again.
    let checkpoints = if temporary.is_some() { Checkpoints::none() } else { checkpoints };
    if *desk.log().durable().borrow() > Position::ZERO {
        let (dir, serve) = (dir.display(), "daftar serve --data-dir");
        return Err(Failure::Filled(format!("{dir} has a history already; to serve it: {serve} {dir}")));
    }
    let served = runtime.block_on(fill_and_serve(args, (desk, checkpoints), listener, &plan, started));
    runtime.shutdown_timeout(serve::LAST_WORK);
    drop(temporary);
    served
}

fn plan(args: &DemoArgs) -> Result<Plan, Failure> {
    let now = system_clock()();
    let today = Timestamp::clamped(now.micros() - now.micros().rem_euclid(DAY_MICROS));
    let until = args.until.unwrap_or(today);
    if until > now {
        return Err(Failure::Usage(format!("--until is {until}: a history can't end later than now, which is {now}")));
    }
    // A number of tickets of 32 bits fits a size.
    Ok(Plan { seed: args.seed, tickets: usize::try_from(args.tickets).unwrap_or(usize::MAX), until })
}

async fn fill_and_serve(
    args: &DemoArgs,
    (desk, checkpoints): (Desk, Checkpoints),
    listener: TcpListener,
    plan: &Plan,
    started: Instant,
) -> Result<(), Failure> {
    let (acts, mut stop) = (plan.acts(), stop_on_signal());
    let lately = lately(&acts);
    tokio::select! {
        filled = fill(&desk, acts) => filled?,
        // A temporary directory goes away all the same.
        _ = stop.changed() => {
            let half = |dir: &Path| format!("{} holds a part of the help desk only; remove it", dir.display());
            return Err(Failure::Interrupted(args.data_dir.as_deref().map(half).unwrap_or("stopped".to_owned())));
        }
    }
    serve::seen_enough(tell(args, &desk, &listener, plan, started))?;
    if let Some(rate) = args.live {
        tokio::spawn(act_on(desk.clone(), rate, plan.seed, lately, stop.clone()));
    }
    serve::serve_and_keep(desk, checkpoints, listener, stop).await
}

async fn fill(desk: &Desk, acts: Vec<Act>) -> Result<(), Failure> {
    let progress = serve::progress_bar("filling");
    let timed = acts.into_iter().map(|Act { at, ticket, command }| Timed { at, ticket, command });
    desk.commands().fill(timed, |done| progress.set_position(u64::try_from(done).unwrap_or(u64::MAX))).await?;
    desk.live().catch_up(|_| ()).await?;
    progress.finish_and_clear();
    Ok(())
}

/// Says where to look.
fn tell(args: &DemoArgs, desk: &Desk, listener: &TcpListener, plan: &Plan, started: Instant) -> io::Result<()> {
    let (address, events) = (listener.local_addr()?, desk.log().durable().borrow().0);
    let kept = args.data_dir.as_deref().map_or("a temporary directory".to_owned(), |dir| dir.display().to_string());
    let mut out = io::stdout().lock();
    writeln!(out, "listening on http://{address}")?;
    writeln!(
        out,
        "A made-up help desk up to {}, from seed {}: {} tickets, {} events in {kept}, ready in {:.1} s.\n",
        plan.until,
        plan.seed,
        grouped(u64::from(args.tickets)),
        grouped(events),
        started.elapsed().as_secs_f64(),
    )?;
    for path in [
        "reports/overview?interval=month",
        "reports/satisfaction?group_by=department",
        "reports/leaderboard.csv",
        "reports/backlog?interval=month",
        "tickets?state=open&sort=waiting_since&limit=5",
    ] {
        writeln!(out, "  curl 'http://{address}/v1/{path}'")?;
    }
    writeln!(out, "\nCtrl-C ends it.")?;
    out.flush()
}

/// The tickets that were acted on last, the latest first.
fn lately(acts: &[Act]) -> Vec<TicketId> {
    let mut seen = HashSet::new();
    acts.iter().rev().filter(|act| seen.insert(&act.ticket)).take(ALIVE_TICKETS).map(|act| act.ticket.clone()).collect()
}

/// Lets customers and agents act, `rate` times a second, until `stop`.
async fn act_on(desk: Desk, rate: f64, seed: u64, lately: Vec<TicketId>, mut stop: watch::Receiver<bool>) {
    let mut tickets = Vec::with_capacity(ALIVE_TICKETS);
    for id in lately {
        match desk.commands().ticket(&id).await {
            Ok(ticket) => tickets.push((id, ticket)),
            Err(failure) => return eprintln!("daftar: nobody acts any more: {failure}"),
        }
    }
    let mut people = Live::new(seed);
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.changed() => return,
        }
        if let Err(failure) = act(&desk, &mut people, &mut tickets).await {
            eprintln!("daftar: {failure}");
        }
    }
}

/// One act, and what it makes of its ticket.
async fn act(desk: &Desk, people: &mut Live, tickets: &mut Vec<(TicketId, Ticket)>) -> Result<(), CommandError> {
    let now = desk.now();
    let Act { ticket, command, .. } = people.next(now, tickets);
    let request = Request { ticket: ticket.clone(), command, if_version: None, stamp: None, now };
    let outcome = desk.commands().carry_out(&request).await?;
    let at = tickets.iter().position(|(id, _)| *id == ticket);
    let state = at.map(|at| tickets.swap_remove(at).1).unwrap_or_default();
    let state = outcome.events.iter().fold(state, |state, line| evolve(state, &line.event));
    if tickets.len() >= ALIVE_TICKETS {
        tickets.remove(0);
    }
    tickets.push((ticket, state));
    Ok(())
}
