package io.pelton.flink;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.pelton.client.wire.inference.ModelInferRequest;
import io.pelton.client.wire.inference.ModelInferResponse;
import io.pelton.client.wire.inference.ModelMetadataRequest;
import io.pelton.client.wire.inference.ModelMetadataResponse;
import io.pelton.client.wire.prediction.PredictionRequest;
import io.pelton.client.wire.prediction.PredictionResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A model server for tests, on a real port: model {@code m} answers {@code predict} = the sum of a
 * row's numbers plus the lengths of its texts, and {@code predict_proba} = (1 - p, p) with p the
 * fraction of that sum. It records what it was asked, and can hold answers back.
 */
public final class FakeModelServer implements AutoCloseable {
    /** A number that makes any request carrying it fail, as a model that raises does. */
    public static final double POISON = -666;

    public final Queue<Integer> batchRows = new ConcurrentLinkedQueue<>();

    /** The names of all tensors that ever came. */
    public final Set<String> inputNames = ConcurrentHashMap.newKeySet();

    public final AtomicLong rows = new AtomicLong();
    public final AtomicInteger metadataCalls = new AtomicInteger();
    private final List<ModelMetadataResponse.TensorMetadata> inputs;
    private final List<Runnable> held = new ArrayList<>();
    private boolean holding;
    private volatile int mostRows = Integer.MAX_VALUE;
    private Server server;
    private int port;

    private FakeModelServer(List<ModelMetadataResponse.TensorMetadata> inputs) {
        this.inputs = inputs;
        start();
    }

    /** A model that takes a matrix of {@code features} FP64. */
    public static FakeModelServer matrix(int features) {
        return new FakeModelServer(List.of(input("input", "FP64", -1, features)));
    }

    /** A model of named columns, each {@code name:TYPE}. */
    public static FakeModelServer columns(String... columns) {
        List<ModelMetadataResponse.TensorMetadata> inputs = new ArrayList<>();
        for (String column : columns) {
            inputs.add(input(column.split(":")[0], column.split(":")[1], -1));
        }
        return new FakeModelServer(inputs);
    }

    private static ModelMetadataResponse.TensorMetadata input(
            String name, String type, long... shape) {
        ModelMetadataResponse.TensorMetadata.Builder input =
                ModelMetadataResponse.TensorMetadata.newBuilder().setName(name).setDatatype(type);
        for (long size : shape) {
            input.addShape(size);
        }
        return input.build();
    }

    public String endpoint() {
        return "127.0.0.1:" + port;
    }

