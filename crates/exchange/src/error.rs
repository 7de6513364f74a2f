//! What can be wrong with a file: one error type that always names the file, the place, the reason and the remedy,
//! in Chinese and in English. It does not log and it does not translate codes.

use std::path::Path;

use anju_model::code_list::{Language, Text};

/// What is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Name of the file, empty when the fault is not tied to one.
    pub file: String,
    /// Sheet, row, layer or feature, if the fault has a place inside the file.
    pub place: Option<Text>,
    /// What is wrong, a clause without a full stop.
    pub reason: Text,
    /// What the user can do, a clause without a full stop.
    pub remedy: Text,
}

impl Fault {
    /// A fault of `file` (boxed, because every result of the crate carries its error) with its reason and remedy, each as (Chinese, English).
    pub fn new(file: &Path, reason: (&str, &str), remedy: (&str, &str)) -> Box<Self> {
        Box::new(Self {
            file: file_name(file),
            place: None,
            reason: Text::new(reason.0, reason.1),
            remedy: Text::new(remedy.0, remedy.1),
        })
    }

    /// The same fault at a place inside the file, given as (Chinese, English).
    pub fn at(mut self: Box<Self>, zh: impl Into<String>, en: impl Into<String>) -> Box<Self> {
        self.place = Some(Text::new(zh, en));
        self
    }

    /// The fault as a sentence in `language`.
    pub fn sentence(&self, language: Language) -> String {
        let reason = self.reason.get(language);
        let remedy = self.remedy.get(language);
        let place = self.place.as_ref().map(|place| place.get(language));
        match language {
            Language::Chinese => {
                let mut head = match self.file.as_str() {
                    "" => String::new(),
                    file => format!("文件“{file}”"),
                };
                if let Some(place) = place {
                    if !head.is_empty() {
                        head.push('，');
                    }
                    head.push_str(place);
                }
                let colon = if head.is_empty() { "" } else { "：" };
                format!("{head}{colon}{reason}。处理办法：{remedy}。")
            }
            Language::English => {
                let mut head = match self.file.as_str() {
                    "" => String::new(),
                    file => format!("File {file:?}"),
                };
                if let Some(place) = place {
                    if !head.is_empty() {
                        head.push_str(", ");
                    }
                    head.push_str(place);
                }
                let colon = if head.is_empty() { "" } else { ": " };
                format!("{head}{colon}{reason}. Remedy: {remedy}.")
            }
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence(Language::English))
    }
}

/// Why a file could not be read or written. The variants are kinds that callers may treat differently; the details
/// are in the [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The operating system refused to open, read or write.
    #[error("{0}")]
    Io(Box<Fault>),
    /// The file has no content: 0 bytes, no sheet, no row, no feature.
    #[error("{0}")]
    Empty(Box<Fault>),
    /// The bytes are not what the file's name promises, are damaged, or use a part of the format that is not read.
    #[error("{0}")]
    Format(Box<Fault>),
    /// The file is protected by a password.
    #[error("{0}")]
    Protected(Box<Fault>),
    /// The text is in none of the encodings that are read.
    #[error("{0}")]
    Encoding(Box<Fault>),
    /// The file is larger than what is read in one piece.
    #[error("{0}")]
    TooLarge(Box<Fault>),
    /// The coordinate reference system is missing, unknown or unfit for the use.
    #[error("{0}")]
    Crs(Box<Fault>),
    /// Features with unusable geometry.
    #[error("{0}")]
    Geometry(Box<Fault>),
    /// The header of a table is not recognised.
    #[error("{0}")]
    Header(Box<Fault>),
    /// Values that cannot be written in the format.
    #[error("{0}")]
    Value(Box<Fault>),
}

impl ExchangeError {
    /// File, place, reason and remedy.
    pub fn fault(&self) -> &Fault {
        match self {
            Self::Io(fault)
            | Self::Empty(fault)
            | Self::Format(fault)
            | Self::Protected(fault)
            | Self::Encoding(fault)
            | Self::TooLarge(fault)
            | Self::Crs(fault)
            | Self::Geometry(fault)
            | Self::Header(fault)
            | Self::Value(fault) => fault,
        }
    }

    /// The whole message in Chinese.
    pub fn zh(&self) -> String {
        self.fault().sentence(Language::Chinese)
    }

    /// The whole message in both languages.
    pub fn text(&self) -> Text {
        Text::new(self.zh(), self.to_string())
    }

    /// The same error, said of `file`, for errors found where the file was not known.
    pub fn in_file(mut self, file: &Path) -> Self {
        let fault = match &mut self {
            Self::Io(fault)
            | Self::Empty(fault)
            | Self::Format(fault)
            | Self::Protected(fault)
            | Self::Encoding(fault)
            | Self::TooLarge(fault)
            | Self::Crs(fault)
            | Self::Geometry(fault)
            | Self::Header(fault)
            | Self::Value(fault) => fault,
        };
        if fault.file.is_empty() {
            fault.file = file_name(file);
        }
        self
    }

    /// The operating system's refusal to do `action` (Chinese, English) with `file`.
    pub(crate) fn io(file: &Path, action: (&str, &str), error: &std::io::Error) -> Self {
        let remedy = match error.kind() {
            std::io::ErrorKind::NotFound => (
                "检查文件名和所在文件夹",
                "check the name and the folder of the file",
            ),
            std::io::ErrorKind::PermissionDenied => (
                "检查文件的读写权限，并关闭正在使用它的程序",
                "check the permissions of the file and close programs that use it",
            ),
            _ => (
                "检查磁盘空间和文件所在的设备",
                "check the free space and the device the file is on",
            ),
        };
        Self::Io(Fault::new(
            file,
            (
                &format!("无法{}（{error}）", action.0),
                &format!("cannot {} it ({error})", action.1),
            ),
            remedy,
        ))
    }

    /// Bytes that are not what they should be: `detail` is the reader's own message.
    pub(crate) fn damaged(file: &Path, format: &str, detail: &str) -> Self {
        Self::Format(Fault::new(
            file,
            (
                &format!("不是可读的{format}文件（{detail}）"),
                &format!("it is not a readable {format} file ({detail})"),
            ),
            (
                "从原软件重新导出，或重新复制完整的文件",
                "export it again from the program it came from, or copy the complete file again",
            ),
        ))
    }
}

/// The name of a file without its folder.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_file_place_reason_and_remedy() {
        let fault = Fault::new(
            Path::new("/tmp/户表.xlsx"),
            ("没有数据", "it has no rows"),
            ("检查文件", "check the file"),
        )
        .at("工作表“一”", "sheet \"一\"");
        let error = ExchangeError::Empty(fault);
        assert_eq!(
            error.to_string(),
            "File \"户表.xlsx\", sheet \"一\": it has no rows. Remedy: check the file."
        );
        assert_eq!(
            error.zh(),
            "文件“户表.xlsx”，工作表“一”：没有数据。处理办法：检查文件。"
        );
    }

    #[test]
    fn a_missing_file_says_so() {
        let error = std::fs::read("/nonexistent/x.csv").unwrap_err();
        let error = ExchangeError::io(Path::new("/nonexistent/x.csv"), ("读取文件", "read"), &error);
        assert!(
            error.to_string().contains("check the name and the folder"),
            "{error}"
        );
    }
}
