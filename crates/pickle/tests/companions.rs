//! Files beside a model, as joblib before 0.10 has them: what is asked for, and what hostile ones cost.

#![allow(clippy::unwrap_used, reason = "a file of the test's own that is not read fails it")]

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};

use bytes::Bytes;
use pelton_pickle::{Companions, Document, Error, ErrorKind, Limits};

/// Files by name, and the names that were asked for.
#[derive(Default)]
struct Files {
    content: HashMap<&'static str, Vec<u8>>,
    asked: RefCell<Vec<String>>,
}

impl Files {
    fn of(files: &[(&'static str, &[u8])]) -> Self {
        let content = files.iter().map(|(name, bytes)| (*name, bytes.to_vec())).collect();
        Self { content, asked: RefCell::default() }
    }

    fn read(&self, model: &[u8]) -> Result<Document, Error> {
        Document::read_beside(model.to_vec(), self, &Limits::default())
    }

    fn refusal(&self, model: &[u8]) -> Error {
        self.read(model).expect_err("the model is read")
    }
}

impl Companions for Files {
    fn content(&self, name: &str, most: u64) -> io::Result<Option<Bytes>> {
        self.asked.borrow_mut().push(name.to_owned());
        match self.content.get(name) {
            Some(bytes) if bytes.len() as u64 > most => Err(io::Error::other("it is too large")),
            found => Ok(found.cloned().map(Bytes::from)),
        }
    }
}

/// A wrapper as joblib 0.9 pickles one, without its STOP.
fn wrapper(name: &str) -> Vec<u8> {
    let state = format!("(dVfilename\nV{name}\nsVsubclass\ncnumpy\nndarray\ns");
    [b"cjoblib.numpy_pickle\nNDArrayWrapper\n)R", state.as_bytes(), b"b"].concat()
}

/// The same for an array of `count` float64, compressed.
fn z_wrapper(name: &str, count: &str) -> Vec<u8> {
    let args = "(cnumpy\nndarray\n(I0\ntVb\nt";
    let state = format!("(I1\n(I{count}tcnumpy\ndtype\n(Vf8\nI0\nI1\ntRI00\nt");
    let state = format!("(dVfilename\nV{name}\nsVinit_args\n{args}sVstate\n{state}s");
    [b"cjoblib.numpy_pickle\nZNDArrayWrapper\n)R", state.as_bytes(), b"b"].concat()
}

fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), data].concat()
}

/// joblib's old frame around these bytes, claiming this length.
fn framed(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(bytes).unwrap();
    let head = format!("ZF{:19}", format!("{length:#x}"));
    [head.into_bytes(), zlib.finish().unwrap()].concat()
}

fn model(parts: &[&[u8]]) -> Vec<u8> {
    [parts.concat(), b".".to_vec()].concat()
}

#[test]
fn arrays_beside_a_model_are_read() {
    let (one, two) = (1.5f64.to_le_bytes(), 2.5f64.to_le_bytes());
    let files = Files::of(&[
        ("m.pkl_01.npy", &npy("<f8", "(1,)", &one)),
        ("m.pkl_02.npy.z", &framed(&two, 8)),
    ]);
    let model = model(&[b"(", &wrapper("m.pkl_01.npy"), &z_wrapper("m.pkl_02.npy.z", "1\n"), b"t"]);
    let document = files.read(&model).unwrap();
    let root = document.root();
    assert_eq!(root.item(0).unwrap().to_f64_vec().unwrap(), [1.5]);
    assert_eq!(root.item(1).unwrap().to_f64_vec().unwrap(), [2.5]);
    assert_eq!(document.companions(), ["m.pkl_01.npy", "m.pkl_02.npy.z"]);
    let bytes: usize = files.content.values().map(Vec::len).sum();
    assert_eq!(document.info().companion_bytes, bytes);
}

#[test]
fn nothing_but_joblibs_plain_names_is_asked_for() {
    for name in [
        "../m.pkl_01.npy",
        "/etc/m.pkl_01.npy",
        "folder/m.npy",
        "C:m.npy",
        "folder\\\\m.npy",
        "..",
        "",
        "id_rsa",
        "m.npy.z",
        "m.npy\\u0000",
    ] {
        let files = Files::default();
        let error = files.refusal(&model(&[&wrapper(name)]));
        assert_eq!(error.kind(), ErrorKind::Malformed, "{name}: {error}");
        assert!(files.asked.borrow().is_empty(), "{name} was asked for");
    }
    let files = Files::default();
    assert_eq!(files.refusal(&model(&[&z_wrapper("m.npy", "1\n")])).kind(), ErrorKind::Malformed);
    assert!(files.asked.borrow().is_empty());
}

