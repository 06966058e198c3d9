//! Tables to a model's inputs and back, through the crate's own doors.
#![allow(missing_docs, clippy::float_cmp, reason = "values are carried, not computed")]

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use pelton_core::{Accepts, DType, Inputs, Signature, Tensor, TensorSpec};
use pelton_tables::{
    Answer, CsvOptions, Format, Input, Layout, Plan, Prepared, Selection, Source, Writer,
};

fn spec(name: &str, dtype: DType, shape: &[Option<usize>], accepts: Accepts) -> TensorSpec {
    TensorSpec { name: Arc::from(name), dtype, shape: shape.to_vec(), accepts }
}

fn number(name: &str) -> TensorSpec {
    spec(name, DType::Fp64, &[None], Accepts::Numeric)
}

fn text(name: &str) -> TensorSpec {
    spec(name, DType::Bytes, &[None], Accepts::Text)
}

fn matrix(width: usize) -> Inputs {
    Inputs::Matrix(spec("input", DType::Fp64, &[None, Some(width)], Accepts::Numeric))
}

fn signature(inputs: Inputs) -> Signature {
    Signature { inputs, outputs: Vec::new(), default_outputs: Arc::from([]) }
}

fn source(content: impl AsRef<[u8]>) -> Result<Source, String> {
    let stream = Input::stream(Cursor::new(content.as_ref().to_vec()));
    Source::open(stream, None, CsvOptions::default()).map_err(|problem| problem.to_string())
}

fn planned(
    inputs: Inputs,
    content: impl AsRef<[u8]>,
    selection: &Selection,
) -> Result<(Plan, Source), String> {
    let mut source = source(content)?;
    let plan = Plan::new(&signature(inputs), &mut source, selection).map_err(|p| p.to_string())?;
    Ok((plan, source))
}

/// The one block of a small table.
#[track_caller]
fn prepared(inputs: Inputs, content: impl AsRef<[u8]>) -> Prepared {
    let (plan, mut source) = planned(inputs, content, &Selection::default()).expect("a plan");
    let block = source.next_block(1000).expect("readable").expect("rows");
    let prepared = plan.prepare(&block).expect("tensors");
    assert!(source.next_block(1000).expect("readable").is_none());
    prepared
}

#[track_caller]
fn refused(inputs: Inputs, content: impl AsRef<[u8]>, words: &str) {
    match planned(inputs, content, &Selection::default()) {
        Ok(_) => panic!("it was taken"),
        Err(problem) => assert_eq!(problem, words),
    }
}

fn floats(tensor: &Tensor) -> Vec<f64> {
    assert_eq!(tensor.dtype(), DType::Fp64);
    tensor.data().as_chunks::<8>().0.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect()
}

fn whole(tensor: &Tensor) -> Vec<i64> {
    assert_eq!(tensor.dtype(), DType::Int64);
    tensor.data().as_chunks::<8>().0.iter().map(|chunk| i64::from_le_bytes(*chunk)).collect()
}

fn strings(tensor: &Tensor) -> Vec<&str> {
    tensor.strings().map(|text| std::str::from_utf8(text).expect("UTF-8")).collect()
}

#[test]
fn columns_are_found_by_name_in_any_order() {
    let inputs = Inputs::Columns(vec![number("age"), text("city")]);
    let prepared = prepared(inputs, "id;city;age\n7;\"Bern; CH\";1e1\n8;Basel;\n9;;-0\n");
    assert_eq!(&**prepared.inputs[0].name(), "age");
    let ages = floats(&prepared.inputs[0]);
    assert!(ages[0] == 10.0 && ages[1].is_nan() && ages[2].to_bits() == (-0.0_f64).to_bits());
    assert_eq!(strings(&prepared.inputs[1]), ["Bern; CH", "Basel", ""]);
    assert_eq!(&**prepared.inputs[2].name(), "city:valid");
    assert_eq!(prepared.inputs[2].data()[..], [1, 1, 0]);
}

