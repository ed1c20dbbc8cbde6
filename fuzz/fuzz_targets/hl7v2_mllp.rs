//! A stream in pieces (the first byte says how large): the same frames as in one piece, and bounded memory.
#![no_main]

use bytes::BytesMut;
use hl7v2::mllp::{BrokenFrame, Codec, Frame};
use libfuzzer_sys::fuzz_target;
use tokio_util::codec::Decoder;

const LIMIT: usize = 64;

/// The frames; of one that is too long the head depends on how much had come.
fn read(stream: &[u8], piece: usize) -> (Vec<(Option<BrokenFrame>, Vec<u8>)>, u64) {
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
    for bytes in stream.chunks(piece) {
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
    let whole = read(stream, usize::MAX);
    assert_eq!(read(stream, 1), whole);
    assert_eq!(read(stream, usize::from(size) + 1), whole);
});
