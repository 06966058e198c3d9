//! Reads a model for the native engine: the files' bytes, what is meant in each, joined to one model.
//!
//! Runs nothing of the files. Must not decide what runs the model: [`crate::choose`] does.

use std::fs;
use std::time::{Duration, Instant};

use pelton_native::{Content, Model, Piece};
use pelton_pickle::{Document, ErrorKind, Folder, Limits, Value};

use crate::bundle;
use crate::format::Format;
use crate::manifest::{self, Manifest};

/// Why there is no native model.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The native engine does not run it; Python may. To follow "cannot run natively: ".
    Refused(String),
    /// Nothing runs it as it was named: a wrong key, a bundle without one. To follow the subject.
    Wrong(String),
}

/// A model that was read, and how long that took.
pub(crate) struct Read {
    pub(crate) model: Model,
    pub(crate) took: Duration,
}

/// What a file holds.
enum Held {
    Document(Box<Document>),
    /// Of XGBoost, LightGBM or CatBoost.
    OwnFile(Vec<u8>),
}

/// Reads the files of a model.
///
/// # Errors
/// [`Failure`].
pub(crate) fn read(manifest: &Manifest) -> Result<Read, Failure> {
    let started = Instant::now();
    let mut files = Vec::with_capacity(manifest.pieces.len());
    for piece in &manifest.pieces {
        files.push(held(manifest, piece)?);
    }
    let names: Vec<String> = manifest.pieces.iter().map(manifest::Piece::shown).collect();
    let mut pieces = Vec::with_capacity(files.len());
    for ((piece, file), name) in manifest.pieces.iter().zip(&files).zip(&names) {
        let content = match file {
            Held::Document(document) => {
                Content::Value(meant(piece, document).map_err(Failure::Wrong)?)
            }
            Held::OwnFile(bytes) => Content::OwnFile(bytes),
        };
        pieces.push(Piece { name, content });
    }
    let model =
        Model::of_pieces(&pieces).map_err(|refusal| Failure::Refused(refusal.to_string()))?;
    Ok(Read { model, took: started.elapsed() })
}

fn held(manifest: &Manifest, piece: &manifest::Piece) -> Result<Held, Failure> {
    let refused = |why: String| Failure::Refused(within(manifest, piece, &why));
    let (format, own) = (piece.format, piece.format.is_of_a_library());
    if !format.holds_objects() && !own {
        return Err(refused(match format {
            Format::PythonClass => "a Python class is code".to_owned(),
            format => format!("it is {format}"),
        }));
    }
    let bytes = fs::read(&piece.path)
        .map_err(|error| refused(manifest::unreadable(&piece.path, &error)))?;
    if own {
        return Ok(Held::OwnFile(bytes));
    }
    match Document::read_beside(bytes, &Folder::of(&piece.path), &Limits::default()) {
        Ok(document) => Ok(Held::Document(Box::new(document))),
        // Python cannot read it either.
        Err(error) if error.kind() == ErrorKind::Truncated => {
            let why = format!("{error}: was the copy or the download cut short?");
            Err(Failure::Wrong(within(manifest, piece, &why)))
        }
        Err(error) if error.kind() == ErrorKind::Companion => {
            Err(Failure::Wrong(within(manifest, piece, &error.to_string())))
        }
        Err(error) => Err(refused(error.to_string())),
    }
}

/// The value of a document that the piece's key means, or its root.
fn meant<'d>(piece: &manifest::Piece, document: &'d Document) -> Result<Value<'d>, String> {
    let file = piece.path.file_name().unwrap_or_default().display();
    let value = match &piece.key {
        Some(key) => {
            bundle::picked(document.root(), key).map_err(|why| format!("'{file}' {why}"))?
        }
        None => document.root(),
    };
    let shown = piece.shown();
    bundle::refuse(value, &shown).map_err(|why| format!("'{shown}' {why}"))?;
    Ok(value)
}

/// What is wrong, and with which of the pieces if there are several.
fn within(manifest: &Manifest, piece: &manifest::Piece, why: &str) -> String {
    match manifest.pieces.len() {
        1 => why.to_owned(),
        _ => format!("{}: {why}", piece.shown()),
    }
}
