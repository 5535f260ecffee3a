//! Ctrl-C and the polite kill: the first ends in order, the second at once.

use crate::cli::Exit;
use std::future::poll_fn;
use std::task::Poll;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Turns true at the first interrupt or termination; the second ends the program at once, which the log survives.
pub(crate) fn stop_on_signal() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    let mut signals: Vec<Signal> = signals.into_iter().flatten().collect();
    tokio::spawn(async move {
        next_of(&mut signals).await;
        eprintln!("stopping after what was begun; Ctrl-C again stops at once");
        stop.send_replace(true);
        next_of(&mut signals).await;
        std::process::exit(Exit::Interrupted as i32);
    });
    stopped
}

/// Waits for any of the signals.
async fn next_of(signals: &mut [Signal]) {
    poll_fn(|context| {
        let came = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if came { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