#[test]
fn missing_and_surplus_columns_are_named() {
    let inputs = || Inputs::Columns(vec![number("age"), number("fare"), text("city")]);
    refused(
        inputs(),
        "Age,city\n1,Bern\n",
        "the input lacks 2 of the model's 3 columns: 'age', 'fare'; it has these that the model \
         does not know: 'Age'",
    );
    refused(
        Inputs::Columns(vec![text("home_town")]),
        "home town\nBern\n",
        "the input lacks 1 of the model's 1 columns: 'home_town'; it has these that the model does \
         not know: 'home town'; rename 'home town' to 'home_town', as the model writes it",
    );
    let (plan, _) =
        planned(inputs(), "id,age,fare,city\n1,2,3,x\n", &Selection::default()).expect("a plan");
    assert_eq!(plan.unused().len(), 1);
    refused(
        matrix(3),
        "a,b\n1,2\n",
        "the model takes 3 features in order, and the input has 2 columns: 'a', 'b'; name the \
         model's with --columns, and those to copy with --keep",
    );
    refused(matrix(2), "a,a\n1,2\n", "the header has the column 'a' twice");
    refused(
        matrix(2),
        "1.5,2\n1,2\n",
        "the first line holds numbers ('1.5', '2'), not names; if the file has no header, say so with \
         --no-header",
    );
    refused(matrix(1), "", "the input is empty");
}

#[test]
fn rows_that_are_no_rows_are_named_and_the_others_go_on() {
    let content = "a,b\n1,2\n1,x\n3\n\n5,6,7\n8,\u{1b}[31m\n9,10\n";
    let prepared = prepared(matrix(2), content);
    assert_eq!(floats(&prepared.inputs[0]), [1.0, 2.0, 9.0, 10.0]);
    assert_eq!(prepared.good, [0, 5]);
    let told: Vec<(u64, Option<u64>, &str)> =
        prepared.bad.iter().map(|bad| (bad.row, bad.line, &*bad.reason)).collect();
    assert_eq!(
        told,
        [
            (2, Some(3), "column 'b' holds 'x', and the model takes numbers"),
            (3, Some(4), "it has 1 value, the first line has 2"),
            (4, Some(6), "it has 3 values, the first line has 2"),
            (5, Some(7), "column 'b' holds '\\u{1b}[31m', and the model takes numbers"),
        ]
    );
}

#[test]
fn a_quote_that_is_never_closed_is_told_whatever_it_swallows() {
    for rows in ["1,x\n2,\"y\n3,z\n", "1,x\n2,\"y\"\"\n3,z\n", "1,x\n\"2,y\n3,z\n"] {
        let prepared = prepared(Inputs::Columns(vec![text("b")]), format!("a,b\n{rows}"));
        assert_eq!(prepared.good, [0], "{rows}");
        let reason = "a quote in it is never closed, so all that follows belongs to it";
        assert_eq!((prepared.bad[0].line, &*prepared.bad[0].reason), (Some(3), reason), "{rows}");
    }
}

#[test]
fn what_stands_in_for_a_table_is_named() {
    let wrong = |content: &str, words: &str| {
        refused(Inputs::Columns(vec![number("a")]), content, words);
    };
    wrong(
        "a,\"b\n1,x\n2,y\n",
        "a quote in the first line is never closed, so that all of the input belongs to it",
    );
    wrong(
        "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 12\n",
        "the input is a Git LFS pointer, not the file itself; fetch it with `git lfs pull`",
    );
    wrong(
        "\n<!DOCTYPE html>\n<html>",
        "the input is an HTML page; download the raw file, not the page that shows it",
    );
}

