//! The program `daftar serve`, as a process that can be killed.

use crate::programs::program;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// The program at work, killed at the latest when the test lets go of it.
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl Served {
    /// Serves the log in `dir`; answers when it listens.
    ///
    /// # Panics
    ///
    /// When it does not come to listen.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a helper of tests")]
    pub fn start(dir: &Path) -> Self {
        let mut command = program("daftar");
        command.arg("serve").arg("--data-dir").arg(dir).args(["--listen", "127.0.0.1:0"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut lines = out.lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("listening on http://")?.parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            panic!("the program does not listen: {:?}", child.wait());
        };
        Self { address, child }
    }

    /// Kills it on the spot.
    pub fn kill(mut self) {
        self.kill_and_wait();
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Panics
    ///
    /// When it can't be asked.
    #[expect(clippy::expect_used, reason = "a helper of tests")]
    pub fn terminate(mut self) -> ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(told.success(), "the program is still there");
        self.child.wait().expect("the program ends")
    }

    fn kill_and_wait(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill_and_wait();
    }
}
