//! Standard output and standard error of a guest: both end in its log.

use bytes::Bytes;
use tokio::io::{AsyncWrite, sink};
use wasmtime_wasi::{
    async_trait,
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamError, StreamResult},
};

use crate::log::{Log, Stream};

/// As much as the WASI implementation itself offers at once.
const PERMIT_BYTES: usize = 64 * 1024;

/// One of a guest's two output streams.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    pub(crate) log: Log,
    pub(crate) stream: Stream,
}

impl IsTerminal for Console {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Console {
    // Only WASI 0.3 asks for this one, and it is not linked.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Console {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.log.console(self.stream, &bytes).map_err(|halt| StreamError::Trap(halt.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT_BYTES)
    }
}

#[async_trait]
impl Pollable for Console {
    async fn ready(&mut self) {}
}
