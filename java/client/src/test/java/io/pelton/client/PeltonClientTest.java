// What a caller of the client sees beside retries: answers of all kinds, bad answers, closing.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.Metadata;
import io.pelton.client.PeltonException.Code;
import io.pelton.client.wire.inference.InferTensorContents;
import io.pelton.client.wire.inference.ModelInferResponse;
import io.pelton.client.wire.inference.ModelMetadataResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PeltonClientTest {
    private static final InferRequest REQUEST =
            InferRequest.builder("m")
                    .id("r-1")
                    .input(Tensor.ofDoubles("input", new long[] {2, 2}, 1, 2, 3, 4))
                    .build();

    private final FakeServer server = new FakeServer(FakeModels.sum());
    private PeltonClient client = server.client().build();

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    @Test
    void answersWithTensors() {
        InferResponse answer = client.infer(REQUEST).join();
        assertThat(answer.modelName()).isEqualTo("m");
        assertThat(answer.modelVersion()).isEqualTo("7");
        assertThat(answer.id()).isEqualTo("r-1");
        assertThat(answer.attempts()).isEqualTo(1);
        assertThat(answer.requestMs()).isPositive();
        assertThat(answer.rows()).isEqualTo(2);
        assertThat(answer.output("sum").get().getDouble(1)).isEqualTo(7);
        assertThat(answer.prediction(1).getDoubles("echo")).containsExactly(3, 4);
        assertThat(answer.output("other")).isEmpty();
    }

    @Test
    void sendsOutputsVersionAndParameters() {
        client.infer(
                        InferRequest.builder("m")
                                .version("3")
                                .input(Tensor.ofDoubles("input", new long[] {1, 1}, 1))
                                .output("sum", "echo")
                                .parameter("flag", true)
                                .parameter("limit", 5)
                                .parameter("share", 0.5)
                                .parameter("text", "x")
                                .build())
                .join();
        var sent = server.requests.get(0);
        assertThat(sent.getModelVersion()).isEqualTo("3");
        assertThat(sent.getOutputsList())
                .extracting(output -> output.getName())
                .containsExactly("sum", "echo");
        assertThat(sent.getParametersMap().get("flag").getBoolParam()).isTrue();
        assertThat(sent.getParametersMap().get("limit").getInt64Param()).isEqualTo(5);
        assertThat(sent.getParametersMap().get("share").getDoubleParam()).isEqualTo(0.5);
        assertThat(sent.getParametersMap().get("text").getStringParam()).isEqualTo("x");
    }

    @Test
    void readsMetadata() {
        server.metadata =
                ModelMetadataResponse.newBuilder()
                        .setName("iris")
                        .addVersions("1")
                        .setPlatform("sklearn")
                        .addInputs(spec("input", "FP64", -1, 4))
                        .addOutputs(spec("predict", "INT64", -1))
                        .putProperties("class", "LogisticRegression")
                        .build();
        ModelMetadata metadata = client.metadata("iris").join();
        assertThat(metadata.name()).isEqualTo("iris");
        assertThat(metadata.versions()).containsExactly("1");
        assertThat(metadata.platform()).isEqualTo("sklearn");
        assertThat(metadata.input("input")).contains(new TensorSpec("input", DataType.FP64, -1, 4));
        assertThat(metadata.output("predict"))
                .contains(new TensorSpec("predict", DataType.INT64, -1));
        assertThat(metadata.properties()).containsEntry("class", "LogisticRegression");

        PeltonException failure = Failures.of(client.metadata("nothing"));
        assertThat(failure.code()).isEqualTo(Code.NOT_FOUND);
        assertThat(failure).hasMessage("no model 'nothing'");
    }

    @Test
    void refusesMetadataOfAnUnknownType() {
        server.metadata =
                ModelMetadataResponse.newBuilder()
                        .setName("m")
                        .addInputs(spec("x", "TYPE_FP32", -1))
                        .build();
        assertThat(Failures.of(client.metadata("m")))
                .hasMessageContaining("model 'm', tensor 'x': unknown data type 'TYPE_FP32'");
    }

    @Test
    void asksForReadinessAndTheMinimalContract() {
        assertThat(client.serverReady().join()).isTrue();
        assertThat(client.modelReady("iris").join()).isTrue();
        assertThat(client.modelReady("other").join()).isFalse();
        assertThat(client.predict(1, 2, 3.5).join()).isEqualTo(6.5);
    }

    @Test
    void readsTypedAnswersOfEveryType() {
        ModelInferResponse.Builder answer = ModelInferResponse.newBuilder();
        typed(answer, "BOOL", c -> c.addBoolContents(true).addBoolContents(false));
        typed(answer, "INT8", c -> c.addIntContents(-128).addIntContents(127));
        typed(answer, "INT16", c -> c.addIntContents(-32768).addIntContents(32767));
        typed(answer, "INT32", c -> c.addIntContents(Integer.MIN_VALUE).addIntContents(5));
        typed(answer, "INT64", c -> c.addInt64Contents(Long.MIN_VALUE).addInt64Contents(5));
        typed(answer, "UINT8", c -> c.addUintContents(255).addUintContents(0));
        typed(answer, "UINT16", c -> c.addUintContents(65535).addUintContents(0));
        typed(answer, "UINT32", c -> c.addUintContents(-1).addUintContents(0));
        typed(answer, "UINT64", c -> c.addUint64Contents(-1).addUint64Contents(0));
        typed(answer, "FP32", c -> c.addFp32Contents(-0f).addFp32Contents(Float.NaN));
        typed(answer, "FP64", c -> c.addFp64Contents(Double.MIN_VALUE).addFp64Contents(-0.0));
        typed(
                answer,
                "BYTES",
                c ->
                        c.addBytesContents(ByteString.copyFromUtf8("Zürich"))
                                .addBytesContents(ByteString.EMPTY));
        server.model((request, reply) -> FakeServer.reply(reply, answer.build()));

        InferResponse read = client.infer(REQUEST).join();
        assertThat(read.output("BOOL").get().getObject(0)).isEqualTo(true);
        assertThat(read.output("INT8").get().getObject(0)).isEqualTo(-128L);
        assertThat(read.output("INT16").get().getObject(0)).isEqualTo(-32768L);
        assertThat(read.output("INT32").get().getObject(0)).isEqualTo((long) Integer.MIN_VALUE);
        assertThat(read.output("INT64").get().getObject(0)).isEqualTo(Long.MIN_VALUE);
        assertThat(read.output("UINT8").get().getObject(0)).isEqualTo(255L);
        assertThat(read.output("UINT16").get().getObject(0)).isEqualTo(65535L);
        assertThat(read.output("UINT32").get().getObject(0)).isEqualTo(4294967295L);
        assertThat(read.output("UINT64").get().getDouble(0)).isEqualTo(0x1p64);
        assertThat(Float.floatToRawIntBits((float) read.output("FP32").get().getObject(0)))
                .isEqualTo(Float.floatToRawIntBits(-0f));
        assertThat(read.output("FP64").get().getObject(0)).isEqualTo(Double.MIN_VALUE);
        assertThat(read.output("BYTES").get().getObject(0)).isEqualTo("Zürich");
        assertThat(read.output("BYTES").get().getObject(1)).isEqualTo("");
    }

    @Test
    void refusesMalformedAnswersByName() {
        malformed("takes 16 bytes, got 8", a -> FakeModels.output(a, "y", "FP64", bytes(8), 2));
        malformed("negative size", a -> FakeModels.output(a, "y", "FP64", bytes(8), -1));
        malformed("unknown data type 'FP8'", a -> FakeModels.output(a, "y", "FP8", bytes(8), 1));
        malformed(
                "too many elements",
                a -> FakeModels.output(a, "y", "FP64", bytes(8), Long.MAX_VALUE, Long.MAX_VALUE));
        malformed(
                "do not hold exactly 2 strings",
                a -> FakeModels.output(a, "y", "BYTES", bytes(6), 2));
        malformed(
                "do not hold exactly 1 strings",
                a ->
                        FakeModels.output(
                                a,
                                "y",
                                "BYTES",
                                ByteString.copyFrom(new byte[] {-1, -1, -1, -1}),
                                1));
        malformed(
                "do not hold exactly 2000000000 strings",
                a -> FakeModels.output(a, "y", "BYTES", bytes(8), 2_000_000_000));
        malformed("element 0 does not fit INT8", a -> typed(a, "INT8", c -> c.addIntContents(128)));
        malformed("FP16 has no typed contents", a -> typed(a, "FP16", c -> {}));
        malformed("takes 16 bytes, got 8", a -> typed(a, "FP64", c -> c.addFp64Contents(1)));
        malformed(
                "1 outputs but 2 raw contents",
                a -> {
                    FakeModels.output(a, "y", "FP64", bytes(8), 1);
                    a.addRawOutputContents(bytes(1));
                });
        // and the client goes on working
        server.model(FakeModels.sum());
        assertThat(client.infer(REQUEST).join().rows()).isEqualTo(2);
    }

    private void malformed(String message, Consumer<ModelInferResponse.Builder> answer) {
        server.model(
                (request, reply) -> {
                    ModelInferResponse.Builder builder = ModelInferResponse.newBuilder();
                    answer.accept(builder);
                    FakeServer.reply(reply, builder.build());
                });
        PeltonException failure = Failures.of(client.infer(REQUEST));
        assertThat(failure.code()).isEqualTo(Code.INTERNAL);
        assertThat(failure)
                .hasMessageStartingWith("malformed answer: ")
                .hasMessageContaining(message);
    }

    @Test
    void saysThatAnOutputHasNoSuchRow() {
        server.model(
                (request, answer) -> {
                    ModelInferResponse.Builder odd = FakeModels.answer(request);
                    FakeModels.output(odd, "three", "FP64", bytes(24), 3);
                    FakeModels.output(odd, "none", "FP64", bytes(0), 0, 2);
                    FakeModels.output(odd, "scalar", "FP64", bytes(8));
                    FakeModels.output(odd, "endless", "FP64", bytes(0), 1L << 32, 0);
                    FakeServer.reply(answer, odd.build());
                });
        Prediction second = client.infer(REQUEST).join().prediction(1);
        assertThat(second.getDouble("three")).isZero();
        assertThat(second.getDoubles("endless")).isEmpty();
        assertThatThrownBy(() -> second.getDouble("none"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no row 1 in the output none: FP64[0, 2]");
        assertThatThrownBy(() -> second.getDoubles("scalar"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no row 1 in the output scalar: FP64[]");
    }

    @Test
    void sendsABearerTokenWithEveryCall() {
        client.close();
        AtomicInteger asked = new AtomicInteger();
        client = server.client().bearerToken(() -> "token-" + asked.incrementAndGet()).build();
        client.infer(REQUEST).join();
        client.infer(REQUEST).join();
        Metadata.Key<String> key =
                Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
        assertThat(server.headers)
                .extracting(headers -> headers.get(key))
                .containsExactly("Bearer token-1", "Bearer token-2");
    }

    @Test
    void failsACallWhoseTokenCannotBeHad() {
        failsForWantOfAToken(
                () -> {
                    throw new IllegalStateException("vault is sealed");
                },
                "vault is sealed");
        failsForWantOfAToken(
                () -> {
                    throw new ExceptionInInitializerError("no vault");
                },
                "no vault");
        failsForWantOfAToken(() -> null, "the supplier gave null");
    }

    private void failsForWantOfAToken(Supplier<String> token, String message) {
        client.close();
        client = server.client().bearerToken(token).build();
        PeltonException failure = Failures.of(client.infer(REQUEST));
        assertThat(failure.code()).isEqualTo(Code.UNAUTHENTICATED);
        assertThat(failure).hasMessageContaining(message);
        assertThat(server.calls.get()).isZero();
    }

    @Test
    void closingFailsWhatIsUnderWayAndEndsEveryThread() throws Exception {
        server.model(FakeModels.silent());
        CompletableFuture<InferResponse> future = client.infer(REQUEST);
        while (server.calls.get() == 0) {
            Thread.onSpinWait();
        }
        client.close();
        PeltonException failure = Failures.of(future);
        assertThat(failure.code()).isEqualTo(Code.CANCELLED);
        assertThat(failure).hasMessage("the client was closed");
        assertThat(Failures.of(client.infer(REQUEST))).hasMessage("the client was closed");
        assertThat(clientThreads()).isEmpty();
    }

    @Test
    void leavesNoThreadBehindAfterManyClients() {
        for (int i = 0; i < 20; i++) {
            try (PeltonClient another =
                    PeltonClient.builder()
                            .endpoints(server.endpoint(), "localhost:" + server.port())
                            .ioThreads(2)
                            .build()) {
                another.infer(REQUEST).join();
            }
        }
        client.close();
        assertThat(clientThreads()).isEmpty();
    }

    @Test
    void mayBeClosedFromItsOwnCallback() {
        CompletableFuture<Void> closed = client.infer(REQUEST).thenAccept(answer -> client.close());
        closed.join();
        assertThat(Failures.of(client.infer(REQUEST)).code()).isEqualTo(Code.CANCELLED);
    }

    @Test
    void refusesEndpointsItCannotRead() {
        for (String endpoint :
                List.of(
                        "host",
                        "host:0",
                        "host:70000",
                        "http://host:1",
                        "::1:80",
                        ":80",
                        "a b:1")) {
            assertThatThrownBy(() -> PeltonClient.builder().endpoints(endpoint).build())
                    .as(endpoint)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("'" + endpoint + "'");
        }
        assertThatThrownBy(() -> PeltonClient.builder().build())
                .hasMessage("a client needs at least one endpoint");
    }

    /** Threads of a client or of gRPC's shared pools; the fake server's are named otherwise. */
    static List<String> clientThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(
                        name ->
                                name.startsWith("pelton")
                                        || name.startsWith("grpc-timer")
                                        || name.startsWith("grpc-default-executor"))
                .collect(Collectors.toList());
    }

    private static ByteString bytes(int count) {
        return ByteString.copyFrom(new byte[count]);
    }

    private static ModelMetadataResponse.TensorMetadata spec(
            String name, String type, long... shape) {
        ModelMetadataResponse.TensorMetadata.Builder spec =
                ModelMetadataResponse.TensorMetadata.newBuilder().setName(name).setDatatype(type);
        for (long size : shape) {
            spec.addShape(size);
        }
        return spec.build();
    }

    private static void typed(
            ModelInferResponse.Builder answer,
            String type,
            Consumer<InferTensorContents.Builder> contents) {
        InferTensorContents.Builder builder = InferTensorContents.newBuilder();
        contents.accept(builder);
        answer.addOutputsBuilder().setName(type).setDatatype(type).addShape(2).setContents(builder);
    }
}
