//! How large the functions are: as binaries, and zipped as they are uploaded.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::DeflateEncoder};
use serde::{Deserialize, Serialize};

use crate::Outcome;

/// The sizes of one function, in bytes: binary and zip.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Size {
    pub(crate) function: String,
    /// Built for this machine.
    pub(crate) host: (u64, u64),
    /// Built by `make build` for AWS, if it was.
    pub(crate) arm64: Option<(u64, u64)>,
}

/// What a zip of one file has besides the file.
const ENVELOPE: u64 = 150;

/// The sizes of every function, and of the floor.
pub(crate) fn sizes(binaries: &Path, functions: &[impl AsRef<str>]) -> Outcome<Vec<Size>> {
    let one = |function: &str| -> Outcome<Size> {
        let deployed = PathBuf::from("target/lambda").join(function).join("bootstrap");
        Ok(Size {
            function: function.to_owned(),
            host: measure(&binaries.join(function))?,
            arm64: if is_arm64(&deployed) { Some(measure(&deployed)?) } else { None },
        })
    };
    functions.iter().map(AsRef::as_ref).map(one).collect()
}

fn measure(binary: &Path) -> Outcome<(u64, u64)> {
    let bytes = fs::read(binary)?;
    // The level that `sam deploy` packs with.
    let mut zip = DeflateEncoder::new(Vec::new(), Compression::default());
    zip.write_all(&bytes)?;
    Ok((bytes.len().try_into()?, u64::try_from(zip.finish()?.len())? + ENVELOPE))
}

/// Whether an ELF file names that machine.
fn is_arm64(binary: &Path) -> bool {
    fs::read(binary).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF") && bytes.get(18) == Some(&0xb7))
}
