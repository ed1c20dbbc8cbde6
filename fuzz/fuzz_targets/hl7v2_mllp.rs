//! A stream in pieces (the first byte says how large): the same frames as in one piece, in pieces of one size and of
//! changing size, and bounded memory. What was read as messages is read again from what is written of them.
#![no_main]

use bytes::BytesMut;
use hl7v2::mllp::{BrokenFrame, Codec, Frame, START};
use libfuzzer_sys::fuzz_target;
use tokio_util::codec::{Decoder, Encoder};

const LIMIT: usize = 64;

/// The frames, when so many bytes come at a time; of one that is too long the head depends on how much had come.
fn read(stream: &[u8], mut sizes: impl Iterator<Item = usize>) -> (Vec<(Option<BrokenFrame>, Vec<u8>)>, u64) {
    let (mut codec, mut buffer, mut frames) = (Codec::new(LIMIT), BytesMut::new(), Vec::new());
    let mut show = |frame| {
        frames.push(match frame {
            Frame::Message(content) => {
                assert!(!content.is_empty() && content.len() <= LIMIT);
                (None, content.to_vec())
            }
            Frame::Broken(broken) => match broken.reason {
                BrokenFrame::TooLong { .. } => (Some(broken.reason), Vec::new()),
                reason => (Some(reason), broken.head.to_vec()),
            },
        });
    };
    let mut rest = stream;
    while !rest.is_empty() {
        let (bytes, behind) = rest.split_at(sizes.next().unwrap_or(usize::MAX).clamp(1, rest.len()));
        rest = behind;
        buffer.extend_from_slice(bytes);
        while let Some(frame) = codec.decode(&mut buffer).expect("no input or output here") {
            show(frame);
        }
        assert!(buffer.len() <= LIMIT + 4);
    }
    while let Some(frame) = codec.decode_eof(&mut buffer).expect("no input or output here") {
        show(frame);
    }
    assert!(buffer.is_empty());
    (frames, codec.take_junk())
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&size, stream)) = bytes.split_first() else { return };
    let whole = read(stream, std::iter::empty());
    assert_eq!(read(stream, std::iter::repeat(1)), whole);
    assert_eq!(read(stream, std::iter::repeat(usize::from(size) + 1)), whole);
    // Now few bytes, now many: as the stream itself has it.
    assert_eq!(read(stream, stream.iter().map(|byte| usize::from(*byte % 32))), whole);

    let (mut written, mut messages) = (BytesMut::new(), Vec::new());
    for (broken, content) in whole.0 {
        // A start byte inside a frame that begins no message is content; a frame that is written must not hold it.
        if broken.is_none() && !content.contains(&START) {
            Codec::new(LIMIT).encode(&content, &mut written).expect("a message that was read");
            messages.push((None, content));
        }
    }
    assert_eq!(read(&written, std::iter::repeat(usize::from(size) + 1)), (messages, 0));
});
