//! A server in the process of the test, on a port of its own.

use crate::http_client::{Answer, Asked, Client};
use daftar_api::http::Desk;
use daftar_api::server::{self, ServeError};
use daftar_eventlog::EventLog;
use daftar_eventlog::clock::Clock;
use daftar_eventlog::sealing::KeyStore;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A desk that is served until it is dropped.
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    /// The desk.
    pub desk: Desk,
    /// Where it runs.
    pub runtime: Runtime,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<Result<(), ServeError>>>,
}

impl Serving {
    /// Serves a log with `threads` threads.
    ///
    /// # Panics
    ///
    /// When it can't.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a helper of tests")]
    pub fn start(log: Arc<dyn EventLog>, keys: Arc<dyn KeyStore>, clock: Clock, threads: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (desk, listener) = runtime.block_on(async {
            let desk = Desk::open(log, keys, clock).await.expect("the log can be read");
            (desk, server::listen(([127, 0, 0, 1], 0).into()).await.expect("a port is free"))
        });
        let address = listener.local_addr().expect("a listener has an address");
        let (stop, stopped) = watch::channel(false);
        let serving = runtime.spawn(server::serve(desk.clone(), listener, stopped));
        Self { address, desk, runtime, stop, serving: Some(serving) }
    }

    /// A new connection to it.
    ///
    /// # Panics
    ///
    /// When it can't be had.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a helper of tests")]
    pub fn client(&self) -> Client {
        Client::connect(self.address).expect("the server takes connections")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(serving) = self.serving.take() {
            let ended = self.runtime.block_on(serving);
            assert!(std::thread::panicking() || matches!(ended, Ok(Ok(()))), "it ends in order: {ended:?}");
        }
    }
}

/// Asks, and must be answered.
///
/// # Panics
///
/// When no answer comes.
pub fn answered(client: &mut Client, asked: &Asked) -> Answer {
    client.ask(asked).unwrap_or_else(|cut| panic!("{asked:?}: {cut:?}"))
}