#[test]
fn a_matrix_takes_numbered_names_or_the_order() {
    let by_name = prepared(matrix(2), "f1,label,f0\n2,x,1\n");
    assert_eq!(floats(&by_name.inputs[0]), [1.0, 2.0]);
    let selection = Selection { keep: vec!["id".to_owned()], ..Selection::default() };
    let (plan, mut source) =
        planned(matrix(2), "id,b,a\nx,1,2\n", &selection).expect("the kept one is left out");
    let block = source.next_block(10).expect("readable").expect("rows");
    assert_eq!(floats(&plan.prepare(&block).expect("tensors").inputs[0]), [1.0, 2.0]);
    let columns = vec!["a".to_owned(), "b".to_owned()];
    let selection = Selection { columns, ..Selection::default() };
    let (plan, mut source) = planned(matrix(2), "id,b,a\nx,1,2\n", &selection).expect("a plan");
    let block = source.next_block(10).expect("readable").expect("rows");
    assert_eq!(floats(&plan.prepare(&block).expect("tensors").inputs[0]), [2.0, 1.0]);
}

#[test]
fn whole_numbers_stay_whole_unless_one_is_not() {
    let inputs = || Inputs::Columns(vec![spec("code", DType::Int64, &[None], Accepts::Numeric)]);
    let all = prepared(inputs(), "code\n9007199254740993\n3.0\nNA\n");
    assert_eq!(whole(&all.inputs[0]), [9_007_199_254_740_993, 3, 0]);
    assert_eq!(all.inputs[1].data()[..], [1, 1, 0]);
    let mixed = prepared(inputs(), "code\n1\n2.5\n\n");
    assert_eq!(floats(&mixed.inputs[0]), [1.0, 2.5]);
    assert_eq!(mixed.inputs.len(), 1);
}

#[test]
fn an_exact_type_is_kept_to() {
    let inputs = Inputs::Tensors(vec![
        spec("small", DType::Int8, &[None, Some(1)], Accepts::Exactly),
        spec("name", DType::Bytes, &[None, Some(1)], Accepts::Exactly),
    ]);
    let prepared = prepared(inputs, "small,name\n127,a\n128,b\n,c\n1.5,d\n-1,\n-1,e\n");
    assert_eq!(prepared.inputs[0].shape(), [2, 1]);
    assert_eq!(prepared.inputs[0].data()[..], [127, 255]);
    assert_eq!(strings(&prepared.inputs[1]), ["a", "e"]);
    let reasons: Vec<&str> = prepared.bad.iter().map(|bad| &*bad.reason).collect();
    assert_eq!(
        reasons,
        [
            "column 'small' holds '128', and the model takes INT8",
            "column 'small' has no value, and the model takes INT8",
            "column 'small' holds '1.5', and the model takes INT8",
            "column 'name' has no value, and the model takes text",
        ]
    );
}

#[test]
fn json_lines_have_objects_lists_and_nulls() {
    let inputs = Inputs::Columns(vec![number("age"), text("city")]);
    let content = "{\"city\": \"Z\\u00fcrich\", \"age\": 3, \"id\": {\"a\": [1]}}\n\n\
                   {\"age\": null, \"city\": \"x\"}\n{\"age\": \"4\"}\n{\"city\": 5, \"age\": 1}\nnonsense\n";
    let prepared = prepared(inputs, content);
    assert_eq!(strings(&prepared.inputs[1]), ["Zürich", "x", ""]);
    let told: Vec<(u64, Option<u64>, &str)> =
        prepared.bad.iter().map(|bad| (bad.row, bad.line, &*bad.reason)).collect();
    assert_eq!(
        told,
        [
            (4, Some(5), "column 'city' holds the number 5, and the model takes text"),
            (5, Some(6), "it is no JSON object or array: expected ident: 'nonsense'"),
        ]
    );
    let lists = self::prepared(matrix(2), "[1, 2]\n[3, null]\n[4]\n");
    let values = floats(&lists.inputs[0]);
    assert!(values[..3] == [1.0, 2.0, 3.0] && values[3].is_nan());
    assert_eq!(lists.bad[0].reason, "it has 1 value, the first line has 2");
    let nested = self::prepared(matrix(2), "{\"input\": [1, 2]}\n{\"input\": [1]}\n");
    assert_eq!(floats(&nested.inputs[0]), [1.0, 2.0]);
    assert_eq!(
        nested.bad[0].reason,
        "column 'input' holds a list of 1, and the model takes 2 numbers"
    );
    refused(
        matrix(2),
        "[\n  {\"a\": 1}\n]\n",
        "the input is one JSON document, not JSON lines; write one object a line (in pandas: \
         to_json(path, orient='records', lines=True))",
    );
}

