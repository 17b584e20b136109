//! How large the functions are: as binaries, and zipped as they are uploaded.

use std::{fs, io::Write as _, path::Path};

use flate2::{Compression, write::DeflateEncoder};

use crate::error::Result;

/// The sizes of one function.
#[derive(Debug)]
pub(crate) struct FunctionSize {
    pub(crate) function: String,
    /// Built for this machine.
    pub(crate) host: Size,
    /// Built by `make build` for AWS, if it was.
    pub(crate) arm64: Option<Size>,
}

/// The sizes of one binary, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) binary: u64,
    pub(crate) zip: u64,
}

/// What a zip of one file has besides the file.
const ENVELOPE: u64 = 150;

impl FunctionSize {
    pub(crate) fn of(function: &str, binaries: &Path) -> Result<Self> {
        // Beside `release`, where cargo-lambda leaves them.
        let deployed = binaries.with_file_name("lambda").join(function).join("bootstrap");
        let arm64 = if is_arm64(&deployed) { Some(Size::of(&deployed)?) } else { None };
        Ok(Self { function: function.to_owned(), host: Size::of(&binaries.join(function))?, arm64 })
    }
}

impl Size {
    pub(crate) fn of(binary: &Path) -> Result<Self> {
        let bytes = fs::read(binary)?;
        // The level that `sam deploy` packs with.
        let mut zip = DeflateEncoder::new(Vec::new(), Compression::default());
        zip.write_all(&bytes)?;
        Ok(Self { binary: bytes.len().try_into()?, zip: u64::try_from(zip.finish()?.len())? + ENVELOPE })
    }
}

/// Whether an ELF file names that machine.
fn is_arm64(binary: &Path) -> bool {
    fs::read(binary).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF") && bytes.get(18) == Some(&0xb7))
}
