package io.pelton.flink;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.EitherTypeInfo;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.types.Either;
import org.apache.flink.util.OutputTag;

/**
 * Describes how a stream is scored: server, model, features, order, failures and limits. Made by
 * {@link Pelton#score(DataStream)}.
 *
 * <pre>{@code
 * OutputTag<Failure<Flight>> failed = Failure.tag(flights.getType());
 *
 * SingleOutputStreamOperator<Scored<Flight>> scored =
 *         Pelton.score(flights)
 *                 .endpoints("server-1:8001", "server-2:8001")   // round robin, with failover
 *                 .model("flights").version("1")
 *                 .features(FeatureMapping.pojo(Flight.class))
 *                 .outputs("predict", "predict_proba")
 *                 .failures(FailurePolicy.SIDE_OUTPUT)
 *                 .unordered()
 *                 .maxBatchRows(256)
 *                 .timeout(Duration.ofSeconds(5))
 *                 .apply();
 *
 * scored.getSideOutput(failed).sinkTo(deadLetters);
 * }</pre>
 *
 * <p>Rows are sent in micro-batches that form by themselves: a batch leaves as soon as a slot is
 * free, and rows gather while all slots are busy. Back-pressure is Flink's: at most {@link
 * #capacity(int)} rows are in flight in a subtask. A row in flight is part of Flink's checkpoints:
 * after a failure it is asked for again, and its result is emitted once.
 *
 * @param <IN> the type of the input
 */
public final class Scoring<IN> {
    /** Longer than any job; sums of times with it still fit a long. */
    private static final Duration FOR_EVER = Duration.ofDays(36_500);

    private final DataStream<IN> stream;
    private final ScoringOptions options = new ScoringOptions();
    private FeatureMapping<IN> features;
    private OutputTag<Failure<IN>> failureTag;
    private boolean ordered;
    private String name;
    private String uid;

    Scoring(DataStream<IN> stream) {
        this.stream = Objects.requireNonNull(stream, "stream");
        this.failureTag = Failure.tag(stream.getType());
    }

    /**
     * The servers, as {@code host:port}. With several, batches take turns and a server that is down
     * is passed over.
     *
     * @param endpoints one or more
     */
    public Scoring<IN> endpoints(String... endpoints) {
        return endpoints(Arrays.asList(endpoints));
    }

