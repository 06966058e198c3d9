// The client against a real server with the models of tests/models; needs
// -Dpelton.endpoint=host:port.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.pelton.client.PeltonException.Code;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

@EnabledIfSystemProperty(
        named = "pelton.endpoint",
        matches = ".+",
        disabledReason = "-Dpelton.endpoint is not set: make test-java sets it")
@Timeout(120)
class ServerConformanceIT {
    private static final RowSchema IRIS = RowSchema.matrix("input", DataType.FP64, 4);
    private static final RowSchema MIXED =
            RowSchema.columns(Column.of("age", DataType.FP64), Column.of("city", DataType.BYTES));
    private static final RowSchema FUSSY = RowSchema.columns(Column.of("x", DataType.FP64));

    private static PeltonClient client;

    @BeforeAll
    static void connect() {
        client =
                PeltonClient.builder()
                        .endpoints(System.getProperty("pelton.endpoint"))
                        .callTimeout(Duration.ofSeconds(30))
                        .build();
    }

    @AfterAll
    static void disconnect() {
        client.close();
    }

    @Test
    void describesTheModels() {
        ModelMetadata iris = client.metadata("iris").join();
        assertThat(iris.name()).isEqualTo("iris");
        assertThat(iris.versions()).isNotEmpty();
        assertThat(iris.input("input")).contains(new TensorSpec("input", DataType.FP64, -1, 4));
        assertThat(iris.output("predict")).contains(new TensorSpec("predict", DataType.INT64, -1));
        assertThat(iris.output("predict_proba"))
                .contains(new TensorSpec("predict_proba", DataType.FP64, -1, 3));

        ModelMetadata mixed = client.metadata("mixed").join();
        assertThat(mixed.inputs()).extracting(TensorSpec::name).containsExactly("age", "city");
        assertThat(mixed.input("city").get().dataType()).isEqualTo(DataType.BYTES);
        assertThat(mixed.output("predict").get().dataType()).isEqualTo(DataType.BYTES);
    }

    @Test
    void saysWhatIsReady() {
        assertThat(client.serverReady().join()).isTrue();
        assertThat(client.modelReady("iris").join()).isTrue();
        assertThat(Failures.of(client.metadata("nothing")).code()).isEqualTo(Code.NOT_FOUND);
        InferRequest request =
                InferRequest.builder("nothing")
                        .input(Tensor.ofDoubles("input", new long[] {1, 4}, 1, 2, 3, 4))
                        .build();
        PeltonException failure = Failures.of(client.infer(request));
        assertThat(failure.code()).isEqualTo(Code.NOT_FOUND);
        assertThat(failure).hasMessageContaining("nothing");
    }

    @Test
    void answersAMatrix() {
        InferResponse answer =
                client.infer(
                                InferRequest.builder("iris")
                                        .id("conformance-1")
                                        .input(
                                                Tensor.ofDoubles(
                                                        "input",
                                                        new long[] {3, 4},
                                                        5.1,
                                                        3.5,
                                                        1.4,
                                                        0.2,
                                                        5.7,
                                                        2.8,
                                                        4.1,
                                                        1.3,
                                                        6.3,
                                                        3.3,
                                                        6.0,
                                                        2.5))
                                        .output("predict", "predict_proba")
                                        .build())
                        .join();
        assertThat(answer.id()).isEqualTo("conformance-1");
        assertThat(answer.modelName()).isEqualTo("iris");
        assertThat(answer.modelVersion()).isNotEmpty();
        assertThat(answer.rows()).isEqualTo(3);
        for (int row = 0; row < 3; row++) {
            Prediction prediction = answer.prediction(row);
            assertThat(prediction.getLong("predict")).isEqualTo(row);
            double[] shares = prediction.getDoubles("predict_proba");
            assertThat(shares).hasSize(3);
            assertThat(shares[0] + shares[1] + shares[2]).isBetween(1 - 1e-12, 1 + 1e-12);
            assertThat(shares[row]).isGreaterThan(0.5);
        }
        assertThat(client.predict(5.7, 2.8, 4.1, 1.3).join()).isEqualTo(1);
    }

    @Test
    void theSameRowGetsTheSameAnswerBatchedOrNot() {
        Random random = new Random(1);
        List<double[]> rows = new ArrayList<>();
        RowBatch whole = RowBatch.of(IRIS);
        for (int i = 0; i < 500; i++) {
            double[] row = random.doubles(4, 0, 8).toArray();
            rows.add(row);
            whole.add(writer -> writer.setDoubles(row));
        }
        InferResponse together =
                client.infer(InferRequest.builder("iris").rows(whole).output("predict").build())
                        .join();
        try (MicroBatcher batcher =
                client.batcher("iris").schema(IRIS).outputs("predict").maxBatchRows(64).build()) {
            List<CompletableFuture<Prediction>> futures = new ArrayList<>();
            for (double[] row : rows) {
                futures.add(batcher.submit(row));
            }
            for (int i = 0; i < rows.size(); i++) {
                assertThat(futures.get(i).join().getLong("predict"))
                        .isEqualTo(together.prediction(i).getLong("predict"));
            }
        }
    }

