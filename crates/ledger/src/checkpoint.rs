//! Signed checkpoints (C2SP tlog-checkpoint in a C2SP signed note, Ed25519).
//!
//! A checkpoint says: at this size the log has this root. Each names the size of the one before it, so that a missing
//! one shows.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use signed_note::{Note, Signer, StandardSigner, StandardVerifier, Verifier, VerifierList};

use crate::{Hash, LedgerError};

/// Type byte of Ed25519 in the text form of keys.
const ED25519: u8 = 1;

/// The head of the log at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// Size of the checkpoint before, 0 for the first.
    pub previous: u64,
}

/// An Ed25519 key that signs checkpoints, with the name of the log.
#[derive(Clone)]
pub struct SigningKey {
    text: String,
    signer: StandardSigner,
    public: VerifyingKey,
}

/// The public half of a [`SigningKey`].
#[derive(Clone)]
pub struct VerifyingKey {
    text: String,
    verifier: StandardVerifier,
}

impl SigningKey {
    /// A key from 32 random bytes, for the log called `name`.
    ///
    /// # Panics
    /// When `name` is empty or holds a space or `+`: names are chosen by the program, not typed.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Self {
        let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
        let mut typed = [ED25519; 33];
        typed[1..].copy_from_slice(public.as_bytes());
        let id = signed_note::key_id(name, &typed);
        typed[1..].copy_from_slice(&seed);
        let text = format!("PRIVATE+KEY+{name}+{id:08x}+{}", BASE64_STANDARD.encode(typed));
        Self::from_text(&text).unwrap_or_else(|error| panic!("{name:?} is not a name for a key: {error}"))
    }

    /// Reads the text form `PRIVATE+KEY+<name>+<id>+<key data>`.
    ///
    /// # Errors
    /// When the text is malformed or its id does not fit.
    pub fn from_text(text: &str) -> Result<Self, LedgerError> {
        // The data is base64, in which `+` may occur: it is the last of five parts.
        let data = text
            .splitn(5, '+')
            .nth(4)
            .ok_or_else(|| LedgerError::Key("it has not five parts".into()))?;
        let data = BASE64_STANDARD
            .decode(data)
            .map_err(|error| LedgerError::Key(error.to_string()))?;
        let seed: [u8; 32] = match data.split_first() {
            Some((&ED25519, seed)) => seed
                .try_into()
                .map_err(|_| LedgerError::Key("it has not 32 bytes".into()))?,
            _ => return Err(LedgerError::Key("it is of another type".into())),
        };
        let signer = StandardSigner::new(text).map_err(|error| LedgerError::Key(error.to_string()))?;
        let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
        let public = VerifyingKey::from_text(&signed_note::new_ed25519_verifier_key(signer.name(), &public))?;
        Ok(Self {
            text: text.to_owned(),
            signer,
            public,
        })
    }

    /// The text form, which is secret.
    pub fn to_text(&self) -> String {
        self.text.clone()
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.public.clone()
    }

    /// Signs a checkpoint; the result is the whole note.
    ///
    /// # Errors
    /// When the signature fails.
    pub fn sign(&self, checkpoint: &Checkpoint) -> Result<String, LedgerError> {
        let extension = format!("previous {}\n", checkpoint.previous);
        let text = tlog_tiles::Checkpoint::new(
            self.signer.name(),
            checkpoint.size,
            tlog_tiles::Hash(checkpoint.root),
            &extension,
        )
        .map_err(|error| LedgerError::Checkpoint(error.to_string()))?;
        let mut note =
            Note::new(&text.to_bytes(), &[]).map_err(|error| LedgerError::Checkpoint(error.to_string()))?;
        note.add_sigs(&[&self.signer])
            .map_err(|error| LedgerError::Checkpoint(error.to_string()))?;
        String::from_utf8(note.to_bytes()).map_err(|error| LedgerError::Checkpoint(error.to_string()))
    }
}

/// Signs and checks texts that are no checkpoints, such as the hash of a list handed to another office.
impl SigningKey {
    /// Signs a text as a signed note. Its first line must not be the name of the log, so that it can never be taken for a
    /// checkpoint.
    ///
    /// # Errors
    /// When the text begins like a checkpoint, does not end with a line break, or the signature fails.
    pub fn sign_text(&self, text: &str) -> Result<String, LedgerError> {
        let malformed = |error: String| LedgerError::Note(error);
        if text.lines().next() == Some(self.signer.name()) {
            return Err(malformed("it begins like a checkpoint".into()));
        }
        let mut note = Note::new(text.as_bytes(), &[]).map_err(|error| malformed(error.to_string()))?;
        note.add_sigs(&[&self.signer])
            .map_err(|error| malformed(error.to_string()))?;
        String::from_utf8(note.to_bytes()).map_err(|error| malformed(error.to_string()))
    }
}

impl VerifyingKey {
    /// Checks the one signature of a note that [`SigningKey::sign_text`] made, and returns its text.
    ///
    /// # Errors
    /// When the note is malformed, signed by another key, or carries more than this one signature.
    pub fn verify_text(&self, note: &str) -> Result<String, LedgerError> {
        let invalid = |error: String| LedgerError::Note(error);
        let parsed = Note::from_bytes(note.as_bytes()).map_err(|error| invalid(error.to_string()))?;
        let keys = VerifierList::new(vec![Box::new(self.verifier.clone())]);
        let (verified, others) = parsed.verify(&keys).map_err(|error| invalid(error.to_string()))?;
        if verified.len() != 1 || !others.is_empty() || parsed.to_bytes() != note.as_bytes() {
            return Err(invalid("it must bear exactly one signature, by this key".into()));
        }
        String::from_utf8(parsed.text().to_vec()).map_err(|error| invalid(error.to_string()))
    }
}