#[test]
fn what_is_missing_or_damaged_is_named() {
    let half = framed(&[0; 8], 8);
    for (content, says) in [
        (None, "no such file"),
        (Some(&b"\x80\x02N."[..]), "no npy file"),
        (Some(&b"\x93NUMPY\x01"[..]), "the file ends"),
        (Some(&npy("<f8", "(2,)", &[0; 8])), "needs 16 bytes"),
        (Some(&npy("O", "(1,)", b"\x80\x02N.")), "stands for an object array"),
    ] {
        let files = match content {
            Some(content) => Files::of(&[("m.pkl_01.npy", content)]),
            None => Files::default(),
        };
        let error = files.refusal(&model(&[&wrapper("m.pkl_01.npy")]));
        assert_eq!(error.kind(), ErrorKind::Companion, "{error}");
        assert!(error.message().contains("'m.pkl_01.npy'"), "{error}");
        assert!(error.message().contains(says), "{error}");
    }
    for (content, says) in [
        (&b"no frame"[..], "does not tell its length"),
        (&framed(&[0; 8], 9), "unfolds to 8 bytes, not to 9"),
        (&half[..half.len() - 6], "the file ends"),
        (&framed(&[0; 7], 7), "needs 8 bytes"),
    ] {
        let files = Files::of(&[("m.npy.z", content)]);
        let error = files.refusal(&model(&[&z_wrapper("m.npy.z", "1\n")]));
        assert_eq!(error.kind(), ErrorKind::Companion, "{error}");
        assert!(error.message().contains(says), "{error}");
    }
    // Bytes alone have nothing beside them.
    let error = Document::read(model(&[&wrapper("m.pkl_01.npy")])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Companion);
    assert!(error.message().contains("only the model's bytes were given"), "{error}");
}

#[test]
fn a_file_that_is_named_often_is_read_once() {
    let files = Files::of(&[
        ("a.npy", &npy("<f8", "(1,)", &[0; 8])),
        ("b.npy.z", &framed(&vec![0; 1 << 20], 1 << 20)),
    ]);
    let a = [wrapper("a.npy"), b"0".to_vec()].concat().repeat(5000);
    let b = [z_wrapper("b.npy.z", "131072\n"), b"0".to_vec()].concat().repeat(5000);
    let document = files.read(&model(&[&a, &b, b"N"])).unwrap();
    assert_eq!(document.companions(), ["a.npy", "b.npy.z"]);
    assert_eq!(files.asked.borrow().len(), 2);
}

#[test]
fn all_files_together_are_bounded() {
    let limits = Limits { max_companion_bytes: 1 << 20, ..Limits::default() };
    let bomb = framed(&vec![0; 4 << 20], 4 << 20);
    let files =
        Files::of(&[("a.npy", &npy("|u1", "(700000,)", &vec![0; 700_000])), ("b.npy.z", &bomb)]);
    let read = |model: Vec<u8>| Document::read_beside(model, &files, &limits);
    assert!(read(model(&[&wrapper("a.npy")])).is_ok());
    let error = read(model(&[&z_wrapper("b.npy.z", "524288\n")])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    // What one has taken is not there for the next.
    let small = framed(&vec![0; 400_000], 400_000);
    let files = Files {
        content: [("b.npy.z", small), ("a.npy", files.content["a.npy"].clone())].into(),
        ..Files::default()
    };
    let both = model(&[&wrapper("a.npy"), &z_wrapper("b.npy.z", "50000\n")]);
    let error = Document::read_beside(both, &files, &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}

#[test]
fn a_file_beside_a_model_has_none_of_its_own() {
    // An object array is a pickle, and this one names the file that it is in.
    let objects = npy("O", "(1,)", &model(&[&wrapper("a.npy")]));
    let files = Files::of(&[("a.npy", &objects)]);
    let error = files.refusal(&model(&[&wrapper("a.npy")]));
    assert_eq!(error.kind(), ErrorKind::Companion, "{error}");
    assert_eq!(files.asked.borrow().len(), 1);
}

#[test]
fn an_array_of_another_class_is_refused() {
    let files = Files::of(&[("a.npy", &npy("<f8", "(1,)", &[0; 8]))]);
    let foreign = String::from_utf8(wrapper("a.npy")).unwrap();
    let foreign = foreign.replace("cnumpy\nndarray", "cevil\nArray");
    let error = files.refusal(&model(&[foreign.as_bytes()]));
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(files.asked.borrow().is_empty());
}