#[test]
fn a_model_that_does_not_tell_gets_what_the_first_rows_look_like() {
    let inputs = Inputs::Columns(vec![
        spec("a", DType::Fp64, &[None], Accepts::Any),
        spec("b", DType::Fp64, &[None], Accepts::Any),
    ]);
    let prepared = prepared(inputs, "a,b\n1,x\n,2\n");
    assert_eq!(prepared.inputs[0].dtype(), DType::Fp64);
    assert_eq!(strings(&prepared.inputs[1]), ["x", "2"]);
}

#[test]
fn no_header_means_the_order() {
    let stream = Input::stream(Cursor::new(b"1,2\n3,4\n".to_vec()));
    let options = CsvOptions { headless: true, ..CsvOptions::default() };
    let mut source = Source::open(stream, None, options).expect("a table");
    let plan =
        Plan::new(&signature(matrix(2)), &mut source, &Selection::default()).expect("a plan");
    let block = source.next_block(10).expect("readable").expect("rows");
    assert_eq!(floats(&plan.prepare(&block).expect("tensors").inputs[0]), [1.0, 2.0, 3.0, 4.0]);
}

fn output(name: &str, dtype: DType, shape: &[usize], data: &[u8]) -> Tensor {
    Tensor::new(name, dtype, shape.to_vec(), Bytes::copy_from_slice(data)).expect("a tensor")
}

