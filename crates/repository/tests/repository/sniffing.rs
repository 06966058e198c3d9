//! What a file is, is told by its bytes alone.

use std::io::Cursor;
use std::path::Path;

use pelton_repository::{Alien, Compression, Content, Format, sniff};
use proptest::prelude::*;

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name);
    std::fs::read(path).expect("a committed file")
}

/// A file of joblib before 0.10, of the readers' golden ones.
fn old_joblib(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pickle/tests/goldens").join(name);
    std::fs::read(path).expect("a committed file")
}

fn content(bytes: &[u8]) -> Content {
    sniff(&mut Cursor::new(bytes), bytes.len() as u64).expect("memory can be read")
}

#[track_caller]
fn expect_model(name: &str, format: Format) {
    assert_eq!(content(&file(name)), Content::Model(format), "{name}");
}

#[track_caller]
fn expect_alien(name: &str, alien: Alien) {
    assert_eq!(content(&file(name)), Content::Alien(alien), "{name}");
}

#[test]
fn pickles_of_every_protocol() {
    for protocol in 0..=5 {
        expect_model(&format!("pickle{protocol}.bin"), Format::Pickle { protocol });
    }
    expect_model("pickle-dict-0.bin", Format::Pickle { protocol: 0 });
}

#[test]
fn joblib_files_in_every_compression() {
    expect_model("joblib-raw.bin", Format::Joblib { compression: None });
    for (name, compression) in [
        ("zlib", Compression::Zlib),
        ("gzip", Compression::Gzip),
        ("bz2", Compression::Bzip2),
        ("xz", Compression::Xz),
        ("lzma", Compression::Lzma),
        ("lz4", Compression::Lz4),
    ] {
        let format = Format::Joblib { compression: Some(compression) };
        expect_model(&format!("joblib-{name}.bin"), format);
    }
    for name in ["jl09/lr.zf.joblib", "jl08/lr.zn.joblib"] {
        let bytes = old_joblib(name);
        let format = Format::Joblib { compression: Some(Compression::ZFile) };
        assert_eq!(content(&bytes), Content::Model(format), "{name}");
    }
    let raw = content(&old_joblib("jl08/lr.raw.joblib"));
    assert_eq!(raw, Content::Model(Format::Joblib { compression: None }));
    let array = content(&old_joblib("jl09/lr.zn.joblib_01.npy.z"));
    assert_eq!(array, Content::Alien(Alien::Compressed(Compression::ZFile)));
    let gzip = Format::Joblib { compression: Some(Compression::Gzip) };
    expect_model("pickle-gzip.bin", gzip);
}

#[test]
fn models_of_other_formats() {
    expect_model("skops.bin", Format::Skops);
    expect_model("onnx.bin", Format::Onnx);
    expect_model("xgboost.json", Format::XgboostJson);
    expect_model("xgboost.ubj", Format::XgboostUbj);
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/native/cases");
    // With a mark of its own, and as most versions wrote it, without.
    for name in ["xgb12/xgb_old_raw.model", "xgb09/xgb_old_binary.model"] {
        let bytes = std::fs::read(cases.join(name)).expect("a committed file");
        assert_eq!(content(&bytes), Content::Model(Format::XgboostBinary), "{name}");
    }
    expect_model("lightgbm.bin", Format::Lightgbm);
    expect_model("catboost.bin", Format::Catboost);
}

#[test]
fn what_is_no_model_is_named_as_what_it_is() {
    expect_alien("empty.bin", Alien::Empty);
    expect_alien("lfs.bin", Alien::GitLfsPointer { size: Some(12345) });
    expect_alien("annex.bin", Alien::GitAnnexPointer);
    expect_alien("hdf5.bin", Alien::KerasHdf5);
    expect_alien("keras.bin", Alien::KerasZip);
    expect_alien("torch.bin", Alien::PyTorch);
    expect_alien("array.npy", Alien::NumpyArray);
    expect_alien("arrays.npz", Alien::NumpyArray);
    expect_alien("page.bin", Alien::Html);
    expect_alien("pmml.bin", Alien::Pmml);
    expect_alien("gzip-text.bin", Alien::Compressed(Compression::Gzip));
    expect_alien("text.bin", Alien::Unknown);
    expect_alien("json.bin", Alien::Unknown);
}

#[test]
fn other_files_that_have_a_name_are_called_by_it() {
    for (bytes, words) in [
        (&b"GGUF\x03\0\0\0"[..], "is GGUF, a language model"),
        (b"\x7fELF\x02\x01\x01", "is a program"),
        (
            b"\x10\0\0\0\0\0\0\0{\"a\":{}}",
            "is safetensors: weights without a model; export it to ONNX",
        ),
        (b"/annex/objects/SHA256E-s1--a.pkl", "is a git-annex pointer, not the file itself"),
    ] {
        let Content::Alien(alien) = content(bytes) else { panic!("{words}") };
        assert!(alien.to_string().starts_with(words), "{alien}");
    }
}

/// Every committed file, for mutation.
fn files() -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .expect("the committed files")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    names.iter().map(|path| std::fs::read(path).expect("a committed file")).collect()
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        content(&bytes);
    }

    #[test]
    fn nor_do_damaged_models(
        index in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        claimed in any::<u64>(),
    ) {
        let files = files();
        let mut bytes = files[index.index(files.len())].clone();
        bytes.truncate(cut.index(bytes.len() + 1));
        for (at, byte) in flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        content(&bytes);
        // The length is told apart from the bytes and may be anything.
        sniff(&mut Cursor::new(&bytes), claimed).expect("memory can be read");
    }
}
