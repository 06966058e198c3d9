//! Weights that a model keeps in other files: where they are, and how they come into the model's bytes.
//!
//! ONNX Runtime finds such files by the path of the model's own, so a model that was changed in memory
//! has no other way to them. Must not open a file that its caller has not judged.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::onnx_proto::{entry, graph, model, tensor};
use crate::protobuf::{Field, fields, push_bytes};

/// Bytes in another file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file as the model names it.
    pub(crate) location: String,
    /// Where they begin.
    offset: u64,
    /// How many there are; without it, all that follow.
    length: Option<u64>,
}

/// Where the bytes of a `TensorProto` are, if that is another file.
///
/// # Errors
/// When the bytes are no such message, in words that follow "the file".
pub(crate) fn place(bytes: &[u8]) -> Result<Option<Place>, String> {
    let mut place = Place::default();
    let mut elsewhere = false;
    for field in fields(bytes) {
        let field = field?;
        if field.number != tensor::EXTERNAL_DATA {
            continue;
        }
        let entries = fields(field.bytes()).collect::<Result<Vec<_>, _>>()?;
        // Of several the last one counts, as in ONNX Runtime.
        let text = |number| entries.iter().rfind(|e| e.number == number).map(Field::text);
        let value = text(entry::VALUE).unwrap_or_default();
        let number = || {
            let what = format!("says that weights in another file are at '{value}', no number");
            value.parse().map_err(|_| what)
        };
        match text(entry::KEY) {
            Some("location") => (elsewhere, place.location) = (true, value.to_owned()),
            Some("offset") => place.offset = number()?,
            Some("length") => place.length = Some(number()?),
            _ => {}
        }
    }
    Ok(elsewhere.then_some(place))
}

/// The model with the weights of its graph inside, read from files below `directory`, as long as it has
/// no more than `bytes_max` bytes. Weights in the bodies of loops and branches stay where they are.
///
/// # Errors
/// When a file has less than the model says or the whole is too large, in words that follow "the model".
pub(crate) fn weights_inside(
    bytes: &[u8],
    directory: &Path,
    bytes_max: u64,
) -> Result<Vec<u8>, String> {
    let mut inlined = Vec::with_capacity(bytes.len());
    for field in fields(bytes) {
        let field = field?;
        if field.number == model::GRAPH {
            let graph = of_graph(field.bytes(), directory, bytes_max)?;
            push_bytes(&mut inlined, model::GRAPH, &graph);
        } else {
            inlined.extend_from_slice(field.whole);
        }
    }
    Ok(inlined)
}

fn of_graph(bytes: &[u8], directory: &Path, bytes_max: u64) -> Result<Vec<u8>, String> {
    let mut inlined = Vec::with_capacity(bytes.len());
    for field in fields(bytes) {
        let field = field?;
        let elsewhere =
            if field.number == graph::INITIALIZER { place(field.bytes())? } else { None };
        let Some(elsewhere) = elsewhere else {
            inlined.extend_from_slice(field.whole);
            continue;
        };
        let data = read(&elsewhere, directory, bytes_max.saturating_sub(inlined.len() as u64))?;
        let mut tensor = Vec::with_capacity(data.len() + field.bytes().len());
        for part in fields(field.bytes()) {
            let part = part?;
            if ![tensor::RAW_DATA, tensor::EXTERNAL_DATA, tensor::DATA_LOCATION]
                .contains(&part.number)
            {
                tensor.extend_from_slice(part.whole);
            }
        }
        push_bytes(&mut tensor, tensor::RAW_DATA, &data);
        push_bytes(&mut inlined, graph::INITIALIZER, &tensor);
    }
    Ok(inlined)
}

/// The bytes of one tensor; without a length, all that follow its offset.
fn read(place: &Place, directory: &Path, bytes_max: u64) -> Result<Vec<u8>, String> {
    let Place { location, offset, length } = place;
    let failed = |error: std::io::Error| {
        format!("keeps weights in '{location}', which cannot be read: {error}")
    };
    let mut file = File::open(directory.join(location)).map_err(failed)?;
    let there = file.metadata().map_err(failed)?.len().saturating_sub(*offset);
    let wanted = length.unwrap_or(there);
    if wanted > there {
        return Err(format!(
            "keeps {wanted} bytes of weights in '{location}' from byte {offset} on, where there are \
             {there}: was the copy or the download cut short?"
        ));
    }
    if wanted > bytes_max {
        return Err(format!(
            "keeps so many weights in other files ('{location}') that they do not fit into one, and \
             answers maps or optional values, which together is not served; export it without the \
             map (zipmap=False)"
        ));
    }
    file.seek(SeekFrom::Start(*offset)).map_err(failed)?;
    let mut data = Vec::new();
    file.take(wanted).read_to_end(&mut data).map_err(failed)?;
    Ok(data)
}