    @Test
    void answersNamedColumnsWithTextAndMissingValues() {
        try (MicroBatcher batcher =
                client.batcher("mixed").schema(MIXED).outputs("predict", "predict_proba").build()) {
            List<CompletableFuture<Prediction>> futures = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                futures.add(batcher.submit(mixed(30.0, "Tromsø")));
                futures.add(batcher.submit(mixed(25.0, "Oslo")));
                futures.add(batcher.submit(mixed(85.0, "Bergen")));
                futures.add(batcher.submit(mixed(null, "Tromsø")));
                futures.add(batcher.submit(mixed(25.0, null)));
            }
            for (int i = 0; i < futures.size(); i += 5) {
                assertThat(futures.get(i).join().getString("predict")).isEqualTo("ferry");
                assertThat(futures.get(i + 1).join().getString("predict")).isEqualTo("train");
                assertThat(futures.get(i + 2).join().getString("predict")).isEqualTo("ferry");
                assertThat(futures.get(i + 3).join().getString("predict")).isEqualTo("ferry");
                // no city is no city the model knows: it has only the age to go by
                assertThat(futures.get(i + 4).join().elements("predict_proba")).isEqualTo(2);
            }
        }
    }

    @Test
    void namesTheColumnThatIsWrong() {
        long[] one = {1};
        PeltonException misnamed =
                Failures.of(
                        client.infer(
                                InferRequest.builder("mixed")
                                        .input(Tensor.ofDoubles("agee", one, 30))
                                        .input(Tensor.ofStrings("city", one, "Oslo"))
                                        .build()));
        assertThat(misnamed.code()).isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(misnamed).hasMessageContaining("age");
        PeltonException mistyped =
                Failures.of(
                        client.infer(
                                InferRequest.builder("mixed")
                                        .input(Tensor.ofStrings("age", one, "thirty"))
                                        .input(Tensor.ofStrings("city", one, "Oslo"))
                                        .build()));
        assertThat(mistyped.code()).isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(mistyped).hasMessageContaining("age");
        PeltonException unknownOutput =
                Failures.of(
                        client.infer(
                                InferRequest.builder("iris")
                                        .input(
                                                Tensor.ofDoubles(
                                                        "input", new long[] {1, 4}, 1, 2, 3, 4))
                                        .output("predict_probability")
                                        .build()));
        assertThat(unknownOutput.code()).isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(unknownOutput).hasMessageContaining("predict_probability");
    }

    @Test
    void keepsToTheDeadline() {
        PeltonException failure =
                Failures.of(
                        client.infer(
                                InferRequest.builder("iris")
                                        .input(
                                                Tensor.ofDoubles(
                                                        "input", new long[] {1, 4}, 1, 2, 3, 4))
                                        .timeout(Duration.ofNanos(1000))
                                        .build()));
        assertThat(failure.code()).isEqualTo(Code.DEADLINE_EXCEEDED);
    }

    @Test
    void onlyThePoisonRowsFail() {
        try (MicroBatcher batcher =
                client.batcher("fussy").schema(FUSSY).maxBatchesInFlight(1).build()) {
            List<CompletableFuture<Prediction>> futures = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                double x = i == 100 ? 13 : i == 300 ? 14 : 1000 + i;
                futures.add(batcher.submit(x));
            }
            for (int i = 0; i < 400; i++) {
                if (i == 100) {
                    PeltonException failure = Failures.of(futures.get(i));
                    assertThat(failure.code()).isEqualTo(Code.INVALID_ARGUMENT);
                    assertThat(failure).hasMessageContaining("13 is unlucky");
                } else if (i == 300) {
                    PeltonException failure = Failures.of(futures.get(i));
                    assertThat(failure.code()).isEqualTo(Code.INTERNAL);
                    assertThat(failure).hasMessageContaining("the model tripped over 14");
                } else {
                    assertThat(futures.get(i).join().getDouble("y")).isEqualTo(2.0 * (1000 + i));
                }
            }
        }
    }

    @Test
    void everyTypeComesBackBitForBit() {
        Random random = new Random(9);
        for (DataType type : DataType.values()) {
            Tensor sent = randomTensor(type, random);
            Tensor back =
                    client.infer(InferRequest.builder("echo").input(sent).build())
                            .join()
                            .output("y")
                            .get();
            assertThat(back.dataType()).isEqualTo(type);
            assertThat(back.shape()).isEqualTo(sent.shape());
            assertThat(back.data()).as(type.name()).isEqualTo(sent.data());
        }
    }

    private static Row mixed(Double age, String city) {
        return row -> {
            if (age == null) {
                row.setMissing(0);
            } else {
                row.setDouble(0, age);
            }
            if (city == null) {
                row.setMissing(1);
            } else {
                row.setString(1, city);
            }
        };
    }

    private static Tensor randomTensor(DataType type, Random random) {
        long[] shape = {50};
        if (type == DataType.BYTES) {
            String[] texts = new String[50];
            for (int i = 0; i < texts.length; i++) {
                texts[i] = "ß東🛫".repeat(random.nextInt(4));
            }
            return Tensor.ofStrings("x", shape, texts);
        }
        byte[] bytes = new byte[50 * type.byteSize()];
        random.nextBytes(bytes);
        if (type == DataType.BOOL) {
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] &= 1;
            }
        }
        return Tensor.of("x", type, shape, ByteBuffer.wrap(bytes));
    }
}
