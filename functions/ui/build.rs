//! Compresses the elements' bundle, as well as it goes, and takes its digests: no request pays for either.

#![allow(clippy::print_stdout, reason = "so a build script speaks to Cargo")]

use std::{
    env,
    error::Error,
    fs,
    io::{self, Write},
    path::PathBuf,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256, Sha384};

const BUNDLE: &str = "../../ui/dist/invitations.js";
/// Digits of the digest in the bundle's address: it tells versions apart, and nothing depends on it being a secret.
const HASH_DIGITS: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={BUNDLE}");
    let bundle = fs::read(BUNDLE).map_err(|error| format!("{BUNDLE}: {error}"))?;
    println!("cargo:rustc-env=BUNDLE_HASH={}", &hex::encode(Sha256::digest(&bundle))[..HASH_DIGITS]);
    println!("cargo:rustc-env=BUNDLE_INTEGRITY=sha384-{}", BASE64_STANDARD.encode(Sha384::digest(&bundle)));
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(folder.join("invitations.js.br"), brotli(&bundle)?)?;
    fs::write(folder.join("invitations.js.gz"), gzip(&bundle)?)?;
    Ok(())
}

fn brotli(mut bundle: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let parameters = BrotliEncoderParams { size_hint: bundle.len(), ..BrotliEncoderParams::default() };
    brotli::BrotliCompress(&mut bundle, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(bundle: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bundle)?;
    encoder.finish()
}