    /** Starts, or starts again on the same port. */
    public void start() {
        ServerServiceDefinition inference =
                ServerServiceDefinition.builder("inference.GRPCInferenceService")
                        .addMethod(
                                unary(
                                        "inference.GRPCInferenceService/ModelInfer",
                                        ModelInferRequest.getDefaultInstance(),
                                        ModelInferResponse.getDefaultInstance()),
                                ServerCalls.asyncUnaryCall(this::infer))
                        .addMethod(
                                unary(
                                        "inference.GRPCInferenceService/ModelMetadata",
                                        ModelMetadataRequest.getDefaultInstance(),
                                        ModelMetadataResponse.getDefaultInstance()),
                                ServerCalls.asyncUnaryCall(this::metadata))
                        .build();
        ServerServiceDefinition minimal =
                ServerServiceDefinition.builder("prediction.PredictionService")
                        .addMethod(
                                unary(
                                        "prediction.PredictionService/Predict",
                                        PredictionRequest.getDefaultInstance(),
                                        PredictionResponse.getDefaultInstance()),
                                ServerCalls.asyncUnaryCall(this::predict))
                        .build();
        try {
            server =
                    NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", port))
                            .directExecutor()
                            .maxInboundMessageSize(64 << 20)
                            .addService(inference)
                            .addService(minimal)
                            .build()
                            .start();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        port = server.getPort();
    }

    /** Goes away at once, with every call in flight. */
    public void stop() {
        server.shutdownNow();
        try {
            server.awaitTermination();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** From now on takes requests but does not answer them. */
    public synchronized void hold() {
        holding = true;
    }

    /** From now on refuses larger requests, in the words of a server with a limit of bytes. */
    public void refuseAbove(int rows) {
        mostRows = rows;
    }

    /** Answers what was held, and answers again. */
    public void release() {
        List<Runnable> answers;
        synchronized (this) {
            holding = false;
            answers = new ArrayList<>(held);
            held.clear();
        }
        answers.forEach(Runnable::run);
    }

    @Override
    public void close() {
        stop();
    }

    private void infer(ModelInferRequest request, StreamObserver<ModelInferResponse> answer) {
        int count = (int) request.getInputs(0).getShape(0);
        batchRows.add(count);
        request.getInputsList().forEach(input -> inputNames.add(input.getName()));
        rows.addAndGet(count);
        if (count > mostRows) {
            answer.onError(
                    Status.OUT_OF_RANGE
                            .withDescription("decoded message length too large")
                            .asRuntimeException());
            return;
        }
        synchronized (this) {
            if (holding) {
                held.add(() -> reply(request, count, answer));
                return;
            }
        }
        reply(request, count, answer);
    }

    private static void reply(
            ModelInferRequest request, int count, StreamObserver<ModelInferResponse> answer) {
        double[] sums = new double[count];
        for (int i = 0; i < request.getInputsCount(); i++) {
            ModelInferRequest.InferInputTensor input = request.getInputs(i);
            if (addTo(sums, input, request.getRawInputContents(i))) {
                answer.onError(
                        Status.INVALID_ARGUMENT
                                .withDescription("ValueError: poison")
                                .asRuntimeException());
                return;
            }
        }
        ModelInferResponse.Builder response =
                ModelInferResponse.newBuilder()
                        .setModelName("m")
                        .setModelVersion("7")
                        .setId(request.getId());
        ByteBuffer predict = ByteBuffer.allocate(8 * count).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer proba = ByteBuffer.allocate(16 * count).order(ByteOrder.LITTLE_ENDIAN);
        for (double sum : sums) {
            predict.putDouble(sum);
            double p = sum - Math.floor(sum);
            proba.putDouble(1 - p).putDouble(p);
        }
        boolean all = request.getOutputsCount() == 0;
        for (String name : List.of("predict", "predict_proba")) {
            if (all
                    || request.getOutputsList().stream()
                            .anyMatch(output -> output.getName().equals(name))) {
                ModelInferResponse.InferOutputTensor.Builder output =
                        ModelInferResponse.InferOutputTensor.newBuilder()
                                .setName(name)
                                .setDatatype("FP64")
                                .addShape(count);
                boolean wide = name.equals("predict_proba");
                response.addOutputs(wide ? output.addShape(2) : output);
                response.addRawOutputContents(
                        ByteString.copyFrom(wide ? proba.array() : predict.array()));
            }
        }
        answer.onNext(response.build());
        answer.onCompleted();
    }

    /** Adds a tensor's values to its rows' sums; true if there is poison in it. */
    private static boolean addTo(
            double[] sums, ModelInferRequest.InferInputTensor input, ByteString raw) {
        ByteBuffer data = raw.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        int width = input.getShapeCount() == 2 ? (int) input.getShape(1) : 1;
        boolean poison = false;
        for (int row = 0; row < sums.length; row++) {
            for (int at = 0; at < width; at++) {
                double value = next(data, input.getDatatype());
                poison |= value == POISON;
                sums[row] += value;
            }
        }
        return poison;
    }

    private static double next(ByteBuffer data, String type) {
        switch (type) {
            case "FP64":
                return data.getDouble();
            case "FP32":
                return data.getFloat();
            case "INT64":
                return data.getLong();
            case "INT32":
                return data.getInt();
            case "BOOL":
                return data.get();
            case "BYTES":
                int length = data.getInt();
                data.position(data.position() + length);
                return length;
            default:
                throw new IllegalArgumentException(type);
        }
    }

    private void metadata(
            ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> answer) {
        metadataCalls.incrementAndGet();
        if (!request.getName().equals("m")) {
            answer.onError(
                    Status.NOT_FOUND
                            .withDescription("no model '" + request.getName() + "'")
                            .asRuntimeException());
            return;
        }
        answer.onNext(
                ModelMetadataResponse.newBuilder()
                        .setName("m")
                        .addVersions("7")
                        .setPlatform("fake")
                        .addAllInputs(inputs)
                        .addOutputs(input("predict", "FP64", -1))
                        .addOutputs(input("predict_proba", "FP64", -1, 2))
                        .build());
        answer.onCompleted();
    }

    private void predict(PredictionRequest request, StreamObserver<PredictionResponse> answer) {
        rows.incrementAndGet();
        double sum = request.getFeaturesList().stream().mapToDouble(Double::doubleValue).sum();
        if (request.getFeaturesList().contains(POISON)) {
            answer.onError(
                    Status.INVALID_ARGUMENT
                            .withDescription("ValueError: poison")
                            .asRuntimeException());
            return;
        }
        answer.onNext(PredictionResponse.newBuilder().setPrediction(sum).build());
        answer.onCompleted();
    }

    private static <Q extends Message, R extends Message> MethodDescriptor<Q, R> unary(
            String name, Q request, R response) {
        return MethodDescriptor.<Q, R>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(name)
                .setRequestMarshaller(ProtoUtils.marshaller(request))
                .setResponseMarshaller(ProtoUtils.marshaller(response))
                .build();
    }
}
