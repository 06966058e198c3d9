//! What values answer: every way a pickler spells an object, and every type a caller may ask for.

#![allow(clippy::unwrap_used, reason = "a value that is not there fails its test")]

mod support;

use pelton_pickle::{DTypeKind, Document, Element, Kind, Order, Value};
use support::goldens;

fn read(bytes: &[u8]) -> Document {
    Document::read(bytes.to_vec()).unwrap()
}

fn zoo(form: &str) -> Document {
    let name = format!("sk19/zoo.{form}");
    Document::read(goldens().into_iter().find(|golden| golden.name == name).unwrap().bytes).unwrap()
}

#[test]
fn an_instance_is_the_same_however_it_is_spelled() {
    for file in [
        // NEWOBJ, copyreg's spellings of it, protocol 0's and Python 2's.
        &b"\x80\x02cm\nC\n)\x81}X\x01\0\0\0aK\x07sb."[..],
        b"ccopyreg\n__newobj__\n(cm\nC\ntR}(Va\nI7\nub.",
        b"ccopy_reg\n_reconstructor\n(cm\nC\nc__builtin__\nobject\nNtR(dVa\nI7\nsb.",
        b"(im\nC\n(dS'a'\nI7\nsb.",
        b"(cm\nC\no}S'a'\nI7\nsb.",
        b"cm\n__pyx_unpickle_C\n(cm\nC\nI123\n(dVa\nI7\nstR.",
        b"cpandas.core.indexes.base\n_new_Index\n(cm\nC\n(dVa\nI7\nstR.",
    ] {
        let document = read(file);
        let root = document.root();
        assert_eq!(root.kind(), Kind::Object);
        assert!(root.is_a("m", "C"), "{root:?}");
        assert_eq!(root.attr("a").unwrap().i64().unwrap(), 7);
        assert_eq!(root.attrs().len(), 1);
        assert_eq!(root.attr("a").unwrap().path(), "C.a");
    }
}

#[test]
fn arguments_are_kept() {
    let document = read(b"\x80\x04cm\nC\n(K\x01K\x02t}\x8c\x01kK\x03s\x92.");
    let root = document.root();
    let args: Vec<_> = root.args().map(|arg| arg.i64().unwrap()).collect();
    assert_eq!(args, [1, 2]);
    assert_eq!(root.kwargs().unwrap().key("k").unwrap().i64().unwrap(), 3);
    assert!(root.state().is_none());
    // A list by inheritance, and a dict.
    let document = read(b"\x80\x02cm\nL\n)\x81(K\x01K\x02e.");
    assert_eq!(document.root().to_i64_vec().unwrap(), [1, 2]);
    let document = read(b"\x80\x02csklearn.utils._bunch\nBunch\n)\x81(Va\nK\x01u.");
    assert_eq!(document.root().kind(), Kind::Object);
    assert_eq!(document.root().key("a").unwrap().i64().unwrap(), 1);
    // Something outside the file.
    let document = read(b"(Pstorage 1\nl.");
    let outside = document.root().item(0).unwrap();
    assert_eq!(outside.kind(), Kind::Persistent);
    assert_eq!(outside.as_persistent().unwrap().as_str(), Some("storage 1"));
}

#[test]
fn helpers_of_dill_and_numpy_are_plain_data() {
    let document = read(b"cdill._dill\n_load_type\n(Vslice\ntR(I0\nI2\nNtR.");
    let slice = document.root().as_slice().unwrap();
    assert_eq!(slice.map(Value::as_i64), [Some(0), Some(2), None]);
    assert!(slice[2].is_none());
    let document = read(b"cnumpy.core\n_ufunc_reconstruct\n(Vnumpy\nVlog1p\ntR.");
    assert_eq!(document.root().as_global().unwrap().to_string(), "numpy.log1p");
    let document = read(
        b"cdill._dill\n_create_array\n(cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\nt\
          (I1\n(I2\ntcnumpy\ndtype\n(Vi1\nI0\nI1\ntRI00\nS'\\x01\\xff'\nt(dtR.",
    );
    assert_eq!(document.root().to_i64_vec().unwrap(), [1, -1]);
    // As dill 0.2 wrote names of compiled modules.
    let named = "cdill.dill\n_get_attr\n(cdill.dill\n_import_module\n(Vnumpy.core.multiarray\ntRV_reconstruct\ntR";
    let array = format!(
        "{named}(cnumpy\nndarray\n(I0\ntVb\ntR(I1\n(I2\ntcnumpy\ndtype\n(Vi1\nI0\nI1\ntRI00\nS'\\x01\\xff'\ntb."
    );
    assert_eq!(read(array.as_bytes()).root().to_i64_vec().unwrap(), [1, -1]);
    let hidden = named.replace("numpy.core.multiarray", "posix").replace("_reconstruct", "system");
    let document = read(format!("{hidden}.").as_bytes());
    assert!(document.globals().iter().any(|global| global.to_string() == "posix.system"));
    // What is no module by name stays a record.
    let document = read(b"cdill.dill\n_get_attr\n(Vnumpy\nVndarray\ntR.");
    assert_eq!(document.root().kind(), Kind::Object);
}