impl std::fmt::Debug for SigningKey {
    /// The name only: the key is secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.signer.name())
    }
}

impl VerifyingKey {
    /// Reads the text form `<name>+<id>+<key data>`.
    ///
    /// # Errors
    /// When the text is malformed or its id does not fit.
    pub fn from_text(text: &str) -> Result<Self, LedgerError> {
        let verifier = StandardVerifier::new(text).map_err(|error| LedgerError::Key(error.to_string()))?;
        Ok(Self {
            text: text.to_owned(),
            verifier,
        })
    }

    /// The name of the log.
    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    /// Checks the signature of a note and reads the checkpoint in it.
    ///
    /// # Errors
    /// When the note is malformed, signed by another key, carries more than this one signature, or is of another log.
    pub fn verify(&self, note: &str) -> Result<Checkpoint, LedgerError> {
        let invalid = |error: String| LedgerError::Checkpoint(error);
        let parsed = Note::from_bytes(note.as_bytes()).map_err(|error| invalid(error.to_string()))?;
        let keys = VerifierList::new(vec![Box::new(self.verifier.clone())]);
        let (verified, others) = parsed.verify(&keys).map_err(|error| invalid(error.to_string()))?;
        if verified.len() != 1 || !others.is_empty() {
            return Err(invalid("it must bear exactly one signature, by this key".into()));
        }
        // Base64 can be written in more than one way only if a decoder is lenient; the note must be the one we wrote.
        if parsed.to_bytes() != note.as_bytes() {
            return Err(invalid("it is not written as a signed note is".into()));
        }
        let text =
            tlog_tiles::Checkpoint::from_bytes(parsed.text()).map_err(|error| invalid(error.to_string()))?;
        if text.origin() != self.name() {
            return Err(invalid(format!(
                "it is of the log {}, not of {}",
                text.origin(),
                self.name()
            )));
        }
        let previous = text
            .extension()
            .strip_prefix("previous ")
            .and_then(|rest| rest.strip_suffix('\n'))
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| invalid("it does not name the checkpoint before it".into()))?;
        Ok(Checkpoint {
            size: text.size(),
            root: text.hash().0,
            previous,
        })
    }
}

impl std::fmt::Display for VerifyingKey {
    /// The text form.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifyingKey({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed("anju-619021", [7; 32])
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            size: 42,
            root: [9; 32],
            previous: 40,
        }
    }

    #[test]
    fn keys_survive_their_text_form() {
        let again = SigningKey::from_text(&key().to_text()).unwrap();
        assert_eq!(
            again.verifying_key().to_string(),
            key().verifying_key().to_string()
        );
        let public = VerifyingKey::from_text(&key().verifying_key().to_string()).unwrap();
        assert_eq!(
            public.verify(&again.sign(&checkpoint()).unwrap()).unwrap(),
            checkpoint()
        );
        assert_eq!(public.name(), "anju-619021");
    }

    /// The key pair of the examples of the Go package `note`, which signed notes come from.
    #[test]
    fn a_known_key_gives_its_known_public_half() {
        let key = SigningKey::from_text(
            "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
        )
        .unwrap();
        assert_eq!(
            key.verifying_key().to_string(),
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        );
    }

    #[test]
    fn a_note_changed_in_any_byte_is_refused() {
        let note = key().sign(&checkpoint()).unwrap();
        let public = key().verifying_key();
        assert_eq!(public.verify(&note).unwrap(), checkpoint());
        for place in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[place] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(public.verify(&changed).is_err(), "byte {place} of\n{changed}");
            }
        }
        assert!(public.verify(&format!("{note}\n")).is_err());
        assert!(public.verify(&note[..note.len() - 1]).is_err());
    }

    #[test]
    fn a_note_of_another_key_or_log_is_refused() {
        let note = key().sign(&checkpoint()).unwrap();
        assert!(
            SigningKey::from_seed("anju-619021", [8; 32])
                .verifying_key()
                .verify(&note)
                .is_err()
        );
        assert!(
            SigningKey::from_seed("anju-619022", [7; 32])
                .verifying_key()
                .verify(&note)
                .is_err()
        );
    }

    #[test]
    fn a_signed_text_is_no_checkpoint_and_no_byte_of_it_changes() {
        let text = "anju roster v1\nsha256 00ff\n";
        let note = key().sign_text(text).unwrap();
        let public = key().verifying_key();
        assert_eq!(public.verify_text(&note).unwrap(), text);
        assert!(public.verify(&note).is_err());
        for place in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[place] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(
                    public.verify_text(&changed).is_err(),
                    "byte {place} of\n{changed}"
                );
            }
        }
        let other = SigningKey::from_seed("anju-619021", [8; 32]).verifying_key();
        assert!(other.verify_text(&note).is_err());
        assert!(key().sign_text("anju-619021\n42\n").is_err());
        assert!(key().sign_text("no line break").is_err());
    }

    #[test]
    fn malformed_keys_are_refused() {
        for text in [
            "",
            "PRIVATE+KEY+a+b",
            "PRIVATE+KEY+a+00000000+AQ==",
            "a b+00000000+AQ==",
        ] {
            assert!(SigningKey::from_text(text).is_err(), "{text}");
            assert!(VerifyingKey::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_secret_is_not_printed() {
        assert_eq!(format!("{:?}", key()), "SigningKey(anju-619021)");
    }
}
