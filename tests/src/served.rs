//! The program `daftar serve`, as a process that can be killed.

use crate::programs::program;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// The program at work, killed at the latest when the test lets go of it.
#[derive(Debug)]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    /// Held open, so that it can print.
    _out: BufReader<ChildStdout>,
}

impl Served {
    /// Serves the log in `dir`; answers when it listens.
    ///
    /// # Panics
    ///
    /// When it does not come to listen.
    #[must_use]
    pub fn start(dir: &Path) -> Self {
        Self::run("serve", dir, &[])
    }

    /// Runs a command that serves, on `dir` and a free port; answers when it listens.
    ///
    /// # Panics
    ///
    /// When it does not come to listen.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a helper of tests")]
    pub fn run(command: &str, dir: &Path, arguments: &[&str]) -> Self {
        let mut program = program("daftar");
        program.arg(command).arg("--data-dir").arg(dir).args(["--listen", "127.0.0.1:0"]).args(arguments);
        let mut child = program.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("its output is text");
        let address = line.trim_end().strip_prefix("listening on http://").and_then(|address| address.parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            panic!("the program does not listen: {:?}", child.wait());
        };
        Self { address, child, _out: out }
    }

    /// Its process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
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
