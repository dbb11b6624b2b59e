//! What lettre speaks over: a connection that somebody else has dialled.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, BufReader, ReadBuf};

/// A server that says more in one answer, encryption included, has something else in mind than taking a mail.
const MAX_ANSWER_BYTES: usize = 32 * 1024;

/// A connection that is read line by line: whoever reads it has never more than the line he waits for, so that what a
/// server says in the clear after it agreed to `STARTTLS` is taken for the beginning of the encryption, which fails,
/// and not for an encrypted answer.
pub(super) struct Wire<S> {
    stream: BufReader<S>,
    peer: SocketAddr,
    readable_bytes: usize,
}

impl<S: AsyncRead> Wire<S> {
    pub(super) fn new(stream: S, peer: SocketAddr) -> Self {
        Self { stream: BufReader::new(stream), peer, readable_bytes: MAX_ANSWER_BYTES }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let said = ready!(Pin::new(&mut this.stream).poll_fill_buf(context))?;
        let line = said.iter().position(|byte| *byte == b'\n').map_or(said.len(), |at| at + 1);
        let bytes = line.min(into.remaining());
        this.readable_bytes =
            this.readable_bytes.checked_sub(bytes).ok_or_else(|| io::Error::other("the server says too much"))?;
        into.put_slice(&said[..bytes]);
        Pin::new(&mut this.stream).consume(bytes);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.readable_bytes = MAX_ANSWER_BYTES;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> AsyncTokioStream for Wire<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl<S> fmt::Debug for Wire<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("peer", &self.peer).finish_non_exhaustive()
    }
}
