//! What is measured: a release binary, or a bundle that Node runs.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::error::Result;

/// The Runtime API client that runs the bundles.
const NODE_RUNTIME: &str = "bench/peers/node/runtime.mjs";
/// Where the bundles are, as `npm run build` leaves them.
const NODE_BUNDLES: &str = "bench/peers/node/dist";
/// The heap of a function of 256 MB: nine tenths of it for what lives long, a twentieth for each half of what is new.
const NODE_HEAP: [&str; 2] = ["--max-old-space-size=230", "--max-semi-space-size=12"];

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

    /// The function of that name in `bench/peers/node`.
    pub(crate) fn in_node(name: &str) -> Result<Self> {
        let bundle = Path::new(NODE_BUNDLES).join(name).with_extension("mjs");
        if !bundle.exists() {
            return Err(
                format!("{} is missing: `npm ci && npm run build` in bench/peers/node", bundle.display()).into()
            );
        }
        let heap = NODE_HEAP.map(PathBuf::from).into_iter();
        let arguments = heap.chain([NODE_RUNTIME.into(), bundle.clone()]).collect();
        Ok(Self { executable: node()?, arguments, uploaded: bundle })
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uploaded.display().fmt(f)
    }
}

/// Returns where Node is. Programs are started without any variable of this process, `PATH` included.
pub(crate) fn node() -> Result<PathBuf> {
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders).map(|folder| folder.join("node")).find(|path| path.is_file());
    found.ok_or_else(|| "node is missing. On Debian 13: sudo apt-get install -y nodejs npm".into())
}

/// Returns the version of Node, as `v20.20.2`.
pub(crate) fn node_version() -> Result<String> {
    let output = Command::new(node()?).arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