    /** As {@link #endpoints(String...)}. */
    public Scoring<IN> endpoints(List<String> endpoints) {
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException(
                    "endpoints is empty, name at least one server as host:port");
        }
        options.endpoints = List.copyOf(endpoints);
        return this;
    }

    /** The model's name on the server. */
    public Scoring<IN> model(String model) {
        options.model = notEmpty("model", model);
        return this;
    }

    /** The model's version; by default the one the server serves. */
    public Scoring<IN> version(String version) {
        options.version = notEmpty("version", version);
        return this;
    }

    /** How a row becomes the model's features; checked against the model when the task opens. */
    public Scoring<IN> features(FeatureMapping<IN> features) {
        this.features = Objects.requireNonNull(features, "features");
        return this;
    }

    /**
     * The outputs to ask for, such as {@code "predict_proba"}; by default what the model answers
     * unasked.
     */
    public Scoring<IN> outputs(String... outputs) {
        options.outputs = List.of(outputs);
        return this;
    }

    /** What becomes of rows without a prediction; by default {@link FailurePolicy#FAIL}. */
    public Scoring<IN> failures(FailurePolicy policy) {
        options.failurePolicy = Objects.requireNonNull(policy, "policy");
        return this;
    }

    /** {@link FailurePolicy#SIDE_OUTPUT} with a tag of one's own. */
    public Scoring<IN> failuresTo(OutputTag<Failure<IN>> tag) {
        this.failureTag = Objects.requireNonNull(tag, "tag");
        return failures(FailurePolicy.SIDE_OUTPUT);
    }

    /**
     * Results leave as they come, never past a watermark. The default, and the faster of the two.
     */
    public Scoring<IN> unordered() {
        this.ordered = false;
        return this;
    }

    /** Results leave in the order of the inputs. */
    public Scoring<IN> ordered() {
        this.ordered = true;
        return this;
    }

    /**
     * Rows (and watermarks) in flight in one subtask at most; beyond it Flink holds the stream
     * back. By default enough for every batch in flight, one more that gathers, and some
     * watermarks. A batch is never larger than this.
     */
    public Scoring<IN> capacity(int rows) {
        options.capacity = positive("capacity", rows);
        return this;
    }

    /** Rows in one request at most; by default 512. */
    public Scoring<IN> maxBatchRows(int rows) {
        options.maxBatchRows = positive("maxBatchRows", rows);
        return this;
    }

    /**
     * Requests of one subtask in flight at a time; by default 2: one is answered while the next
     * travels.
     */
    public Scoring<IN> maxBatchesInFlight(int batches) {
        options.maxBatchesInFlight = positive("maxBatchesInFlight", batches);
        return this;
    }

    /**
     * How long a row may take, waiting and retries included, before it counts as failed with {@code
     * DEADLINE_EXCEEDED}; by default 30 s. A row that is late follows the failure policy like any
     * other failure.
     */
    public Scoring<IN> timeout(Duration timeout) {
        options.timeoutMs = positiveMs("timeout", timeout);
        return this;
    }

    /** How long the task waits for the server to know the model when it opens; by default 60 s. */
    public Scoring<IN> openTimeout(Duration timeout) {
        options.openTimeoutMs = positiveMs("openTimeout", timeout);
        return this;
    }

    /** TLS with the JVM's trusted authorities; by default plaintext. */
    public Scoring<IN> tls() {
        options.tls = true;
        return this;
    }

    /** TLS with the authorities in a PEM file, which must exist on every TaskManager. */
    public Scoring<IN> tls(String authoritiesPem) {
        options.tls = true;
        options.authoritiesPem = notEmpty("authoritiesPem", authoritiesPem);
        return this;
    }

    /**
     * Shows the servers a certificate (mutual TLS), and turns TLS on. The files must exist on every
     * TaskManager.
     *
     * @param certificatePem a file of the client's certificate chain
     * @param keyPem a file of its private key (PKCS #8)
     */
    public Scoring<IN> clientCertificate(String certificatePem, String keyPem) {
        options.tls = true;
        options.certificatePem = notEmpty("certificatePem", certificatePem);
        options.keyPem = notEmpty("keyPem", keyPem);
        return this;
    }

    /**
     * A bearer token sent with every call; it travels with the job, as any constructor argument
     * does.
     */
    public Scoring<IN> bearerToken(String token) {
        options.bearerToken = notEmpty("bearerToken", token);
        return this;
    }

    /** The operator's name in Flink's console; by default {@code pelton: <model>}. */
    public Scoring<IN> name(String name) {
        this.name = notEmpty("name", name);
        return this;
    }

    /**
     * A stable id, by which savepoints find the rows in flight again; recommended, as for every
     * stateful operator.
     *
     * @param uid unique in the job
     */
    public Scoring<IN> uid(String uid) {
        this.uid = notEmpty("uid", uid);
        return this;
    }

    /**
     * Scores the stream.
     *
     * @return the inputs with their predictions; the failures are a side output when the policy
     *     says so
     * @throws IllegalArgumentException if endpoints, model or features are missing
     */
    public SingleOutputStreamOperator<Scored<IN>> apply() {
        return build(Scored::of, new ScoredTypeInfo<>(stream.getType()));
    }

    /**
     * Scores the stream and makes a result of one's own from each input and its prediction.
     *
     * @param function runs in the task's thread
     * @param <OUT> a type that Flink finds from {@code function}; else see {@link
     *     #map(PredictionFunction, TypeInformation)}
     */
    public <OUT> SingleOutputStreamOperator<OUT> map(PredictionFunction<IN, OUT> function) {
        return map(function, PredictionTypes.resultOf(function, stream.getType()));
    }

    /** As {@link #map(PredictionFunction)}, with the result's type said. */
    public <OUT> SingleOutputStreamOperator<OUT> map(
            PredictionFunction<IN, OUT> function, TypeInformation<OUT> resultType) {
        return build(
                stream.getExecutionEnvironment()
                        .clean(Objects.requireNonNull(function, "function")),
                resultType);
    }

    private <OUT> SingleOutputStreamOperator<OUT> build(
            PredictionFunction<IN, OUT> function, TypeInformation<OUT> resultType) {
        options.check();
        if (features == null) {
            throw new IllegalArgumentException(
                    "no features given, say how a row becomes them with features(...)");
        }
        if (options.failurePolicy != FailurePolicy.SIDE_OUTPUT) {
            return wait(
                    new ScoringFunction<>(options.copy(), features, function, null), resultType);
        }
        PredictionFunction<IN, Either<Failure<IN>, OUT>> onSuccess =
                (input, prediction) -> {
                    OUT result = function.map(input, prediction);
                    return result == null ? null : Either.Right(result);
                };
        ScoringFunction<IN, Either<Failure<IN>, OUT>> scoring =
                new ScoringFunction<>(options.copy(), features, onSuccess, Either::Left);
        SingleOutputStreamOperator<OUT> results =
                wait(
                                scoring,
                                new EitherTypeInfo<>(
                                        new FailureTypeInfo<>(stream.getType()), resultType))
                        .process(new OutcomeSplitter<>(failureTag), resultType)
                        .name(operatorName() + " (results)");
        return uid == null ? results : results.uid(uid + "-results");
    }

    private <R> SingleOutputStreamOperator<R> wait(
            ScoringFunction<IN, R> scoring, TypeInformation<R> type) {
        long timeoutMs = options.flinkTimeoutMs();
        int capacity = options.capacity();
        SingleOutputStreamOperator<R> waiting =
                ordered
                        ? AsyncDataStream.orderedWait(
                                stream, scoring, timeoutMs, TimeUnit.MILLISECONDS, capacity)
                        : AsyncDataStream.unorderedWait(
                                stream, scoring, timeoutMs, TimeUnit.MILLISECONDS, capacity);
        waiting.returns(type).name(operatorName());
        return uid == null ? waiting : waiting.uid(uid);
    }

    private String operatorName() {
        return name == null ? "pelton: " + options.model : name;
    }

    private static String notEmpty(String what, String value) {
        if (value == null || value.isEmpty()) {
            throw new IllegalArgumentException(what + " is empty");
        }
        return value;
    }

    private static int positive(String what, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException(what + " must be at least 1, not " + value);
        }
        return value;
    }

    private static long positiveMs(String what, Duration value) {
        if (value.compareTo(Duration.ofMillis(1)) < 0) {
            throw new IllegalArgumentException(what + " must be at least 1 ms, not " + value);
        }
        return value.compareTo(FOR_EVER) < 0 ? value.toMillis() : FOR_EVER.toMillis();
    }
}
