//! Reads a model for the native engine: the files' bytes, what is meant in each, joined to one model.
//!
//! Runs nothing of the files. Must not decide what runs the model: [`crate::choose`] does.

use std::fs;
use std::time::{Duration, Instant};

use pelton_native::{Model, Piece};
use pelton_pickle::{Document, Value};

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

/// Reads the files of a model.
///
/// # Errors
/// [`Failure`].
pub(crate) fn read(manifest: &Manifest) -> Result<Read, Failure> {
    let started = Instant::now();
    let mut documents = Vec::with_capacity(manifest.pieces.len());
    for piece in &manifest.pieces {
        documents.push(document(piece).map_err(|why| within(manifest, piece, &why))?);
    }
    let names: Vec<String> = manifest.pieces.iter().map(manifest::Piece::shown).collect();
    let mut pieces = Vec::with_capacity(documents.len());
    for ((piece, document), name) in manifest.pieces.iter().zip(&documents).zip(&names) {
        let value = meant(piece, document).map_err(Failure::Wrong)?;
        pieces.push(Piece { name, value });
    }
    let model =
        Model::of_pieces(&pieces).map_err(|refusal| Failure::Refused(refusal.to_string()))?;
    Ok(Read { model, took: started.elapsed() })
}

fn document(piece: &manifest::Piece) -> Result<Document, String> {
    if !piece.format.holds_objects() {
        return Err(match piece.format {
            Format::PythonClass => "a Python class is code".to_owned(),
            format => format!("it is {format}"),
        });
    }
    let bytes = fs::read(&piece.path).map_err(|error| manifest::unreadable(&piece.path, &error))?;
    Document::read(bytes).map_err(|error| error.to_string())
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

fn within(manifest: &Manifest, piece: &manifest::Piece, why: &str) -> Failure {
    Failure::Refused(match manifest.pieces.len() {
        1 => why.to_owned(),
        _ => format!("{}: {why}", piece.shown()),
    })
}
