//! The contract of [`Signer`].

use tlog::{Note, Signer, VerifyingKey};

pub async fn a_signature_is_of_this_key_and_this_message<S: Signer>(signer: S) {
    let public = signer.verifying_key().clone();
    assert_eq!(VerifyingKey::parse(&public.to_string()).unwrap(), public);
    let stranger = VerifyingKey::new(public.name(), [7; 32]).unwrap();
    for message in [b"1".as_slice(), b"zorgsluis/umc\n0\nroot\n", &[0xff; 4096]] {
        let signature = signer.sign(message).await.unwrap();
        assert!(public.verifies(message, &signature));
        assert!(!stranger.verifies(message, &signature));
        let mut other = message.to_vec();
        other[0] ^= 1;
        assert!(!public.verifies(&other, &signature));
        for at in [0, 31, 32, 63] {
            let mut changed = signature;
            changed[at] ^= 1;
            assert!(!public.verifies(message, &changed), "{at}");
        }
        // Ed25519 takes no randomness (RFC 8032): the same again.
        assert_eq!(signer.sign(message).await.unwrap(), signature);
    }
}

pub async fn a_note_carries_the_signature<S: Signer>(signer: S) {
    let public = signer.verifying_key().clone();
    let mut note =
        Note::new("zorgsluis/umc\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n".into()).unwrap();
    let signature = signer.sign(note.text().as_bytes()).await.unwrap();
    note.add_signature(&public, signature);
    let read = Note::parse(note.to_text().as_bytes()).unwrap();
    assert_eq!(read.verify(std::slice::from_ref(&public)).unwrap(), [&public]);
    let stranger = VerifyingKey::new(public.name(), [7; 32]).unwrap();
    assert!(read.verify(&[stranger]).is_err());
}
