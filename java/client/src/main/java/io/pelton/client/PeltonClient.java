// The public door: what can be asked of a server; connections, retries and wire messages are
// elsewhere.
package io.pelton.client;

import io.grpc.MethodDescriptor;
import io.pelton.client.wire.inference.ModelMetadataRequest;
import io.pelton.client.wire.inference.ModelReadyRequest;
import io.pelton.client.wire.inference.ServerReadyRequest;
import io.pelton.client.wire.prediction.PredictionRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * A client of one model service: any server of the Open Inference Protocol v2 over gRPC, or several
 * replicas of it. Safe for use by several threads; make one and keep it.
 *
 * <pre>{@code
 * try (PeltonClient client = PeltonClient.builder().endpoints("127.0.0.1:8001").build()) {
 *     InferRequest request = InferRequest.builder("iris")
 *             .input(Tensor.ofDoubles("input", new long[] {1, 4}, 5.1, 3.5, 1.4, 0.2))
 *             .build();
 *     long label = client.infer(request).join().output("predict").get().getLong(0);
 * }
 * }</pre>
 *
 * <p>Calls go round robin over the endpoints that can be reached. Every call has a deadline ({@code
 * callTimeout} unless the request says otherwise); within it, failures that may pass are tried
 * again by the {@link RetryPolicy}, on another endpoint where there is one. Futures fail with
 * {@link PeltonException} and complete on a network thread: dependent stages must be quick, and
 * must not block on other calls of the same client.
 */
public final class PeltonClient implements AutoCloseable {
    private final Connection connection;
    private final Duration callTimeout;

    private PeltonClient(Builder builder) {
        this.connection = new Connection(builder);
        this.callTimeout = builder.callTimeout;
    }

    /**
     * Starts a client.
     *
     * @return a builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Sends tensors to a model.
     *
     * @param request what to send
     * @return completes with the answer, checked against its own shapes; cancelling or completing
     *     it cancels the call
     */
    public CompletableFuture<InferResponse> infer(InferRequest request) {
        Duration timeout = request.timeout().orElse(callTimeout);
        return call(WireMethods.MODEL_INFER, Wire.request(request), timeout, Wire::response);
    }

    /**
     * Asks the minimal contract ({@code prediction.PredictionService}) for one number.
     *
     * @param features one row, in the model's order
     * @return completes with the prediction of the model the server names for it
     */
    public CompletableFuture<Double> predict(double... features) {
        PredictionRequest.Builder request = PredictionRequest.newBuilder();
        for (double feature : features) {
            request.addFeatures(feature);
        }
        return call(
                WireMethods.PREDICT,
                request.build(),
                callTimeout,
                (answer, attempts, latencyNanos) -> answer.getPrediction());
    }

    /**
     * What the server says of a model.
     *
     * @param model its name
     * @return completes with names, types and shapes; NOT_FOUND if there is no such model
     */
    public CompletableFuture<ModelMetadata> metadata(String model) {
        return metadata(model, "");
    }

    /**
     * What the server says of a version of a model.
     *
     * @param model its name
     * @param version its version; empty for the one the server serves
     * @return completes with names, types and shapes; NOT_FOUND if there is no such model
     */
    public CompletableFuture<ModelMetadata> metadata(String model, String version) {
        return call(
                WireMethods.MODEL_METADATA,
                ModelMetadataRequest.newBuilder().setName(model).setVersion(version).build(),
                callTimeout,
                (answer, attempts, latencyNanos) -> Wire.metadata(answer));
    }

    /**
     * Whether a request for a model sent now would be answered.
     *
     * @param model its name
     * @return completes with the server's word
     */
    public CompletableFuture<Boolean> modelReady(String model) {
        return modelReady(model, "");
    }

    /**
     * Whether a request for a version of a model sent now would be answered.
     *
     * @param model its name
     * @param version its version; empty for the one the server serves
     * @return completes with the server's word
     */
    public CompletableFuture<Boolean> modelReady(String model, String version) {
        return call(
                WireMethods.MODEL_READY,
                ModelReadyRequest.newBuilder().setName(model).setVersion(version).build(),
                callTimeout,
                (answer, attempts, latencyNanos) -> answer.getReady());
    }

    /**
     * Whether every model of the server is ready.
     *
     * @return completes with the server's word
     */
    public CompletableFuture<Boolean> serverReady() {
        return call(
                WireMethods.SERVER_READY,
                ServerReadyRequest.getDefaultInstance(),
                callTimeout,
                (answer, attempts, latencyNanos) -> answer.getReady());
    }

    /**
     * Starts a batcher of single rows.
     *
     * @param model the model's name
     * @return a builder
     */
    public MicroBatcher.Builder batcher(String model) {
        return new MicroBatcher.Builder(this, model);
    }

    /**
     * Fails every outstanding call with CANCELLED, ends the connections, and waits for its threads
     * to end (unless called on one of them). Closing again does nothing.
     */
    @Override
    public void close() {
        connection.close();
    }

