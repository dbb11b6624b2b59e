//! A connection to a mail server, as lettre wants it: bounded, and with what was read ahead.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A server that says more has something else in mind than taking a mail.
const MAX_READ_BYTES: usize = 64 * 1024;

/// A connection whose server has already greeted, maybe before it was encrypted.
#[derive(Debug)]
pub(super) struct Greeted<S> {
    /// What is left of the greeting.
    greeting: Vec<u8>,
    stream: S,
    peer: SocketAddr,
    readable_bytes: usize,
}

impl<S> Greeted<S> {
    /// `greeting` is read before what `stream` gives.
    pub(super) fn new(greeting: Vec<u8>, stream: S, peer: SocketAddr) -> Self {
        Self { greeting, stream, peer, readable_bytes: MAX_READ_BYTES }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Greeted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let length = self.greeting.len().min(buffer.remaining());
            buffer.put_slice(&self.greeting[..length]);
            self.greeting.drain(..length);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        match self.readable_bytes.checked_sub(buffer.filled().len() - before) {
            Some(left) => self.readable_bytes = left,
            None => return Poll::Ready(Err(io::Error::other("the server says more than 64 KiB"))),
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Greeted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug> AsyncTokioStream for Greeted<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}
