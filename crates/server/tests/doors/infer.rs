//! Questions and answers: typed and raw, outputs asked for, the minimal contract, errors by status.

use pelton_proto::inference::InferTensorContents;
use pelton_proto::inference::model_infer_request::{InferInputTensor, InferRequestedOutputTensor};
use pelton_proto::prediction::PredictionRequest;
use pelton_proto::prediction::prediction_service_client::PredictionServiceClient;
use pelton_server::ServerConfig;
use tonic::Code;

use crate::house::{House, raw, typed};

#[tokio::test]
async fn an_answer_is_encoded_as_the_question_was() {
    let house = House::open().await;
    let mut client = house.client().await;
    let rows = [[1., 2., 3.], [4., 5., 6.]];
    let answer = client.model_infer(typed("sum", &rows)).await.unwrap().into_inner();
    assert_eq!((answer.id.as_str(), answer.model_version.as_str()), ("r-1", "1"));
    assert_eq!(answer.outputs[0].contents.as_ref().unwrap().fp64_contents, [6., 15.]);
    assert!(answer.raw_output_contents.is_empty());

    let answer = client.model_infer(raw("sum", &rows)).await.unwrap().into_inner();
    assert_eq!(answer.outputs[0].shape, [2]);
    assert_eq!(answer.raw_output_contents, [[6_f64, 15.].map(f64::to_le_bytes).concat()]);
}

#[tokio::test]
async fn outputs_come_as_asked_for() {
    let house = House::open().await;
    let mut request = typed("sum", &[[1., 2., 3.]]);
    request.outputs = ["row", "sum"]
        .map(|name| InferRequestedOutputTensor { name: name.to_owned(), ..Default::default() })
        .to_vec();
    let answer = house.client().await.model_infer(request).await.unwrap().into_inner();
    let names: Vec<&str> = answer.outputs.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["row", "sum"]);
    assert_eq!(answer.outputs[0].shape, [1, 3]);
}

#[tokio::test]
async fn named_columns_and_text_work() {
    let house = House::open().await;
    let column = |name: &str, datatype: &str, contents| InferInputTensor {
        name: name.to_owned(),
        datatype: datatype.to_owned(),
        shape: vec![2],
        contents: Some(contents),
        ..InferInputTensor::default()
    };
    let mut request = typed("named", &[]);
    request.inputs = vec![
        column(
            "city",
            "BYTES",
            InferTensorContents {
                bytes_contents: vec!["Köln".into(), "".into()],
                ..Default::default()
            },
        ),
        column(
            "age",
            "INT32",
            InferTensorContents { int_contents: vec![1, 2], ..Default::default() },
        ),
    ];
    let answer = house.client().await.model_infer(request).await.unwrap().into_inner();
    assert_eq!(answer.outputs[0].contents.as_ref().unwrap().bytes_contents, ["Köln", ""]);
}

#[tokio::test]
async fn the_minimal_contract_needs_only_its_two_messages() {
    let config = ServerConfig { predict_model: Some("sum".to_owned()), ..ServerConfig::default() };
    let house = House::with(config).await;
    let mut client = PredictionServiceClient::new(house.channel().await);
    let request = PredictionRequest { features: vec![1.5, 2.5, 3.] };
    assert_eq!(client.predict(request).await.unwrap().into_inner().prediction, 7.);
    let error = client.predict(PredictionRequest { features: vec![1.] }).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().contains("1 features a row, the model takes 3"), "{error}");
}

#[tokio::test]
async fn predict_says_when_it_cannot_choose_a_model() {
    let house = House::open().await;
    let mut client = PredictionServiceClient::new(house.channel().await);
    let error = client.predict(PredictionRequest { features: vec![1.] }).await.unwrap_err();
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert!(error.message().contains("--predict-model"), "{error}");
}

#[tokio::test]
async fn errors_carry_their_code_and_nothing_of_the_server() {
    let house = House::open().await;
    let mut client = house.client().await;
    for (value, code, name) in
        [(-1., Code::InvalidArgument, "model_rejected"), (-2., Code::Internal, "model_raised")]
    {
        let error = client.model_infer(typed("sum", &[[value, 0., 0.]])).await.unwrap_err();
        assert_eq!(error.code(), code);
        assert_eq!(error.metadata().get("pelton-code").unwrap(), name);
        assert!(!format!("{error:?}").contains("secret"));
    }
    let error = client.model_infer(typed("nosuch", &[[0.; 3]])).await.unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert_eq!(error.message(), "no model 'nosuch' here, there is 'named', 'sum'");
}
