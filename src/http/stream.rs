//! Bodies that are written while they are sent: however long, a few chunks of them are in memory.
//!
//! A thread of its own writes, for databases hand out rows to those who wait for them. The bounded queue between it and
//! the connection holds it back when the client reads slowly, and ends it when the client is gone.

use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Chunks that wait to be sent.
const WAITING: usize = 8;
/// Bytes that are gathered before they are sent.
const CHUNK: usize = 64 * 1024;
/// How long a client may read nothing at all before it is given up.
const PATIENCE: Duration = Duration::from_secs(45);

type Chunk = Result<Bytes, io::Error>;

/// The end that writes. Dropped before it has finished, as a panic would, it breaks the connection off.
pub struct BodyWriter {
    sender: Sender<Chunk>,
    buffer: Vec<u8>,
    runtime: Handle,
    finished: bool,
}

/// The two ends of a body. To be called within the runtime that sends it.
pub fn body() -> (BodyWriter, impl Stream<Item = Chunk> + use<>) {
    let (sender, receiver) = channel(WAITING);
    let runtime = Handle::current();
    let writer = BodyWriter { sender, buffer: Vec::with_capacity(CHUNK), runtime, finished: false };
    (writer, stream::unfold(receiver, next))
}

async fn next(mut receiver: Receiver<Chunk>) -> Option<(Chunk, Receiver<Chunk>)> {
    receiver.recv().await.map(|chunk| (chunk, receiver))
}

impl BodyWriter {
    /// Whether the client is gone.
    pub fn is_gone(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends what is left. Without this the body does not end well: the connection is broken off, so that nobody takes
    /// what came for the whole.
    pub fn finish(mut self) -> io::Result<()> {
        self.send_buffer()?;
        self.finished = true;
        Ok(())
    }

    fn send_buffer(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.send(Ok(chunk.into()))
    }

    fn send(&self, chunk: Chunk) -> io::Result<()> {
        let sent = async { tokio::time::timeout(PATIENCE, self.sender.send(chunk)).await };
        match self.runtime.block_on(sent) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client is gone")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads nothing")),
        }
    }
}

impl Drop for BodyWriter {
    fn drop(&mut self) {
        if !self.finished {
            // A client that is gone needs no telling.
            let _ = self.send(Err(io::Error::other("the body could not be finished")));
        }
    }
}

impl Write for BodyWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.send_buffer()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[actix_web::test]
    async fn what_is_written_comes_out_in_its_order() {
        let (mut writer, stream) = body();
        let thread = std::thread::spawn(move || {
            for number in 0..100_000u32 {
                writer.write_all(&number.to_be_bytes()).unwrap();
            }
            writer.finish().unwrap();
        });
        let chunks: Vec<Chunk> = stream.collect().await;
        thread.join().unwrap();
        let bytes: Vec<u8> = chunks.into_iter().flat_map(|chunk| chunk.unwrap().to_vec()).collect();
        assert_eq!(bytes.len(), 400_000);
        assert_eq!(bytes[399_996..], 99_999u32.to_be_bytes());
    }

    #[actix_web::test]
    async fn a_client_that_goes_away_ends_the_writing() {
        let (mut writer, stream) = body();
        let thread = std::thread::spawn(move || {
            loop {
                if let Err(error) = writer.write_all(&[0; CHUNK]) {
                    return (error.kind(), writer.is_gone());
                }
            }
        });
        let mut stream = Box::pin(stream);
        assert!(stream.next().await.is_some());
        drop(stream);
        let outcome = actix_web::web::block(move || thread.join().unwrap()).await.unwrap();
        assert_eq!(outcome, (io::ErrorKind::BrokenPipe, true));
    }

    #[actix_web::test]
    async fn a_body_that_is_broken_off_ends_with_an_error() {
        let (mut writer, stream) = body();
        writer.write_all(b"half").unwrap();
        let thread = std::thread::spawn(move || drop(writer));
        let chunks: Vec<Chunk> = stream.collect().await;
        thread.join().unwrap();
        assert!(chunks.len() == 1 && chunks[0].is_err());
    }
}
