//! A desk at work: its projector, its listener, and an orderly end.

use crate::http::{Desk, router};
use crate::stalled::Impatient;
use axum::serve::ListenerExt as _;
use daftar_projections::projector::CatchUpError;
use std::future::IntoFuture as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// How long requests under way have to end, once the server is told to.
const ENDING: Duration = Duration::from_secs(10);

/// How long a connection may take nothing of what it is sent.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a server could not start, or stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address can't be had.
    #[error("{listen} can't be listened on: {why}; give --listen another address, such as 127.0.0.1:0")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system said.
        why: io::Error,
    },
    /// The address is open to other machines.
    #[error(
        "{listen} is open to other machines, and there is no access control yet: listen on this machine alone \
         (127.0.0.1 or [::1])"
    )]
    NotLoopback {
        /// The address.
        listen: SocketAddr,
    },
    /// Accepting connections failed.
    #[error("the server can't go on: {0}")]
    Serve(#[from] io::Error),
}

/// Listens on an address of this machine alone.
///
/// # Errors
///
/// [`ServeError`] when it is not one, or can't be had.
pub async fn listen(listen: SocketAddr) -> Result<TcpListener, ServeError> {
    if !listen.ip().is_loopback() {
        return Err(ServeError::NotLoopback { listen });
    }
    TcpListener::bind(listen).await.map_err(|why| ServeError::Listen { listen, why })
}

/// Serves a desk, and keeps its reports up to date, until `stop` turns true; requests under way then have ten seconds,
/// and streams end at once. A connection that takes nothing for a minute is given up.
///
/// A projector that fails is told on standard error; commands go on, reports answer with the failure.
///
/// # Errors
///
/// [`ServeError`] when connections can't be accepted any more.
pub async fn serve(desk: Desk, listener: TcpListener, stop: watch::Receiver<bool>) -> Result<(), ServeError> {
    let (stop_projector, projector_stopped) = watch::channel(false);
    let projector = project(desk.clone(), projector_stopped)?;
    let told = told_with_streams(desk.clone(), stop.clone());
    // Answers are small: waiting to fill a packet would only delay them.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    let listener = Impatient { listener, patience: PATIENCE };
    let server = axum::serve(listener, router(desk)).with_graceful_shutdown(told);
    let out_of_time = async {
        self::told(stop).await;
        tokio::time::sleep(ENDING).await;
    };
    let ended = tokio::select! {
        ended = server.into_future() => ended,
        () = out_of_time => Ok(()),
    };
    stop_projector.send_replace(true);
    // It ends at its next look; its failures were told when they came.
    let _ = tokio::task::spawn_blocking(move || projector.join()).await;
    ended.map_err(ServeError::from)
}

/// Waits until `stop` turns true, or nobody is left who could turn it.
async fn told(mut stop: watch::Receiver<bool>) {
    // An error says that the sender is gone, which ends the server too.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Waits likewise, and ends what would go on and on.
async fn told_with_streams(desk: Desk, stop: watch::Receiver<bool>) {
    told(stop).await;
    desk.end_streams();
}

/// The projector has a thread of its own: folding and waiting for readers would keep requests waiting.
fn project(desk: Desk, stop: watch::Receiver<bool>) -> io::Result<std::thread::JoinHandle<()>> {
    let runtime = Handle::current();
    std::thread::Builder::new().name("daftar-project".to_owned()).spawn(move || {
        let followed: Result<(), CatchUpError> = runtime.block_on(desk.live().follow(stop));
        if let Err(failure) = followed {
            eprintln!("daftar: reports stopped: {failure}");
        }
    })
}
