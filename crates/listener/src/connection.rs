//! One connection: frames in, answers out, in order.

use std::net::IpAddr;
use std::time::Duration;

use bytes::BytesMut;
use hl7v2::mllp::{BrokenFrame, Codec, Frame};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::codec::{Decoder, Encoder};
use tokio_util::sync::CancellationToken;

use crate::metrics::{Metrics, add};
use crate::{Answer, Door, Settings};

/// What a waiting connection holds ready to read into.
const BUFFER: usize = 1024;
/// After the last answer, the other side has this long to read it before the connection is cut.
const LINGER: Duration = Duration::from_secs(1);
/// And may send at most this much that nobody reads.
const LINGER_BYTES: usize = 1 << 20;

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The other side closed it.
    Closed,
    /// No message came for [`Settings::idle`].
    Idle,
    /// A message took longer to arrive than [`Settings::frame`].
    FrameTime,
    /// An answer took longer to write than [`Settings::write`].
    WriteTime,
    /// More bytes outside frames than [`Settings::junk_limit`].
    Junk,
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
            Self::WriteTime => "write-time",
            Self::Junk => "junk",
            Self::Failed => "failed",
            Self::Drained => "drained",
        }
    }
}

/// What all connections share.
pub(crate) struct Shared<'l> {
    pub(crate) door: &'l dyn Door,
    pub(crate) settings: &'l Settings,
    pub(crate) metrics: &'l Metrics,
    /// Who may read a large message.
    pub(crate) large: &'l Semaphore,
}

pub(crate) struct Connection<'l, S> {
    shared: Shared<'l>,
    stream: S,
    peer: IpAddr,
    codec: Codec,
    read: BytesMut,
    junk: u64,
    /// Until when the frame that is arriving must have arrived.
    frame_until: Option<Instant>,
    permit: Option<SemaphorePermit<'l>>,
}

impl<'l, S: AsyncRead + AsyncWrite + Unpin> Connection<'l, S> {
    pub(crate) fn new(shared: Shared<'l>, stream: S, peer: IpAddr) -> Self {
        let codec = Codec::new(shared.settings.frame_limit);
        let read = BytesMut::with_capacity(BUFFER);
        Self { shared, stream, peer, codec, read, junk: 0, frame_until: None, permit: None }
    }

    /// Serves the connection until it ends.
    pub(crate) async fn run(mut self, shutdown: &CancellationToken) -> End {
        let end = match self.serve(shutdown).await {
            Ok(end) | Err(end) => end,
        };
        if !matches!(end, End::Failed | End::WriteTime) {
            self.close().await;
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
            let (until, late, inside) = if self.codec.is_inside_frame() {
                (self.allow_frame().await, End::FrameTime, true)
            } else {
                self.frame_until = None;
                (idle_until, End::Idle, false)
            };
            if self.read.len() < self.shared.settings.small_frame {
                self.permit = None;
            }
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
                    Ok(Ok(_)) => {}
                    Ok(Err(_)) => return Err(End::Failed),
                    Err(_) => return Ok(late),
                },
                () = shutdown.cancelled(), if !inside => {}
            }
        }
    }

    /// Until when the frame that has begun must have arrived. Waits for a permit if it is a large one; that
    /// time is ours, not the sender's.
    async fn allow_frame(&mut self) -> Instant {
        let large = self.read.len() >= self.shared.settings.small_frame;
        if large && self.permit.is_none() {
            self.permit = self.shared.large.acquire().await.ok();
            self.frame_until = None;
        }
        let allowed = self.shared.settings.frame;
        *self.frame_until.get_or_insert_with(|| Instant::now() + allowed)
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
        self.write(&answers).await
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
                Ok(())
            }
            Ok(Err(_)) => Err(End::Failed),
            Err(_) => Err(End::WriteTime),
        }
    }

    /// Closes so that the last answer arrives: closing a socket that holds unread bytes would reset the
    /// connection, and the other side might lose what it has not read yet.
    async fn close(&mut self) {
        let stream = &mut self.stream;
        let buffer = &mut self.read;
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
            Ok::<_, std::io::Error>(())
        });
        // Whatever fails here, the connection is over.
        let _ = closing.await;
    }
}
