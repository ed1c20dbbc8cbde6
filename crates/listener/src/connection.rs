//! One connection: frames in, answers out, in order.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use hl7v2::mllp::{BrokenFrame, Codec, Frame};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::codec::{Decoder, Encoder};
use tokio_util::sync::CancellationToken;

use crate::metrics::{Gauge, Metrics, add};
use crate::peer::Share;
use crate::{Answer, Door, Peer, Port, Settings};

/// What a waiting connection holds ready to read into.
const BUFFER: usize = 1024;
/// After the last answer, the other side has this long to read it before the connection is cut.
const LINGER: Duration = Duration::from_secs(1);
/// And may send at most this much that nobody reads.
const LINGER_BYTES: usize = 1 << 20;
/// The first byte of a TLS handshake (RFC 8446 §5.1). No MLLP sender begins with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The other side closed it.
    Closed,
    /// No message came for [`Settings::idle`].
    Idle,
    /// A message took longer to arrive than [`Settings::frame`].
    FrameTime,
    /// A large message came more slowly than [`Settings::pace`] allows.
    Pace,
    /// An answer took longer to write than [`Settings::write`].
    WriteTime,
    /// More bytes outside frames than [`Settings::junk_limit`].
    Junk,
    /// A TLS handshake began on the plain port.
    TlsOnPlain,
    /// The connection broke.
    Failed,
    /// The listener is stopping.
    Drained,
}

impl End {
    /// Its name in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Idle => "idle",
            Self::FrameTime => "frame-time",
            Self::Pace => "pace",
            Self::WriteTime => "write-time",
            Self::Junk => "junk",
            Self::TlsOnPlain => "tls-on-plain",
            Self::Failed => "failed",
            Self::Drained => "drained",
        }
    }
}

/// What a connection shares with others.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'l> {
    pub(crate) door: &'l dyn Door,
    pub(crate) settings: &'l Settings,
    pub(crate) metrics: &'l Metrics,
    /// Who may read a large message.
    pub(crate) large: &'l Semaphore,
    /// What it shares with those of its address only.
    pub(crate) share: &'l Share,
}

/// The right to read a large message: one of the address's and one of all.
struct Large<'l>(#[expect(dead_code, reason = "held")] [SemaphorePermit<'l>; 2]);

impl<'l> Large<'l> {
    /// The address's own first: who waits for its own connections keeps nobody else waiting.
    async fn acquire(shared: Shared<'l>) -> Option<Self> {
        let own = shared.share.large.acquire().await.ok()?;
        let all = shared.large.acquire().await.ok()?;
        Some(Self([own, all]))
    }
}

/// So many bytes have come; so many more must, until then.
struct Pace {
    bytes: u64,
    until: Instant,
}

pub(crate) struct Connection<'l, S> {
    shared: Shared<'l>,
    stream: S,
    peer: &'l Peer,
    port: Port,
    codec: Codec,
    read: BytesMut,
    /// Whether nothing has come yet.
    fresh: bool,
    junk: u64,
    /// Until when the frame that is arriving must have arrived.
    frame_until: Option<Instant>,
    permit: Option<Large<'l>>,
    /// How fast a frame with a permit comes.
    pace: Option<Pace>,
}

impl<'l, S: AsyncRead + AsyncWrite + Unpin> Connection<'l, S> {
    pub(crate) fn new(shared: Shared<'l>, stream: S, peer: &'l Peer, port: Port) -> Self {
        Self {
            shared,
            stream,
            peer,
            port,
            codec: Codec::new(shared.settings.frame_limit),
            read: BytesMut::with_capacity(BUFFER),
            fresh: true,
            junk: 0,
            frame_until: None,
            permit: None,
            pace: None,
        }
    }

    /// Serves the connection until it ends.
    pub(crate) async fn run(mut self, shutdown: &CancellationToken) -> End {
        let end = match self.serve(shutdown).await {
            Ok(end) | Err(end) => end,
        };
        if !matches!(end, End::Failed | End::WriteTime) {
            close(&mut self.stream, &mut self.read).await;
        }
        end
    }

