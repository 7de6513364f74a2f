//! Attachments: files kept by the hash of their bytes, in one folder.
//!
//! A file never changes: its name is the SHA-256 of its content. It is written beside its place and renamed, so that a
//! file under its name is always whole. The table says what each is; the ledger therefore proves the bytes too.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anju_model::area::AreaCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{StoreError, Subject, Value};

/// What is known of a stored file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// SHA-256 of the bytes, in hex; also the id.
    pub hash: String,
    /// Media type, e.g. `application/geo+json`.
    pub media_type: String,
    /// The name it came with.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
}

impl Subject for Attachment {
    const KIND: &'static str = "attachment";

    fn id(&self) -> String {
        self.hash.clone()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("media_type", self.media_type.as_str().into()),
            ("name", self.name.as_str().into()),
            ("size", Value::Int(i64::try_from(self.size).unwrap_or(i64::MAX))),
        ]
    }
}

/// The folder of attachments.
#[derive(Debug, Clone)]
pub struct Attachments {
    folder: PathBuf,
}

impl Attachments {
    /// Opens a folder, making it when it is not there.
    ///
    /// # Errors
    /// When it can be neither found nor made.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Where the file of a hash lies: in a folder of its first two digits. Anything but a hash names no file here.
    pub fn path(&self, hash: &str) -> Result<PathBuf, StoreError> {
        let digits = hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits && hash.len() == 64 {
            Ok(self.folder.join(&hash[..2]).join(hash))
        } else {
            Err(StoreError::AttachmentName(hash.to_owned()))
        }
    }

    /// Stores bytes and returns their hash in hex. Storing the same bytes again changes nothing.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn put(&self, bytes: &[u8]) -> Result<String, StoreError> {
        let hash = hex(&Sha256::digest(bytes));
        let path = self.path(&hash)?;
        if path.exists() {
            return Ok(hash);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        // Two writers of the same bytes write the same file; the process keeps two programs apart.
        let unfinished = folder.join(format!("{hash}.{}.unfinished", std::process::id()));
        let mut file = std::fs::File::create(&unfinished).map_err(at(&unfinished))?;
        file.write_all(bytes)
            .and_then(|()| file.sync_all())
            .map_err(at(&unfinished))?;
        std::fs::rename(&unfinished, &path).map_err(at(&path))?;
        Ok(hash)
    }

    /// Begins a file that comes in piece by piece and may have at most `limit` bytes. `name` is told apart from those of
    /// other files on their way in.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn incoming(&self, name: &str, limit: u64) -> Result<Incoming, StoreError> {
        let path = self
            .folder
            .join(format!("{name}.{}.unfinished", std::process::id()));
        let file = std::fs::File::create_new(&path).map_err(at(&path))?;
        Ok(Incoming {
            file,
            path,
            digest: Sha256::new(),
            size: 0,
            limit,
            head: Vec::new(),
            tail: Vec::new(),
        })
    }

    /// The bytes of a hash.
    ///
    /// # Errors
    /// When there is no such file, or its bytes are not those of the hash.
    pub fn read(&self, hash: &str) -> Result<Vec<u8>, StoreError> {
        let path = self.path(hash)?;
        let bytes = std::fs::read(&path).map_err(at(&path))?;
        let found = hex(&Sha256::digest(&bytes));
        if found == hash {
            Ok(bytes)
        } else {
            Err(StoreError::AttachmentDamaged {
                hash: hash.to_owned(),
                found,
            })
        }
    }

    /// The hash and size of the bytes stored under a hash, read in pieces; `None` when there is no file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn examine(&self, hash: &str) -> Result<Option<(String, u64)>, StoreError> {
        let path = self.path(hash)?;
        let mut file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(&path)(error)),
        };
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        let mut size = 0;
        loop {
            match file.read(&mut buffer).map_err(at(&path))? {
                0 => return Ok(Some((hex(&digest.finalize()), size))),
                read => {
                    digest.update(&buffer[..read]);
                    size += read as u64;
                }
            }
        }
    }
}

/// A file on its way in: on the disk and hashed piece by piece, never whole in memory. Dropped before it is kept, it
/// leaves nothing behind.
#[derive(Debug)]
pub struct Incoming {
    file: std::fs::File,
    path: PathBuf,
    digest: Sha256,
    size: u64,
    limit: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
}

/// Bytes of the beginning and of the end that are kept at hand, to tell what a file is.
const ENDS: usize = 64 << 10;

