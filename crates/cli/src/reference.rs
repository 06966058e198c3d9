//! The table of docs/configuration.md, made from the settings, and the test that keeps it so.

use std::fmt::Write as _;
use std::path::Path;

use crate::command::flags_shown;
use crate::settings::{ALL, Group, Kind, Scope, Setting};

const BEGIN: &str = "<!-- settings: written by a test, change crates/cli/src/settings.rs -->\n";
const END: &str = "<!-- end of settings -->\n";

fn reference() -> String {
    let mut page = String::new();
    for group in Group::ALL {
        let _ = writeln!(page, "\n### {}", group.heading());
        for setting in ALL.iter().filter(|setting| setting.group == group) {
            entry(&mut page, setting);
        }
    }
    page.push('\n');
    page
}

fn entry(page: &mut String, setting: &Setting) {
    let key = match setting.scope {
        Scope::NotInFile => "not in the file".to_owned(),
        Scope::Server => format!("`{}`", setting.key),
        Scope::Model => format!("`{}`, also per model", setting.key),
    };
    let default = setting.default.map_or_else(
        || "none".to_owned(),
        |default| match setting.kind {
            Kind::Path | Kind::Text(_) | Kind::Duration | Kind::Size => format!("`\"{default}\"`"),
            _ => format!("`{default}`"),
        },
    );
    let _ = write!(
        page,
        "\n#### `{}`\n\n{}.\n\n| flag | variable | file | default |\n|---|---|---|---|\n\
         | {} | `{}` | {key} | {default} |\n",
        setting.key,
        setting.help,
        flags_shown(setting).replace('|', "\\|"),
        setting.variable(),
    );
}

#[test]
fn the_reference_page_tells_the_settings_there_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = std::fs::read_to_string(&path).expect("docs/configuration.md is there");
    let (before, rest) = page.split_once(BEGIN).expect("the mark of the beginning");
    let (written, after) = rest.split_once(END).expect("the mark of the end");
    let fresh = reference();
    if written == fresh {
        return;
    }
    assert!(
        std::env::var_os("PELTON_REGENERATE").is_some(),
        "docs/configuration.md is stale, run: PELTON_REGENERATE=1 cargo test -p pelton"
    );
    std::fs::write(&path, format!("{before}{BEGIN}{fresh}{END}{after}")).expect("write");
}

#[test]
fn the_example_file_is_one_the_reader_takes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pelton.toml");
    let mut problems = crate::problems::Problems::default();
    let layer = crate::file::read(&path, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    assert_eq!(layer.models.len(), 3);
    assert!(layer.models.iter().all(|model| model.path.is_some()));
}
