//! A small load generator: so many connections, each sending its next request when the last was answered, or at a fixed
//! rate whatever the answers do.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a run of requests came to.
#[derive(Default)]
pub struct Figures {
    /// How long each took, the quickest first.
    took: Vec<Duration>,
    elapsed: Duration,
    /// Answers other than 2xx.
    pub failed: usize,
}

impl Figures {
    pub fn answered(&self) -> usize {
        self.took.len()
    }

    pub fn per_second(&self) -> f64 {
        self.took.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// How long a share of the requests took at the most.
    pub fn within(&self, share: f64) -> Duration {
        self.took.get((self.took.len() as f64 * share) as usize).copied().unwrap_or_default()
    }

    /// The same with another run after it.
    pub fn and(mut self, other: Self) -> Self {
        self.took.extend(other.took);
        self.took.sort_unstable();
        Self { took: self.took, elapsed: self.elapsed + other.elapsed, failed: self.failed + other.failed }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [p50, p99] = [0.5, 0.99].map(|share| milliseconds(self.within(share)));
        write!(f, "{:8.0}/s  p50 {p50:7.2} ms  p99 {p99:7.2} ms", self.per_second())?;
        if self.failed > 0 { write!(f, "  {} FAILED", self.failed) } else { Ok(()) }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// A whole HTTP/1.1 request with a body or without.
pub fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n{kind}Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Sends requests for `seconds` over `connections` connections; `next(connection, number)` makes each.
pub async fn run(
    address: std::net::SocketAddr,
    connections: usize,
    seconds: u64,
    next: impl Fn(usize, usize) -> Vec<u8> + Clone + 'static,
) -> Figures {
    send(address, connections, seconds, None, next).await
}

/// The same, `rate` requests a second over all connections. A request that has to wait for its connection's last answer
/// has begun when it was due.
pub async fn run_at(
    address: std::net::SocketAddr,
    connections: usize,
    seconds: u64,
    rate: u32,
    next: impl Fn(usize, usize) -> Vec<u8> + Clone + 'static,
) -> Figures {
    let every = Duration::from_secs(1) * connections as u32 / rate;
    send(address, connections, seconds, Some(every), next).await
}

async fn send(
    address: std::net::SocketAddr,
    connections: usize,
    seconds: u64,
    every: Option<Duration>,
    next: impl Fn(usize, usize) -> Vec<u8> + Clone + 'static,
) -> Figures {
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let tasks: Vec<_> = (0..connections)
        .map(|connection| {
            let next = next.clone();
            actix_web::rt::spawn(async move {
                let mut stream = TcpStream::connect(address).await.expect("a connection");
                stream.set_nodelay(true).expect("no delay");
                let (mut took, mut failed, mut buffer) = (Vec::new(), 0, Vec::with_capacity(16 * 1024));
                // Spread evenly over the time between two requests of one connection.
                let mut due = every.map(|every| start + every * connection as u32 / connections as u32);
                for number in 0.. {
                    let request = next(connection, number);
                    let late = due.filter(|due| *due < Instant::now());
                    if let Some(due) = due {
                        tokio::time::sleep_until(due.into()).await;
                    }
                    let sent = late.unwrap_or_else(Instant::now);
                    if sent >= end {
                        break;
                    }
                    due = due.zip(every).map(|(due, every)| due + every);
                    stream.write_all(&request).await.expect("a request goes out");
                    let status = answer(&mut stream, &mut buffer).await;
                    took.push(sent.elapsed());
                    failed += usize::from(!(200..300).contains(&status));
                }
                (took, failed)
            })
        })
        .collect();
    let (mut took, mut failed) = (Vec::new(), 0);
    for task in tasks {
        let (part, bad) = task.await.expect("a connection's task");
        took.extend(part);
        failed += bad;
    }
    let elapsed = start.elapsed();
    took.sort_unstable();
    Figures { took, elapsed, failed }
}

/// The body of the answer to one request.
pub async fn body_of(address: std::net::SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request).await.expect("a request goes out");
    let mut buffer = Vec::new();
    answer(&mut stream, &mut buffer).await;
    let text = String::from_utf8_lossy(&buffer);
    text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}

/// Reads one answer with a `Content-Length` and tells its status.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> u16 {
    buffer.clear();
    let (head, length) = loop {
        read(stream, buffer).await;
        // Cheap, for it runs beside what it measures: both servers write the header in small letters.
        let text = String::from_utf8_lossy(buffer);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.split_once("content-length: ").map_or("0", |(_, rest)| rest);
            let digits = length.split("\r\n").next().unwrap_or_default();
            break (head.len() + 4, digits.parse().unwrap_or(0usize));
        }
    };
    while buffer.len() < head + length {
        read(stream, buffer).await;
    }
    std::str::from_utf8(&buffer[9..12]).ok().and_then(|status| status.parse().ok()).unwrap_or(0)
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    let read = stream.read_buf(buffer).await.expect("an answer comes in");
    assert!(read > 0, "the server closed the connection");
}
