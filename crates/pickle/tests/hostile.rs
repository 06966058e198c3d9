//! Files made to hurt: nothing runs, nothing panics, a lie is an error that says which.

mod support;

use pelton_pickle::{ErrorKind, Kind};
use support::{archive, read, refusal};

#[test]
fn a_call_of_the_shell_is_a_record_of_it() {
    let file = b"cposix\nsystem\n(S'touch /tmp/pelton-was-here'\ntR.";
    let document = read(file).unwrap();
    let root = document.root();
    assert_eq!(root.kind(), Kind::Object);
    assert!(root.is_a("posix", "system"));
    assert_eq!(root.args().next().unwrap().as_str(), Some("touch /tmp/pelton-was-here"));
    assert_eq!(document.globals()[0].to_string(), "posix.system");
    assert!(!std::path::Path::new("/tmp/pelton-was-here").exists());
}

#[test]
fn a_helper_is_understood_under_its_own_name_only() {
    // evil.encode is not _codecs.encode.
    let document = read(b"cevil\nencode\n(Vabc\nVlatin1\ntR.").unwrap();
    assert!(document.root().is_a("evil", "encode"));
    let document = read(b"c_codecs\nencode\n(Vabc\nVlatin1\ntR.").unwrap();
    assert_eq!(document.root().as_bytes(), Some(&b"abc"[..]));
    // A codec that is not a plain one is left alone.
    let document = read(b"c_codecs\nencode\n(Vabc\nVzip\ntR.").unwrap();
    assert!(document.root().is_a("_codecs", "encode"));
    // A call whose function some other call would give.
    let document = read(b"cbuiltins\ngetattr\n(cos\npath\nVx\ntR)R.").unwrap();
    assert_eq!(document.root().class(), None);
    assert!(document.root().class_value().unwrap().is_a("builtins", "getattr"));
}

#[test]
fn a_length_that_lies_is_an_error_before_it_is_memory() {
    let huge = [0xff, 0xff, 0xff, 0x3f];
    let huge8 = [0xff, 0xff, 0xff, 0x3f, 0, 0, 0, 0];
    for (opcode, length) in [
        (b'X', &huge[..]),
        (b'T', &huge),
        (b'B', &huge),
        (0x8b, &huge),
        (0x8d, &huge8),
        (0x8e, &huge8),
        (0x96, &huge8),
        (0x95, &huge8),
        (0x8e, &[0xff; 8]),
        (0x8c, &[200]),
        (b'C', &[200]),
        (0x8a, &[200]),
    ] {
        let mut file = vec![0x80, 4, opcode];
        file.extend_from_slice(length);
        file.extend_from_slice(b"abc.");
        let error = refusal(&file);
        assert_eq!(error.kind(), ErrorKind::Truncated, "{opcode:02x}: {error}");
        assert_eq!(error.offset(), Some(2), "{error}");
    }
}

#[test]
fn an_array_that_lies_about_its_size_is_an_error() {
    let array = |shape: &str, data: &str| {
        format!(
            "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR(I1\n({shape}tcnumpy\n\
             dtype\n(Vf8\nI0\nI1\ntR(I3\nV<\nNNNI-1\nI-1\nI0\ntbI0\nS'{data}'\ntb."
        )
    };
    let document = read(array("I1\n", "12345678").as_bytes()).unwrap();
    assert_eq!(document.root().array().unwrap().shape(), [1]);
    for (shape, data) in [
        ("I1000000000\n", "12345678"),
        ("I2\n", "12345678"),
        ("I0\n", "12345678"),
        ("I-1\n", "12345678"),
        ("I4611686018427387904\nI4\n", ""),
        ("I9223372036854775807\nI9223372036854775807\n", ""),
        ("Vx\n", "12345678"),
    ] {
        let error = refusal(array(shape, data).as_bytes());
        assert_eq!(error.kind(), ErrorKind::Malformed, "{shape}: {error}");
    }
    let many = "I1\n".repeat(65);
    assert!(refusal(array(&many, "12345678").as_bytes()).message().contains("64 dimensions"));
}

#[test]
fn a_list_may_hold_itself() {
    let document = read(b"\x80\x02]q\x00h\x00a.").unwrap();
    let root = document.root();
    let mut value = root;
    for _ in 0..1000 {
        value = value.item(0).unwrap();
    }
    assert_eq!(value.kind(), Kind::List);
    assert_eq!(format!("{root:?}"), "a list of 1");
    assert_eq!(value.item(1).unwrap_err().path(), Some("root[0]"));
    // A dict in itself, a tuple by way of a list, an object whose state is itself.
    for file in [
        &b"\x80\x02}q\x00Vk\nh\x00s."[..],
        b"\x80\x02(]q\x00h\x00tq\x01h\x00h\x01a0.",
        b"\x80\x02cm\nC\n)\x81q\x00h\x00b.",
    ] {
        let document = read(file).unwrap();
        let _ = document.root().attrs();
        let _ = document.root().get_attr("x");
        assert!(!document.root().path().is_empty());
    }
}

