//! Files that the real libraries wrote, against what Python says is in them.

#![allow(clippy::unwrap_used, reason = "a golden file that is not as it should be fails its test")]

mod support;

use std::path::Path;

use pelton_pickle::{Array, Compression, Document, ErrorKind, Format, Kind, Order, Value};
use serde_json::Value as Json;
use support::{Golden, crc32, decimal, goldens, goldens_in};

#[test]
fn every_golden_file_holds_what_python_saw() {
    let files = compare(goldens());
    assert!(files > 250, "only {files} golden files were found");
}

#[test]
#[ignore = "compares the files that random_pickles.py wrote, PELTON_RANDOM_PICKLES names the folder"]
fn random_files_hold_what_python_saw() {
    let folder = std::env::var("PELTON_RANDOM_PICKLES").expect("a folder of random pickles");
    let files = compare(goldens_in(Path::new(&folder)));
    assert!(files > 0, "no files in {folder}");
}

/// Reads files and compares them with their descriptions; how many there were.
fn compare(goldens: Vec<Golden>) -> usize {
    let files = goldens.len();
    let mut differences = Vec::new();
    for golden in goldens {
        match golden.read() {
            Ok(document) => {
                let mut check = Check { golden: &golden.name, differences: &mut differences };
                check.value(document.root(), &golden.expected);
            }
            Err(error) => differences.push(format!("{}: {error}", golden.name)),
        }
    }
    differences.truncate(40);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    files
}

#[test]
fn the_forms_are_told_apart() {
    for golden in goldens() {
        let info = golden.read().unwrap().info();
        let form = golden.name.rsplit('/').next().unwrap().split_once('.').unwrap().1;
        let compression = match form.strip_suffix(".joblib") {
            Some("zlib") => Some(Compression::Zlib),
            Some("zf" | "zn") => Some(Compression::ZFile),
            Some("gzip") => Some(Compression::Gzip),
            Some("bz2") => Some(Compression::Bzip2),
            Some("xz") => Some(Compression::Xz),
            Some("lzma") => Some(Compression::Lzma),
            Some("lz4") => Some(Compression::Lz4),
            _ => None,
        };
        assert_eq!(info.compression, compression, "{}", golden.name);
        assert_eq!(info.trailing_bytes, 0, "{}", golden.name);
        let format = match form.rsplit('.').next().unwrap() {
            // joblib writes an object without arrays as a plain pickle.
            "joblib" if info.format == Format::Pickle => Format::Pickle,
            "joblib" => Format::Joblib,
            "skops" => Format::Skops,
            "npy" => Format::Npy,
            _ => Format::Pickle,
        };
        assert_eq!(info.format, format, "{}", golden.name);
        if let Some(protocol) = form.strip_prefix('p').and_then(|p| p.strip_suffix(".pkl")) {
            assert_eq!(info.protocol.unwrap().to_string(), protocol, "{}", golden.name);
        }
    }
}

#[test]
fn every_prefix_of_a_file_is_an_error() {
    for golden in goldens() {
        // Every byte of small files, some 200 places of the others.
        let step = if golden.bytes.len() < 3000 { 1 } else { golden.bytes.len() / 200 };
        if !golden.name.starts_with("sk19/") && !golden.name.starts_with("py27/lr") {
            continue;
        }
        for len in (0..golden.bytes.len()).step_by(step) {
            let prefix = golden.bytes.slice(..len);
            // A zip's directory, a stream's checksum: all formats end in something they need, but
            // lzma's and lz4's end marks may be cut behind the last byte of data.
            if let Ok(document) = Document::read(prefix) {
                assert!(document.info().compression.is_some(), "{} to {len}", golden.name);
            }
        }
    }
}

#[test]
fn names_are_listed_as_python_would_import_them() {
    let golden = goldens().into_iter().find(|g| g.name == "sk19/lr.p4.pkl").unwrap();
    let document = Document::read(golden.bytes).unwrap();
    let names: Vec<_> = document.globals().iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "sklearn.pipeline.Pipeline",
            "sklearn.preprocessing._data.StandardScaler",
            "numpy._core.multiarray.scalar",
            "numpy.dtype",
            "numpy._core.multiarray._reconstruct",
            "numpy.ndarray",
            "sklearn.linear_model._logistic.LogisticRegression",
        ]
    );
}

