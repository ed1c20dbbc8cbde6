//! The MLLP codec.

use bytes::BytesMut;
use hl7v2::mllp::{BrokenFrame, Codec, CodecError, Frame};
use tokio_util::codec::{Decoder, Encoder};

/// What a stream brings when it arrives in pieces of this size.
fn read(stream: &[u8], piece: usize, limit: usize) -> (Vec<String>, u64) {
    let mut codec = Codec::new(limit);
    let mut buffer = BytesMut::new();
    let mut frames = Vec::new();
    let mut show = |frame| {
        frames.push(match frame {
            Frame::Message(content) => String::from_utf8_lossy(&content).into_owned(),
            Frame::Broken(broken) => {
                format!("<{} {}>", broken.reason.code(), String::from_utf8_lossy(&broken.head))
            }
        });
    };
    for bytes in stream.chunks(piece) {
        buffer.extend_from_slice(bytes);
        while let Some(frame) = codec.decode(&mut buffer).unwrap() {
            show(frame);
        }
    }
    while let Some(frame) = codec.decode_eof(&mut buffer).unwrap() {
        show(frame);
    }
    assert!(buffer.is_empty());
    (frames, codec.take_junk())
}

#[test]
fn frames_are_the_same_however_they_arrive() {
    for (stream, frames, junk) in [
        (&b"\x0bMSH|a\x1c\r"[..], vec!["MSH|a"], 0),
        (b"\x0bMSH|a\x1c\r\x0bMSH|b\x1c\r\x0bMSH|c\x1c\r", vec!["MSH|a", "MSH|b", "MSH|c"], 0),
        (b"\x0bMSH|a\x1c\x0bMSH|b\x1c", vec!["MSH|a", "MSH|b"], 0),
        (b"\r\n\x0bMSH|a\x1c\r\n\r\n\x0bMSH|b\x1c\r\n", vec!["MSH|a", "MSH|b"], 0),
        (b"junk\x0bMSH|a\x1c\r\x1c\x1cmore\x0bMSH|b\x1c\rend", vec!["MSH|a", "MSH|b"], 13),
        (b"\x0bMSH|a\x0bb\x0bMS\x0b\x1c\r", vec!["MSH|a\u{b}b\u{b}MS\u{b}"], 0),
        (b"\x0bMSH|cut\x0bMSH|b\x1c\r", vec!["<frame-interrupted MSH|cut>", "MSH|b"], 0),
        (b"\x0b\x1c\r\x0bMSH|a\x1c\r", vec!["<frame-empty >", "MSH|a"], 0),
        (b"\x0bMSH|half", vec!["<frame-unterminated MSH|half>"], 0),
        (b"\x0bMSH|a\x1c\r\x0b", vec!["MSH|a", "<frame-unterminated >"], 0),
        (b"no frame at all", vec![], 15),
    ] {
        for piece in [1, 2, 3, 5, 1000] {
            let expected = frames.iter().map(|&frame| frame.to_owned()).collect();
            assert_eq!(read(stream, piece, 100), (expected, junk), "{piece} at a time");
        }
    }
}

#[test]
fn a_frame_at_the_limit_passes_and_one_above_is_skipped() {
    let stream = b"\x0bMSH|567890\x1c\r\x0bMSH|5678901\x1c\r\x0bMSH|c\x1c\r";
    for piece in [1, 4, 1000] {
        let (frames, _) = read(stream, piece, 10);
        assert_eq!(frames[0], "MSH|567890");
        assert!(frames[1].starts_with("<frame-too-long MSH|567890"), "{frames:?}");
        assert_eq!(frames[2..], ["MSH|c"]);
    }
}

#[test]
fn a_long_frame_cut_off_by_the_next_is_too_long_however_it_arrives() {
    for piece in [1, 4, 1000] {
        let (frames, _) = read(b"\x0bMSH|5678901234567890\x0bMSH|b\x1c\r", piece, 10);
        assert!(frames[0].starts_with("<frame-too-long MSH|567890"), "{frames:?}");
        assert_eq!(frames[1..], ["MSH|b"]);
    }
}

#[test]
fn a_frame_that_never_ends_holds_no_memory() {
    let mut codec = Codec::new(1000);
    let mut buffer = BytesMut::new();
    let mut reported = Vec::new();
    buffer.extend_from_slice(b"\x0bMSH|");
    for _ in 0..10_000 {
        buffer.extend_from_slice(&[b'x'; 500]);
        while let Some(frame) = codec.decode(&mut buffer).unwrap() {
            reported.push(frame);
        }
        assert!(buffer.len() <= 1500);
    }
    assert_eq!(reported.len(), 1);
    let Frame::Broken(broken) = &reported[0] else { panic!("not broken") };
    assert_eq!(broken.reason, BrokenFrame::TooLong { limit: 1000 });
    // Behind it the stream is usable again, also when the end never came.
    buffer.extend_from_slice(b"\x0bMSH|b\x1c\r");
    assert!(matches!(codec.decode(&mut buffer).unwrap(), Some(Frame::Message(m)) if m == "MSH|b"));
}

#[test]
fn writing_frames_content_and_refuses_what_would_break_the_frame() {
    let mut out = BytesMut::new();
    let mut codec = Codec::new(10);
    codec.encode(&b"MSH|a\r"[..], &mut out).unwrap();
    assert_eq!(out, &b"\x0bMSH|a\r\x1c\r"[..]);
    let refused = codec.encode(&b"a\x1cb"[..], &mut out);
    assert!(matches!(refused, Err(CodecError::FrameByteInContent)));
}

#[test]
fn debug_prints_no_content() {
    let mut buffer = BytesMut::from(&b"\x0bMSH|secret\x1c"[..]);
    let frame = Codec::new(100).decode(&mut buffer).unwrap().unwrap();
    assert_eq!(format!("{frame:?}"), "Message(10 bytes)");
}