    Connection connection() {
        return connection;
    }

    Duration callTimeout() {
        return callTimeout;
    }

    private <Q, R, T> CompletableFuture<T> call(
            MethodDescriptor<Q, R> method,
            Q request,
            Duration timeout,
            FutureCall.Reader<R, T> reader) {
        return FutureCall.start(connection, method, request, Clock.nanos(timeout), reader);
    }

    /** Builds a {@link PeltonClient}; {@code endpoints} is required. */
    public static final class Builder {
        final List<String> endpoints = new ArrayList<>();
        Duration callTimeout = Duration.ofSeconds(5);
        RetryPolicy retry = RetryPolicy.defaults();
        boolean tls;
        Path caPem;
        Path certificatePem;
        Path keyPem;
        String authority;
        Supplier<String> bearerToken;
        int maxMessageBytes = 64 << 20;
        Duration dnsRefresh = Duration.ofSeconds(30);
        int ioThreads = 1;
        Clock clock;

        private Builder() {}

        /**
         * Where the server listens, at least one place: {@code host:port} each, IPv6 addresses as
         * {@code [::1]:8001}. A name with several addresses counts as that many endpoints.
         */
        public Builder endpoints(String... hostPorts) {
            endpoints.addAll(List.of(hostPorts));
            return this;
        }

        /**
         * The deadline of a call whose request names none, attempts and waits together, more than
         * zero; 5 s if not set.
         */
        public Builder callTimeout(Duration value) {
            this.callTimeout = positive("callTimeout", value);
            return this;
        }

        /** When failed calls are sent again; {@link RetryPolicy#defaults()} if not set. */
        public Builder retry(RetryPolicy value) {
            this.retry = Objects.requireNonNull(value, "retry");
            return this;
        }

        /** No encryption, as if nothing were set. */
        public Builder plaintext() {
            this.tls = false;
            return this;
        }

        /** TLS, trusting the authorities the JVM trusts. */
        public Builder tls() {
            this.tls = true;
            return this;
        }

        /** TLS, trusting these authorities alone: a file of PEM certificates. */
        public Builder tls(Path authorities) {
            this.tls = true;
            this.caPem = Objects.requireNonNull(authorities, "authorities");
            return this;
        }

        /**
         * Shows the server a certificate (mutual TLS); turns TLS on. The files hold this client's
         * PEM certificate chain and its PEM private key (PKCS #8).
         */
        public Builder clientCertificate(Path certificate, Path key) {
            this.tls = true;
            this.certificatePem = Objects.requireNonNull(certificate, "certificate");
            this.keyPem = Objects.requireNonNull(key, "key");
            return this;
        }

        /** The name the server's certificate must carry, if it is not the first endpoint's host. */
        public Builder serverName(String name) {
            this.authority = Objects.requireNonNull(name, "name");
            return this;
        }

        /** Sends {@code authorization: Bearer <token>} with every attempt. */
        public Builder bearerToken(String token) {
            Objects.requireNonNull(token, "token");
            this.bearerToken = () -> token;
            return this;
        }

        /**
         * Sends {@code authorization: Bearer <token>} with every attempt, asking for the token each
         * time. The supplier must be quick and safe for use by several threads; if it throws, or
         * gives null, the call fails with UNAUTHENTICATED.
         */
        public Builder bearerToken(Supplier<String> token) {
            this.bearerToken = Objects.requireNonNull(token, "token");
            return this;
        }

        /** The largest answer accepted, at least 1 byte; 64 MiB if not set. */
        public Builder maxMessageBytes(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("maxMessageBytes must be at least 1");
            }
            this.maxMessageBytes = value;
            return this;
        }

        /**
         * How often host names are looked up again, so that new replicas get their share; 30 s if
         * not set. They are also looked up when a connection breaks.
         */
        public Builder dnsRefresh(Duration value) {
            this.dnsRefresh = positive("dnsRefresh", value);
            return this;
        }

        /**
         * Threads that do the network's work and complete the futures, at least 1; 1 if not set.
         * More help only with several endpoints.
         */
        public Builder ioThreads(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("ioThreads must be at least 1, was " + value);
            }
            this.ioThreads = value;
            return this;
        }

        /** For tests: time and chance in their own hands. */
        Builder clock(Clock value) {
            this.clock = value;
            return this;
        }

        /**
         * The client. It connects with the first call.
         *
         * @return a new client, to be closed by the caller
         * @throws IllegalArgumentException if an endpoint or a certificate cannot be read
         */
        public PeltonClient build() {
            if (endpoints.isEmpty()) {
                throw new IllegalArgumentException("a client needs at least one endpoint");
            }
            return new PeltonClient(this);
        }

        private static Duration positive(String name, Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException(name + " must be more than zero, was " + value);
            }
            return value;
        }
    }
}
