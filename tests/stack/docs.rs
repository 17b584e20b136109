//! The calls in the README and in the guide work as they are written there.

use std::{
    env,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use testkit::files;

/// The stack file of `make run`, which the pages name.
const STACK_FILE: &str = ".local/stack.json";

/// The commands of a page that belong together: its shell blocks that call the API, in their order.
fn script(page: &str, wanted: impl Fn(&str) -> bool) -> String {
    let text = files::read(page);
    let blocks = text.split("\n```").skip(1).step_by(2);
    let commands = blocks.filter_map(|block| {
        let (language, lines) = block.split_once('\n')?;
        let lines = match language {
            "sh" => lines.to_owned(),
            "console" => {
                lines.lines().map(|line| line.strip_prefix("$ ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
            }
            _ => return None,
        };
        wanted(&lines).then_some(lines)
    });
    let file = Path::new(&files::full("")).join(env::var("INVITATIONS_STACK").expect("run `make test`"));
    commands.collect::<Vec<_>>().join("\n").replace(STACK_FILE, file.to_str().unwrap())
}

fn run(script: &str) -> String {
    assert!(script.contains("curl"), "no calls were found");
    let mut shell = Command::new("bash")
        .args(["-euo", "pipefail"])
        .current_dir(files::full(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let done = shell.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(!said.contains(r#""code":"#), "a call was refused: {said}");
    said
}

#[test]
fn the_guide_works_from_top_to_bottom() {
    let said = run(&script("docs/guide.md", |block| !block.contains("cargo lambda")));
    for expected in ["idempotency-replayed: true", "invitation_accepted", "declined", "cancelled", "awaiting_approval"]
    {
        assert!(said.to_lowercase().contains(expected), "{expected} is missing: {said}");
    }
}

#[test]
fn the_calls_of_the_readme_work() {
    let said = run(&script("README.md", |block| block.contains("curl")));
    assert!(said.contains(r#""results""#) && said.contains(r#""invitations""#), "{said}");
}
