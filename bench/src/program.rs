//! What is measured: a release binary, or a bundle that Node runs.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    process::Command,
};

use testkit::template::template;

use crate::error::Result;

/// The Runtime API client that runs the bundles.
const NODE_RUNTIME: &str = "bench/peers/node/runtime.mjs";
/// Where the bundles are, as `npm run build` leaves them.
const NODE_BUNDLES: &str = "bench/peers/node/dist";
/// Where the peers' own Node is, of the version that their lock file has.
const NODE: &str = "bench/peers/node/node_modules";

/// A program that speaks the Runtime API.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) executable: PathBuf,
    pub(crate) arguments: Vec<PathBuf>,
    /// The file that is uploaded to Lambda.
    pub(crate) uploaded: PathBuf,
}

impl Program {
    /// The function that is a binary of its own.
    pub(crate) fn binary(path: &Path) -> Self {
        Self { executable: path.to_owned(), arguments: Vec::new(), uploaded: path.to_owned() }
    }

    /// The function behind the route, by the template's name for it, of which there is a binary in that folder.
    pub(crate) fn behind(route: &str, binaries: &Path) -> Self {
        Self::binary(&binaries.join(&template().function_behind(route).name))
    }

    /// The function of that name in `bench/peers/node`, which serves the route in as much memory as ours.
    pub(crate) fn in_node(name: &str, route: &str) -> Result<Self> {
        let bundle = Path::new(NODE_BUNDLES).join(name).with_extension("mjs");
        if !bundle.exists() {
            return Err(format!("{} is missing: make peers", bundle.display()).into());
        }
        // Nine tenths of it for what lives long, a twentieth for each half of what is new.
        let memory = template().function_behind(route).memory;
        let old = format!("--max-old-space-size={}", memory * 9 / 10);
        let new = format!("--max-semi-space-size={}", memory / 20);
        let arguments = vec![old.into(), new.into(), NODE_RUNTIME.into(), bundle.clone()];
        Ok(Self { executable: node()?, arguments, uploaded: bundle })
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uploaded.display().fmt(f)
    }
}

/// Returns where the peers' Node is.
pub(crate) fn node() -> Result<PathBuf> {
    let architecture = if env::consts::ARCH == "aarch64" { "arm64" } else { "x64" };
    let path = Path::new(NODE).join(format!("node-linux-{architecture}/bin/node"));
    if path.is_file() { Ok(path) } else { Err(format!("{} is missing: make peers", path.display()).into()) }
}

/// Returns the version of Node, as `v20.20.2`.
pub(crate) fn node_version() -> Result<String> {
    let output = Command::new(node()?).arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
