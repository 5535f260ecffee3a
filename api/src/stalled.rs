//! Connections whose other end takes nothing for too long are given up.
//!
//! An answer is made as it is taken, so a reader that stops costs a bounded piece of it; but without this it would cost
//! that, a connection and its place among the streams for ever.

use axum::serve::Listener;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A listener on whose connections nothing stays untaken for longer than `patience`.
pub(crate) struct Impatient<L> {
    pub(crate) listener: L,
    pub(crate) patience: Duration,
}

impl<L: Listener<Io: Unpin>> Listener for Impatient<L> {
    type Io = Taken<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (connection, address) = self.listener.accept().await;
        (Taken { connection, patience: self.patience, stalled: None }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A connection that fails once what is written to it was not taken for `patience`.
pub(crate) struct Taken<C> {
    connection: C,
    patience: Duration,
    /// Runs since the last write that found no room.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<C: Unpin> Taken<C> {
    /// Watches over an attempt to write: whether it made way, and for how long none has.
    fn watch(
        &mut self,
        context: &mut Context<'_>,
        attempt: impl FnOnce(Pin<&mut C>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let attempted = attempt(Pin::new(&mut self.connection), context);
        if attempted.is_ready() {
            self.stalled = None;
            return attempted;
        }
        let patience = self.patience;
        ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(patience))).as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nothing was taken for too long")))
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for Taken<C> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_read(context, into)
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Taken<C> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.watch(context, |connection, context| connection.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.watch(context, |connection, context| connection.poll_write_vectored(context, bytes))
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    fn taken(room: usize, patience: Duration) -> (Taken<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (connection, reader) = duplex(room);
        (Taken { connection, patience, stalled: None }, reader)
    }

    #[tokio::test]
    async fn what_nobody_takes_fails_after_a_while_and_keeps_what_was_taken() {
        let (mut connection, mut reader) = taken(4, Duration::from_millis(1));
        let failed = connection.write_all(b"0123456789").await.unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
        drop(connection);
        let mut got = Vec::new();
        reader.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, b"0123");
    }

    #[tokio::test]
    async fn a_reader_that_takes_a_little_is_waited_for_anew() {
        let (mut connection, mut reader) = taken(1, Duration::from_secs(3600));
        let mut got = [0; 64];
        let (written, read) = tokio::join!(connection.write_all(&[7; 64]), reader.read_exact(&mut got));
        assert!(written.is_ok() && read.is_ok() && got == [7; 64]);
        assert!(connection.stalled.is_none(), "its last attempt made way");
    }
}