#[test]
fn an_array_of_a_foreign_dtype_stays_a_record() {
    let array = |dtype: &str| {
        format!(
            "(cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR(I1\n(I1\nt{dtype}I00\n(Vx\nltbI5\nl."
        )
    };
    let document = read(array("cml_dtypes\nbfloat16\n(I1\ntR").as_bytes());
    let record = document.root().item(0).unwrap();
    assert_eq!(record.kind(), Kind::Object);
    assert!(record.array().is_err() && record.state().is_some());
    assert_eq!(document.root().item(1).unwrap().i64().unwrap(), 5);
    // numpy 2's strings are objects in the file.
    let strings = "cnumpy._core._internal\n_convert_to_stringdtype_kwargs\n(I1\ntR";
    let document = read(array(strings).as_bytes());
    assert_eq!(document.root().item(0).unwrap().to_strings().unwrap(), ["x"]);
}

#[test]
fn arrays_answer_in_every_type() {
    for form in ["p0.pkl", "p2.pkl", "p4.pkl", "p5.pkl", "raw.joblib", "xz.joblib"] {
        let document = zoo(form);
        let zoo = document.root();
        let array = |name: &str| zoo.key(name).unwrap().array().unwrap();

        let fortran = array("fortran");
        assert_eq!((fortran.order(), fortran.shape()), (Order::Fortran, &[3, 4, 2][..]));
        assert_eq!(fortran.bytes().unwrap().len(), 24 * 8);
        let big = array("big_endian");
        assert!(big.dtype().is_big_endian());
        assert_eq!(big.to_i64_vec().unwrap(), [0, 1, 2, 3, 4]);
        let elements: Vec<_> = big.elements().unwrap().collect();
        assert_eq!(elements, (0..5).map(Element::Int).collect::<Vec<_>>());
        assert_eq!(array("bools").to_bool_vec().unwrap(), [true, false, true]);
        assert_eq!(array("bools").to_f64_vec().unwrap(), [1.0, 0.0, 1.0]);
        assert_eq!(array("texts_u").to_strings().unwrap(), ["café", "", "abc"]);
        assert_eq!(array("times").dtype().unit(), Some("D"));
        assert_eq!(array("times").to_i64_vec().unwrap(), [18262, -1]);

        let record = array("record");
        assert_eq!(record.dtype().kind(), DTypeKind::Record);
        assert_eq!(record.field("x").unwrap().to_f32_vec().unwrap(), [0.5, -1.5, 3.25]);
        assert!(record.field("x").unwrap().bytes().is_none());
        assert_eq!(record.dtype().field("x").unwrap().offset, 9);
        let error = record.field("y").unwrap_err().to_string();
        assert!(
            error.ends_with("['record']: has no field 'y', its dtype is record of 3 fields"),
            "{error}"
        );

        let objects = array("objects");
        assert!(objects.to_f64_vec().is_err() && objects.elements().is_err());
        let texts: Vec<_> = objects.items().unwrap().map(Value::as_str).collect();
        assert_eq!(texts, [Some("a"), None, None, None]);
        assert_eq!(array("zero_dim").shape(), [0usize; 0]);
        assert_eq!(zoo.key("zero_dim").unwrap().as_f64(), Some(3.5));
        assert_eq!(array("masked").mask().unwrap(), [0, 1, 0]);
    }
}

#[test]
fn numbers_do_not_pass_for_others() {
    let document = zoo("p4.pkl");
    let scalars = document.root().key("scalars").unwrap();
    let item = |index| scalars.item(index).unwrap();
    let number = |value: Value<'_>| (value.as_f64(), value.as_i64(), value.as_bool());
    assert_eq!(number(item(0)), (Some(1.5), None, None));
    assert_eq!(number(item(2)), (Some(-7.0), Some(-7), None));
    assert_eq!(number(item(4)), (None, None, Some(true)));
    assert_eq!(
        item(2).usize().unwrap_err().message(),
        "expected an int that is not negative, got a numpy scalar"
    );
    let constants = document.root().key("constants").unwrap();
    assert_eq!(number(constants.item(1).unwrap()), (None, None, Some(true)));
    assert!(constants.item(0).unwrap().is_none());
}

#[test]
fn documents_and_values_go_between_threads() {
    fn may_travel<T: Send + Sync>(_: T) {}
    let document = zoo("p4.pkl");
    may_travel(document.root().key("f8").unwrap().array().unwrap());
    may_travel(document.root());
    may_travel(document);
}

#[test]
fn shared_values_are_shared() {
    let document = zoo("p4.pkl");
    let shared = document.root().key("shared").unwrap();
    assert_eq!(shared.item(0).unwrap().to_i64_vec().unwrap(), [1, 2]);
    assert_eq!(shared.item(1).unwrap().path(), "OrderedDict['shared'][1]");
    let in_loop = document.root().key("loop").unwrap();
    let inner = in_loop.item(1).unwrap().item(1).unwrap().item(0).unwrap();
    assert_eq!(inner.as_str(), Some("self"));
}