    async fn serve(&mut self, shutdown: &CancellationToken) -> Result<End, End> {
        let mut idle_until = Instant::now() + self.shared.settings.idle;
        let mut looked = false;
        loop {
            if self.answer_buffered().await? {
                idle_until = Instant::now() + self.shared.settings.idle;
                self.frame_until = None;
            }
            if self.junk > self.shared.settings.junk_limit {
                return Ok(End::Junk);
            }
            let inside = self.codec.is_inside_frame();
            let (until, late) = if inside {
                self.allow_frame().await
            } else {
                self.frame_until = None;
                (idle_until, End::Idle)
            };
            self.give_back();
            if self.read.capacity() == self.read.len() {
                self.read.reserve(BUFFER);
            }
            // What has begun is finished. Between frames, what lies in the socket already is taken once more.
            if !inside && shutdown.is_cancelled() {
                if looked || !self.read_if_ready().await {
                    return Ok(End::Drained);
                }
                looked = true;
                continue;
            }
            tokio::select! {
                biased;
                read = timeout_at(until, self.stream.read_buf(&mut self.read)) => match read {
                    Ok(Ok(0)) => return self.end_of_stream().await,
                    Ok(Ok(count)) => self.came(count)?,
                    // TLS without its closing alert. A frame has an end of its own: nothing is lost by it.
                    Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        return self.end_of_stream().await;
                    }
                    Ok(Err(_)) => return Err(End::Failed),
                    Err(_) => return Ok(late),
                },
                () = shutdown.cancelled(), if !inside => {}
            }
        }
    }

    /// Until when more of the frame that has begun must have arrived. Waits for a permit if it is a large one;
    /// that time is ours, not the sender's.
    async fn allow_frame(&mut self) -> (Instant, End) {
        let settings = self.shared.settings;
        if self.read.len() >= settings.small_frame && self.permit.is_none() {
            self.permit = Large::acquire(self.shared).await;
            self.frame_until = None;
        }
        let now = Instant::now();
        let whole = *self.frame_until.get_or_insert_with(|| now + settings.frame);
        if self.permit.is_none() {
            return (whole, End::FrameTime);
        }
        let pace = self.pace.take().filter(|pace| pace.bytes < settings.pace_bytes);
        let until = self.pace.insert(pace.unwrap_or(Pace { bytes: 0, until: now + settings.pace })).until;
        if until < whole { (until, End::Pace) } else { (whole, End::FrameTime) }
    }

    /// Gives the permit back when no large frame is in the buffer any more.
    fn give_back(&mut self) {
        if self.read.len() < self.shared.settings.small_frame {
            self.permit = None;
            self.pace = None;
        }
    }

    /// So many bytes came.
    fn came(&mut self, count: usize) -> Result<(), End> {
        if let Some(pace) = &mut self.pace {
            pace.bytes = pace.bytes.saturating_add(count as u64);
        }
        let first = std::mem::take(&mut self.fresh);
        if first && self.port == Port::Plain && self.read.first() == Some(&TLS_HANDSHAKE) {
            return Err(End::TlsOnPlain);
        }
        Ok(())
    }

    /// Takes what can be read without waiting, and says whether there was anything.
    async fn read_if_ready(&mut self) -> bool {
        tokio::select! {
            biased;
            read = self.stream.read_buf(&mut self.read) => read.is_ok_and(|count| count > 0),
            () = std::future::ready(()) => false,
        }
    }

    /// Answers the whole frames that have arrived, and says whether there were any.
    async fn answer_buffered(&mut self) -> Result<bool, End> {
        let mut any = false;
        while let Some(frame) = self.codec.decode(&mut self.read).map_err(|_| End::Failed)? {
            any = true;
            self.answer(frame).await?;
        }
        let junk = self.codec.take_junk();
        add(&self.shared.metrics.junk_bytes, junk);
        self.junk = self.junk.saturating_add(junk);
        Ok(any)
    }

    async fn end_of_stream(&mut self) -> Result<End, End> {
        while let Some(frame) = self.codec.decode_eof(&mut self.read).map_err(|_| End::Failed)? {
            self.answer(frame).await?;
        }
        add(&self.shared.metrics.junk_bytes, self.codec.take_junk());
        Ok(End::Closed)
    }

    async fn answer(&mut self, frame: Frame) -> Result<(), End> {
        let metrics = self.shared.metrics;
        let _in_flight = Gauge::up(&metrics.in_flight);
        let begun = Instant::now();
        let answers = match frame {
            Frame::Message(content) => {
                self.junk = 0;
                add(&self.shared.metrics.frames, 1);
                add(&self.shared.metrics.frame_bytes, content.len() as u64);
                self.shared.door.accept(content, self.peer).await
            }
            Frame::Broken(broken) => {
                self.shared.metrics.broken(broken.reason);
                tracing::info!(reason = broken.reason.code(), "broken frame");
                if broken.reason == BrokenFrame::Unterminated {
                    return Ok(());
                }
                self.shared.door.refuse(&broken, self.peer).await
            }
        };
        // The door has let go of the frame. Whoever does not read its answer keeps no permit by that.
        self.give_back();
        self.write(&answers).await?;
        metrics.answer_time.observe(begun.elapsed());
        Ok(())
    }

    async fn write(&mut self, answers: &[Answer]) -> Result<(), End> {
        if answers.is_empty() {
            return Ok(());
        }
        let mut out = BytesMut::new();
        for answer in answers {
            self.codec.encode(&answer.bytes, &mut out).map_err(|_| {
                tracing::error!("an answer holds a frame byte and cannot be written");
                End::Failed
            })?;
        }
        let stream = &mut self.stream;
        let written = timeout(self.shared.settings.write, async {
            stream.write_all(&out).await?;
            stream.flush().await
        });
        match written.await {
            Ok(Ok(())) => {
                answers.iter().for_each(|answer| self.shared.metrics.answered(answer.code));
                add(&self.shared.metrics.answer_bytes, out.len() as u64);
                Ok(())
            }
            Ok(Err(_)) => Err(End::Failed),
            Err(_) => Err(End::WriteTime),
        }
    }
}

/// Closes so that the last answer arrives: closing a socket that holds unread bytes would reset the connection,
/// and the other side might lose what it has not read yet.
pub(crate) async fn close(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), buffer: &mut BytesMut) {
    let closing = timeout(LINGER, async {
        stream.shutdown().await?;
        let mut discarded = 0_usize;
        while discarded < LINGER_BYTES {
            buffer.clear();
            buffer.reserve(BUFFER);
            match stream.read_buf(buffer).await? {
                0 => break,
                count => discarded = discarded.saturating_add(count),
            }
        }
        Ok::<_, io::Error>(())
    });
    // Whatever fails here, the connection is over.
    let _ = closing.await;
}