fn bytes_of(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A table with its rows answered, but the second.
fn written(format: Format, nulls: bool, content: &str) -> Vec<u8> {
    let keep = vec!["*".to_owned()];
    let selection = Selection { keep, ..Selection::default() };
    let inputs = Inputs::Columns(vec![number("n")]);
    let (plan, mut source) = planned(inputs, content, &selection).expect("a plan");
    let block = source.next_block(10).expect("readable").expect("rows");
    let prepared = plan.prepare(&block).expect("tensors");
    assert_eq!(prepared.good, [0, 2]);
    let outputs = vec![
        output("predict", DType::Bytes, &[2], b"\x03\0\0\0a,b\x01\0\0\0c"),
        output("proba", DType::Fp64, &[2, 2], &bytes_of(&[0.1, 0.9, f64::NAN, 1e300])),
    ];
    let classes = ["no".to_owned(), "yes".to_owned()];
    let layout = Layout::new(&plan, &outputs, &classes, nulls).expect("a layout");
    let answer = Answer {
        rows: block.len(),
        kept: prepared.kept,
        outputs,
        answered: prepared.good,
        bad: prepared.bad,
    };
    let encoded = layout.encode(format, &answer).expect("encoded");
    let mut writer = Writer::new(Vec::new(), format, &layout).expect("begun");
    writer.write(&encoded).expect("written");
    writer.finish().expect("ended")
}

const ROWS: &str = "id,n\n\"say \"\"hi\"\"\",1\nx,?\n,3\n";

#[test]
fn answers_are_written_beside_what_is_kept() {
    let csv = |nulls| String::from_utf8(written(Format::Csv, nulls, ROWS)).expect("UTF-8");
    assert_eq!(
        csv(false),
        "id,n,predict,proba_no,proba_yes\n\"say \"\"hi\"\"\",1,\"a,b\",0.1,0.9\n,3,c,nan,1e300\n"
    );
    assert_eq!(
        csv(true),
        "id,n,predict,proba_no,proba_yes,error\n\"say \"\"hi\"\"\",1,\"a,b\",0.1,0.9,\n\
         x,?,,,,\"column 'n' holds '?', and the model takes numbers\"\n,3,c,nan,1e300,\n"
    );
    let json = String::from_utf8(written(Format::JsonLines, true, ROWS)).expect("UTF-8");
    assert_eq!(
        json,
        "{\"id\": \"say \\\"hi\\\"\", \"n\": \"1\", \"predict\": \"a,b\", \"proba\": [0.1, 0.9], \"error\": null}\n\
         {\"id\": \"x\", \"n\": \"?\", \"predict\": null, \"proba\": null, \"error\": \"column 'n' holds '?', and the model takes numbers\"}\n\
         {\"id\": null, \"n\": \"3\", \"predict\": \"c\", \"proba\": [null, 1e300], \"error\": null}\n"
    );
}

#[test]
fn parquet_reads_back_what_was_written() {
    let parquet = written(Format::Parquet, true, ROWS);
    let selection = Selection { keep: vec!["*".to_owned()], ..Selection::default() };
    let inputs = Inputs::Columns(vec![number("proba_yes"), text("predict")]);
    let (plan, mut source) = planned(inputs, &parquet, &selection).expect("a plan");
    assert_eq!((source.format(), source.size()), (Format::Parquet, Some(3)));
    let names: Vec<&str> = source.names().iter().map(|name| &**name).collect();
    assert_eq!(names, ["id", "n", "predict", "proba_no", "proba_yes", "error"]);
    let block = source.next_block(2).expect("readable").expect("rows");
    let first = plan.prepare(&block).expect("tensors");
    let values = floats(&first.inputs[0]);
    assert!(values[0] == 0.9 && values[1].is_nan());
    assert_eq!(strings(&first.inputs[1]), ["a,b", ""]);
    assert_eq!(first.inputs[2].data()[..], [1, 0]);
    let block = source.next_block(2).expect("readable").expect("rows");
    assert_eq!(block.first_row, 3);
    assert_eq!(floats(&plan.prepare(&block).expect("tensors").inputs[0]), [1e300]);
    assert!(source.next_block(2).expect("readable").is_none());
    for cut in (0..parquet.len()).step_by(97) {
        // Whatever is wrong, it is told, and nothing panics.
        if let Ok(mut source) = self::source(&parquet[..cut]) {
            while let Ok(Some(_)) = source.next_block(10) {}
        }
    }
}

#[test]
fn two_columns_of_one_name_are_refused() {
    let selection = Selection { keep: vec!["predict".to_owned()], ..Selection::default() };
    let inputs = Inputs::Columns(vec![number("n")]);
    let (plan, _) = planned(inputs, "n,predict\n1,2\n", &selection).expect("a plan");
    let outputs = [output("predict", DType::Fp64, &[1], &bytes_of(&[1.0]))];
    let problem = Layout::new(&plan, &outputs, &[], false).unwrap_err().to_string();
    assert_eq!(
        problem,
        "the output would have two columns 'predict'; keep the input's out of it, or rename it"
    );
}

#[test]
fn a_row_without_end_is_no_reason_to_fill_memory() {
    /// A quote is opened and never closed.
    struct Endless(bool);
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(b'x');
            if !std::mem::replace(&mut self.0, true) {
                buffer[..6].copy_from_slice(b"a,b\n1,");
                buffer[6] = b'"';
            }
            Ok(buffer.len())
        }
    }
    let mut source =
        Source::open(Input::stream(Endless(false)), None, CsvOptions::default()).expect("a table");
    let problem = source.next_block(10).unwrap_err().to_string();
    assert!(problem.contains("is a quote left open?"), "{problem}");
}