#[test]
fn a_million_levels_are_read_and_let_go() {
    let deep = 1_000_000;
    let lists = [vec![b']'; deep], vec![b'a'; deep - 1], b".".to_vec()].concat();
    let tuples = [b")".to_vec(), vec![0x85; deep], b".".to_vec()].concat();
    let marks = [vec![b'('; deep], vec![b't'; deep], b".".to_vec()].concat();
    for file in [lists, tuples, marks] {
        let document = read(&[b"\x80\x04".to_vec(), file].concat()).unwrap();
        let mut levels = 0;
        let mut value = document.root();
        while let Ok(inner) = value.item(0) {
            value = inner;
            levels += 1;
        }
        assert!(levels >= deep - 2, "{levels}");
    }
}

#[test]
fn stacks_and_memos_do_not_reach_below_themselves() {
    for (file, why) in [
        (&b"\x80\x04."[..], "an empty stack"),
        (b"\x80\x04N(.", "a mark on top"),
        (b"\x80\x04(0.", "popped to nothing"),
        (b"\x80\x040.", "nothing to pop"),
        (b"\x80\x041.", "no mark"),
        (b"\x80\x04t.", "no mark"),
        (b"\x80\x04h\x00.", "memo never stored"),
        (b"\x80\x04j\xff\xff\xff\xff.", "memo never stored"),
        (b"\x80\x04g99999999999999999999\n.", "memo beyond numbers"),
        (b"\x80\x04q\x00.", "nothing to store"),
        (b"\x80\x04\x94.", "nothing to store"),
        (b"\x80\x04NNs.", "no dict"),
        (b"\x80\x04}(Nu.", "a key without a value"),
        (b"\x80\x04Na.", "append to None"),
        (b"\x80\x04NNb.", "state of None"),
        (b"\x80\x04NN\x93.", "names that are None"),
        (b"\x80\x04]](\x90.", "items of a set to a list"),
        (b"\x80\x04\xff.", "no opcode"),
        (b"\x80\x09N.", "protocol 9"),
        (b"\x80\x04\x82\x01.", "an extension code"),
        (b"\x80\x05\x97.", "a buffer outside"),
    ] {
        let error = refusal(file);
        let expected = [ErrorKind::Malformed, ErrorKind::Unsupported];
        assert!(expected.contains(&error.kind()), "{why}: {error}");
    }
}

#[test]
fn memo_numbers_may_be_anything() {
    let put = |index: u32| [&b"r"[..], &index.to_le_bytes()].concat();
    let get = |index: u32| [&b"j"[..], &index.to_le_bytes()].concat();
    let numbers = [u32::MAX, 0, 1 << 30, 63, 64, 5000];
    let mut file = b"\x80\x04(".to_vec();
    for index in numbers {
        file.extend(
            [
                b"I".to_vec(),
                index.to_string().into_bytes(),
                b"\n".to_vec(),
                put(index),
                b"0".to_vec(),
            ]
            .concat(),
        );
    }
    for index in numbers {
        file.extend(get(index));
    }
    file.extend(b"l.");
    let document = read(&file).unwrap();
    assert_eq!(document.root().to_i64_vec().unwrap(), numbers.map(i64::from));
}

#[test]
fn other_files_are_named() {
    for (file, what) in [
        (&b""[..], "the file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "Git LFS pointer"),
        (b"\x89HDF\r\n\x1a\n\0\0\0\0", "HDF5"),
        (b"\x08\x07\x12\x07pytorch", "ONNX"),
        (b"<!DOCTYPE html><html>404", "web page"),
        (b"tree\nversion=v4\n", "LightGBM"),
        (b"{\"learner\": {}}", "XGBoost"),
        (b"Index,Name\n1,x\n", "text, not a pickle"),
        (b"hello", "no known format"),
        (b"\x28\xb5\x2f\xfd\0", "Zstandard"),
    ] {
        let error = refusal(file);
        assert_eq!(error.kind(), ErrorKind::NotAModel, "{error}");
        assert!(error.message().contains(what), "{error}");
    }
    for (names, what) in [
        (&["archive/data.pkl", "archive/data/0"][..], "PyTorch"),
        (&["metadata.json", "config.json", "model.weights.h5"], "Keras"),
        (&["a.npy"], "npz"),
        (&["notes.txt"], "without the schema.json of skops"),
        (&[], "without the schema.json of skops"),
    ] {
        let error = refusal(&archive(names, b""));
        assert_eq!(error.kind(), ErrorKind::NotAModel, "{error}");
        assert!(error.message().contains(what), "{error}");
    }
}

#[test]
fn the_last_of_two_equal_keys_wins() {
    let document = read(b"\x80\x02cm\nC\n)\x81}(Vcoef_\nI1\nVcoef_\nI2\nub.").unwrap();
    assert_eq!(document.root().attr("coef_").unwrap().i64().unwrap(), 2);
    // A later state wins over an earlier one, slots over the dict.
    let document = read(b"\x80\x02cm\nC\n)\x81}Va\nI1\nsb}Va\nI2\nsb.").unwrap();
    assert_eq!(document.root().attr("a").unwrap().i64().unwrap(), 2);
    let document = read(b"\x80\x02cm\nC\n)\x81}Va\nI1\ns}Vb\nI2\ns\x86b.").unwrap();
    assert_eq!(document.root().attr("a").unwrap().i64().unwrap(), 1);
    assert_eq!(document.root().attr("b").unwrap().i64().unwrap(), 2);
}

#[test]
fn what_follows_a_pickle_is_counted() {
    let document = read(b"\x80\x04N.\x80\x04K\x01.").unwrap();
    assert!(document.root().is_none());
    assert_eq!(document.info().trailing_bytes, 5);
}
