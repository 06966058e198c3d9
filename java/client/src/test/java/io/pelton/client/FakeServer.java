// A real gRPC server on port 0 whose model is a function of the test, faults included.
package io.pelton.client;

import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.pelton.client.wire.inference.ModelInferRequest;
import io.pelton.client.wire.inference.ModelInferResponse;
import io.pelton.client.wire.inference.ModelMetadataRequest;
import io.pelton.client.wire.inference.ModelMetadataResponse;
import io.pelton.client.wire.inference.ModelReadyResponse;
import io.pelton.client.wire.inference.ServerReadyResponse;
import io.pelton.client.wire.prediction.PredictionResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

final class FakeServer implements AutoCloseable, BindableService {
    /** What the fake does with a request: answers it, fails it, or keeps it waiting. */
    interface Model {
        void infer(ModelInferRequest request, StreamObserver<ModelInferResponse> answer)
                throws Exception;
    }

    private final ExecutorService executor =
            Executors.newCachedThreadPool(
                    task -> {
                        Thread thread = new Thread(task, "fake-server");
                        thread.setDaemon(true);
                        return thread;
                    });
    private final Server server;
    private volatile Model model;
    volatile ModelMetadataResponse metadata = ModelMetadataResponse.getDefaultInstance();
    final AtomicInteger calls = new AtomicInteger();
    final Semaphore cancelled = new Semaphore(0);
    final List<ModelInferRequest> requests = new CopyOnWriteArrayList<>();
    final List<Metadata> headers = new CopyOnWriteArrayList<>();
    volatile boolean remember = true;

    FakeServer(Model model) {
        this(model, 0, builder -> builder);
    }

    FakeServer(Model model, int port, UnaryOperator<NettyServerBuilder> options) {
        this.model = model;
        try {
            this.server =
                    options.apply(
                                    NettyServerBuilder.forAddress(
                                            new InetSocketAddress(
                                                    InetAddress.getLoopbackAddress(), port)))
                            .executor(executor)
                            .intercept(new HeaderKeeper())
                            .addService(this)
                            .addService(prediction())
                            .build()
                            .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void model(Model value) {
        this.model = value;
    }

    /** From now on the server answers when the test takes a request out and runs it. */
    BlockingQueue<Runnable> gate() {
        BlockingQueue<Runnable> gate = new LinkedBlockingQueue<>();
        model((request, answer) -> gate.add(() -> reply(answer, FakeModels.sum(request))));
        return gate;
    }

    /** The next request at the gate. */
    static Runnable take(BlockingQueue<Runnable> gate) throws InterruptedException {
        Runnable held = gate.poll(30, TimeUnit.SECONDS);
        if (held == null) {
            throw new AssertionError("no request came");
        }
        return held;
    }

    int port() {
        return server.getPort();
    }

    String endpoint() {
        return "127.0.0.1:" + port();
    }

    /** A client of it whose deadlines a busy machine keeps, for tests of other things. */
    PeltonClient.Builder client() {
        return PeltonClient.builder().endpoints(endpoint()).callTimeout(Duration.ofSeconds(50));
    }

    /** Dies at once, calls under way included. */
    void kill() {
        server.shutdownNow();
        try {
            server.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        kill();
        executor.shutdownNow();
    }

    @Override
    public ServerServiceDefinition bindService() {
        return ServerServiceDefinition.builder("inference.GRPCInferenceService")
                .addMethod(WireMethods.MODEL_INFER, ServerCalls.asyncUnaryCall(this::infer))
                .addMethod(WireMethods.MODEL_METADATA, ServerCalls.asyncUnaryCall(this::metadata))
                .addMethod(
                        WireMethods.MODEL_READY,
                        ServerCalls.asyncUnaryCall(
                                (request, answer) ->
                                        reply(
                                                answer,
                                                ModelReadyResponse.newBuilder()
                                                        .setReady(request.getName().equals("iris"))
                                                        .build())))
                .addMethod(
                        WireMethods.SERVER_READY,
                        ServerCalls.asyncUnaryCall(
                                (request, answer) ->
                                        reply(
                                                answer,
                                                ServerReadyResponse.newBuilder()
                                                        .setReady(true)
                                                        .build())))
                .build();
    }

    private ServerServiceDefinition prediction() {
        return ServerServiceDefinition.builder("prediction.PredictionService")
                .addMethod(
                        WireMethods.PREDICT,
                        ServerCalls.asyncUnaryCall(
                                (request, answer) ->
                                        reply(
                                                answer,
                                                PredictionResponse.newBuilder()
                                                        .setPrediction(
                                                                request.getFeaturesList().stream()
                                                                        .mapToDouble(
                                                                                Double::doubleValue)
                                                                        .sum())
                                                        .build())))
                .build();
    }

    static <T> void reply(StreamObserver<T> answer, T message) {
        answer.onNext(message);
        answer.onCompleted();
    }

    private void infer(ModelInferRequest request, StreamObserver<ModelInferResponse> answer) {
        ((ServerCallStreamObserver<ModelInferResponse>) answer)
                .setOnCancelHandler(cancelled::release);
        if (remember) {
            requests.add(request);
        }
        calls.incrementAndGet();
        try {
            model.infer(request, answer);
        } catch (Exception e) {
            answer.onError(Status.fromThrowable(e).asRuntimeException());
        }
    }

    private void metadata(
            ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> answer) {
        if (metadata.getName().equals(request.getName())) {
            reply(answer, metadata);
        } else {
            answer.onError(
                    Status.NOT_FOUND
                            .withDescription("no model '" + request.getName() + "'")
                            .asRuntimeException());
        }
    }

    private final class HeaderKeeper implements ServerInterceptor {
        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, R> call, Metadata metadata, ServerCallHandler<Q, R> next) {
            if (remember) {
                headers.add(metadata);
            }
            return next.startCall(call, metadata);
        }
    }
}