#[test]
fn errors_name_the_place() {
    let golden = goldens().into_iter().find(|g| g.name == "sk19/lr.p4.pkl").unwrap();
    let document = Document::read(golden.bytes).unwrap();
    let steps = document.root().attr("steps").unwrap();
    let model = steps.item(1).unwrap().item(1).unwrap();
    assert_eq!(model.attr("coef_").unwrap().array().unwrap().shape(), [3, 4]);

    let error = model.attr("coef").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert_eq!(error.to_string(), "Pipeline.steps[1][1]: has no attribute 'coef'");
    let error = model.attr("max_iter").unwrap().array().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert_eq!(error.to_string(), "Pipeline.steps[1][1].max_iter: expected an array, got an int");
    let error = model.attr("classes_").unwrap().to_f64_vec().unwrap_err();
    assert_eq!(
        error.to_string(),
        "Pipeline.steps[1][1].classes_: expected an array of numbers, got one of U5"
    );
    let error = steps.item(2).unwrap_err();
    assert_eq!(error.to_string(), "Pipeline.steps: has 2 items, none at 2");
}

struct Check<'c> {
    golden: &'c str,
    differences: &'c mut Vec<String>,
}

impl Check<'_> {
    fn differs(&mut self, value: Value<'_>, wanted: &dyn std::fmt::Display) {
        let path = value.path();
        self.differences.push(format!("{} at {path}: {value:?} is not {wanted}", self.golden));
    }

    fn value(&mut self, value: Value<'_>, expected: &Json) {
        let wanted = &expected["v"];
        let sound = match expected["t"].as_str().unwrap() {
            "any" => true,
            "none" => value.is_none(),
            "bool" => value.as_bool() == wanted.as_bool(),
            "int" => decimal(value).as_deref() == wanted.as_str(),
            "float" => same_float(value.as_f64(), wanted),
            "complex" => {
                value.as_complex()
                    == Some((wanted[0].as_f64().unwrap(), wanted[1].as_f64().unwrap()))
            }
            "str" => value.as_str() == wanted.as_str(),
            "surrogates" => value.kind() == Kind::Str && value.as_str().is_none(),
            "bytes" | "bytearray" | "bytestr" => value.as_bytes() == Some(&*byte_list(wanted)),
            "list" => value.kind() == Kind::List && self.items(value, wanted),
            "tuple" => value.kind() == Kind::Tuple && self.items(value, wanted),
            "set" => value.kind() == Kind::Set && count(value) == wanted.as_u64(),
            "frozenset" => value.kind() == Kind::FrozenSet && count(value) == wanted.as_u64(),
            "dict" => value.kind() == Kind::Dict && self.entries(value, wanted),
            "slice" => match value.as_slice() {
                Some(parts) => {
                    parts.iter().zip(list(wanted)).for_each(|(part, w)| self.value(*part, w));
                    true
                }
                None => false,
            },
            "global" => value.as_global().is_some_and(|c| c.name == expected["name"]),
            "dtype" => value.as_dtype().is_some_and(|d| Some(&*d.to_string()) == wanted.as_str()),
            "scalar" => scalar(value, expected),
            "array" => value.as_array().is_some_and(|array| self.array(array, expected)),
            "object" => self.object(value, expected),
            other => panic!("{other} is no description"),
        };
        if !sound {
            self.differs(value, &expected.to_string().chars().take(200).collect::<String>());
        }
    }

    fn items(&mut self, value: Value<'_>, wanted: &Json) -> bool {
        let items = value.items().unwrap();
        let fits = items.len() == list(wanted).len();
        items.zip(list(wanted)).for_each(|(item, wanted)| self.value(item, wanted));
        fits
    }

    fn entries(&mut self, value: Value<'_>, wanted: &Json) -> bool {
        let entries = value.entries().unwrap();
        let fits = entries.len() == list(wanted).len();
        // Dicts of Python 2 have no order, so keys that are text are looked up.
        for (index, (key, item)) in entries.enumerate() {
            let pair = match key.as_str() {
                Some(key) => list(wanted).iter().find(|pair| pair[0]["v"] == key),
                None => list(wanted).get(index),
            };
            let Some(pair) = pair else { return false };
            if key.as_str().is_some() || !self.golden.starts_with("py27") {
                self.value(key, &pair[0]);
                self.value(item, &pair[1]);
            }
        }
        fits
    }

    fn object(&mut self, value: Value<'_>, expected: &Json) -> bool {
        let class = &expected["class"];
        let Some(found) = value.class() else { return false };
        if found.name != class[1] || found.module != class[0] {
            return false;
        }
        let is_sparse = found.module.starts_with("scipy.sparse");
        for (name, wanted) in expected["attrs"].as_object().into_iter().flatten() {
            match value.get_attr(name) {
                Some(attribute) => self.value(attribute, wanted),
                // skops keeps scipy's own form of a matrix, which has only what makes it up.
                None if is_sparse && self.golden.contains(".skops") => {}
                None => self.differs(value, &format!("an object with '{name}'")),
            }
        }
        true
    }

    fn array(&mut self, array: Array<'_>, expected: &Json) -> bool {
        let shape: Vec<_> = list(&expected["shape"]).iter().map(|d| d.as_u64().unwrap()).collect();
        let found: Vec<_> = array.shape().iter().map(|d| *d as u64).collect();
        if found != shape {
            return false;
        }
        if let Some(mask) = expected["mask"].as_array() {
            let mask: Vec<_> = mask.iter().map(|m| m.as_u64().unwrap() as u8).collect();
            if array.mask() != Some(&*mask) {
                return false;
            }
        }
        match expected["dtype"].as_str().unwrap() {
            "record" => {
                let fields = expected["fields"].as_object().unwrap();
                fields.iter().all(|(name, wanted)| {
                    array.field(name).is_ok_and(|field| self.array(field, wanted))
                })
            }
            "object" => {
                assert_eq!(array.order(), Order::C, "{}", self.golden);
                let items: Vec<_> = array.items().unwrap().collect();
                let wanted = list(&expected["items"]);
                items.iter().zip(wanted).for_each(|(item, w)| self.value(*item, w));
                items.len() == wanted.len()
            }
            "U" | "S" => {
                let wanted: Vec<_> =
                    list(&expected["texts"]).iter().map(|t| t.as_str().unwrap()).collect();
                array.to_strings().is_ok_and(|texts| texts == wanted)
            }
            dtype => {
                let Ok(values) = array.to_f64_vec() else { return expected["crc32"].is_null() };
                let bytes: Vec<_> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                let head = values.iter().zip(list(&expected["head"]));
                array.dtype().to_string() == dtype
                    && head.into_iter().all(|(v, wanted)| same_float(Some(*v), wanted))
                    && u64::from(crc32(&bytes)) == expected["crc32"].as_u64().unwrap()
            }
        }
    }
}

fn scalar(value: Value<'_>, expected: &Json) -> bool {
    let dtype = value.as_array().map(|array| array.dtype().to_string());
    if value.kind() != Kind::Scalar
        || expected["dtype"].as_str().is_some_and(|d| dtype.as_deref() != Some(d))
    {
        return false;
    }
    if let Some(int) = expected["int"].as_str() {
        return value.as_i64().is_some_and(|v| v.to_string() == int);
    }
    match expected["text"].as_str() {
        Some(text) => value.to_strings().is_ok_and(|texts| texts == [text]),
        None => same_float(value.as_f64(), &expected["float"]),
    }
}

fn same_float(found: Option<f64>, wanted: &Json) -> bool {
    let wanted: f64 = wanted.as_str().unwrap().parse().unwrap();
    found.is_some_and(|v| v.to_bits() == wanted.to_bits() || v.is_nan() && wanted.is_nan())
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

fn byte_list(json: &Json) -> Vec<u8> {
    list(json).iter().map(|b| b.as_u64().unwrap() as u8).collect()
}

fn count(value: Value<'_>) -> Option<u64> {
    value.items().ok().map(|items| items.len() as u64)
}