impl Incoming {
    /// Takes the next piece in.
    ///
    /// # Errors
    /// [`StoreError::AttachmentTooLarge`] when the file grows too large; when it cannot be written.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), StoreError> {
        self.size += piece.len() as u64;
        if self.size > self.limit {
            return Err(StoreError::AttachmentTooLarge { limit: self.limit });
        }
        self.digest.update(piece);
        let lacking = ENDS.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..lacking]);
        self.tail
            .extend_from_slice(&piece[piece.len().saturating_sub(ENDS)..]);
        let surplus = self.tail.len().saturating_sub(ENDS);
        self.tail.drain(..surplus);
        self.file.write_all(piece).map_err(at(&self.path))
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The beginning of the file, as far as it is kept at hand.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The end of the file, as far as it is kept at hand.
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// Puts the file under its hash, which is returned. The same bytes stored before are kept as they are.
    ///
    /// # Errors
    /// When the file cannot be written or renamed.
    pub fn keep(mut self, attachments: &Attachments) -> Result<String, StoreError> {
        let digest = std::mem::take(&mut self.digest);
        let hash = hex(&digest.finalize());
        let path = attachments.path(&hash)?;
        if !path.exists() {
            self.file.sync_all().map_err(at(&self.path))?;
            let folder = path.parent().unwrap_or(&attachments.folder);
            std::fs::create_dir_all(folder).map_err(at(folder))?;
            std::fs::rename(&self.path, &path).map_err(at(&path))?;
        }
        Ok(hash)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Kept, it has another name and there is nothing here; otherwise what cannot be removed now is a stray file
        // that no row names.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.display().to_string();
    move |source| StoreError::Attachment { path, source }
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let attachments = Attachments::open(&folder.path().join("files")).unwrap();
        let hash = attachments.put(b"content").unwrap();
        assert_eq!(
            hash,
            "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
        );
        assert_eq!(attachments.put(b"content").unwrap(), hash);
        assert_eq!(attachments.read(&hash).unwrap(), b"content");
        assert_eq!(attachments.examine(&hash).unwrap(), Some((hash.clone(), 7)));
        std::fs::write(attachments.path(&hash).unwrap(), b"Content").unwrap();
        assert!(matches!(
            attachments.read(&hash),
            Err(StoreError::AttachmentDamaged { .. })
        ));
        assert!(matches!(
            attachments.read(&"0".repeat(64)),
            Err(StoreError::Attachment { .. })
        ));
        assert_eq!(attachments.examine(&"0".repeat(64)).unwrap(), None);
        for name in [
            "",
            "00",
            "../../etc/passwd",
            &"A".repeat(64),
            &format!("../{}", "0".repeat(61)),
        ] {
            assert!(
                matches!(attachments.read(name), Err(StoreError::AttachmentName(_))),
                "{name}"
            );
        }
    }

    #[test]
    fn a_file_comes_in_piece_by_piece_and_only_so_large() {
        let folder = tempfile::tempdir().unwrap();
        let attachments = Attachments::open(folder.path()).unwrap();
        let mut incoming = attachments.incoming("a", 1 << 20).unwrap();
        let pieces: Vec<Vec<u8>> = (0..10_u8).map(|piece| vec![piece; 30_000]).collect();
        for piece in &pieces {
            incoming.write(piece).unwrap();
        }
        let whole = pieces.concat();
        assert_eq!(incoming.size(), whole.len() as u64);
        assert_eq!(incoming.head(), &whole[..ENDS]);
        assert_eq!(incoming.tail(), &whole[whole.len() - ENDS..]);
        let hash = incoming.keep(&attachments).unwrap();
        assert_eq!(hash, hex(&Sha256::digest(&whole)));
        assert_eq!(attachments.read(&hash).unwrap(), whole);
        // One that grows too large is refused at the piece that does it, and leaves nothing.
        let mut incoming = attachments.incoming("b", 5).unwrap();
        incoming.write(b"12345").unwrap();
        assert!(matches!(
            incoming.write(b"6"),
            Err(StoreError::AttachmentTooLarge { limit: 5 })
        ));
        drop(incoming);
        let left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, [hash[..2].to_owned().as_str()]);
    }

    #[test]
    fn nothing_unfinished_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let attachments = Attachments::open(folder.path()).unwrap();
        let hash = attachments.put(b"content").unwrap();
        let names: Vec<_> = std::fs::read_dir(folder.path().join(&hash[..2]))
            .unwrap()
            .collect();
        assert_eq!(names.len(), 1);
    }
}
