//! Tiles and the paths of a log's objects: no panic, and one form for each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::{LogPaths, TileId, parse_hash_tile, parse_leaf_tile};

fuzz_target!(|bytes: &[u8]| {
    let Some((width, tile)) = bytes.split_first_chunk::<2>() else { return };
    let width = u16::from_be_bytes(*width) % 257;
    if let Ok(leaves) = parse_leaf_tile(tile, width) {
        assert_eq!(leaves.len(), usize::from(width));
        let again: Vec<u8> = leaves
            .iter()
            .flat_map(|leaf| (leaf.len() as u16).to_be_bytes().into_iter().chain(leaf.iter().copied()))
            .collect();
        assert_eq!(again, tile);
    }
    if let Ok(hashes) = parse_hash_tile(tile, width) {
        assert_eq!(hashes.as_flattened(), tile);
    }
    if let Ok(path) = std::str::from_utf8(bytes) {
        if let Some(tile) = TileId::parse(path) {
            assert_eq!(tile.to_string(), path);
            let _ = tile.end();
        }
        let paths = LogPaths::new("fuzz").expect("a name");
        let key = format!("log/fuzz/{path}");
        if let Some(object) = paths.object(&key) {
            assert_eq!(paths.key(object), key);
        }
    }
});
