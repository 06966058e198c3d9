//! What was typed, before it means anything: raw values by setting, each with where it comes from.
//!
//! Must not know defaults or types.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::settings::Setting;

/// A value as it was written.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) value: OsString,
    pub(crate) origin: Origin,
}

/// Where a value was written.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// On the command line, by this flag.
    Flag(String),
    /// On the command line, as a model.
    Argument,
    /// In this environment variable.
    Variable(String),
    /// In the file.
    File(Place),
    /// In the table of settings.
    Default(&'static str),
}

/// A place in the configuration file.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) file: Arc<Path>,
    pub(crate) line: usize,
    /// The whole key: `models.flights.workers`.
    pub(crate) key: String,
}

/// Values of one layer, by the setting's key.
pub(crate) type Values = BTreeMap<&'static str, Raw>;

/// What the file says.
#[derive(Debug, Default)]
pub(crate) struct FileLayer {
    pub(crate) values: Values,
    pub(crate) models: Vec<FileModel>,
}

/// A `[models.NAME]` of the file.
#[derive(Debug)]
pub(crate) struct FileModel {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) path: Option<Raw>,
    pub(crate) values: Values,
}

/// What the environment says.
#[derive(Debug, Default)]
pub(crate) struct EnvironmentLayer {
    pub(crate) values: Values,
    pub(crate) models: Vec<Raw>,
    /// An interpreter that could be suggested; never used unasked.
    pub(crate) suggested_python: Option<PathBuf>,
    /// Directories programs are looked for in.
    pub(crate) path: Vec<PathBuf>,
    /// `NO_COLOR` is set.
    pub(crate) no_color: bool,
}

/// What the command line says.
#[derive(Debug, Default)]
pub(crate) struct FlagLayer {
    pub(crate) values: Values,
    pub(crate) models: Vec<Raw>,
}

/// All layers of one run.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    pub(crate) flags: FlagLayer,
    pub(crate) environment: EnvironmentLayer,
    pub(crate) file: FileLayer,
}

impl Layers {
    /// What a setting is for one model (or, without one, for the server): a model's own table
    /// first, because it speaks of that model alone; then flag, variable, file, default.
    pub(crate) fn find(&self, setting: &'static Setting, model: Option<&FileModel>) -> Option<Raw> {
        model
            .and_then(|model| model.values.get(setting.key))
            .or_else(|| self.flags.values.get(setting.key))
            .or_else(|| self.environment.values.get(setting.key))
            .or_else(|| self.file.values.get(setting.key))
            .cloned()
            .or_else(|| {
                setting.default.map(|default| Raw {
                    value: default.into(),
                    origin: Origin::Default(setting.key),
                })
            })
    }

    /// The file's table for a model.
    pub(crate) fn model(&self, name: &str) -> Option<&FileModel> {
        self.file.models.iter().find(|model| model.name == name)
    }
}

impl Raw {
    /// The directory that a relative path in it is relative to: the file's, if it comes from one.
    pub(crate) fn base(&self) -> Option<&Path> {
        match &self.origin {
            Origin::File(place) => place.file.parent(),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "--{flag}"),
            Self::Argument => f.write_str("MODEL"),
            Self::Variable(name) => f.write_str(name),
            Self::File(place) => place.fmt(f),
            Self::Default(key) => write!(f, "default of {key}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.key)
    }
}
